#include "textflag.h"

DATA iota<>+0(SB)/4, $0
DATA iota<>+4(SB)/4, $1
DATA iota<>+8(SB)/4, $2
DATA iota<>+12(SB)/4, $3
DATA iota<>+16(SB)/4, $4
DATA iota<>+20(SB)/4, $5
DATA iota<>+24(SB)/4, $6
DATA iota<>+28(SB)/4, $7
GLOBL iota<>(SB), RODATA|NOPTR, $32

// func partRows16(rows, rights *uint32, n int, column *uint8, left *[8]uint32) int
TEXT ·partRows16(SB), NOSPLIT, $0-48
	MOVQ rows+0(FP), SI
	MOVQ rights+8(FP), DI
	MOVQ n+16(FP), CX
	MOVQ column+24(FP), BX
	MOVQ left+32(FP), AX
	VMOVDQU (AX), Y0
	MOVL $31, AX
	VPBROADCASTD AX, Z10
	MOVL $1, AX
	VPBROADCASTD AX, Z11
	MOVL $255, AX
	VPBROADCASTD AX, Z12
	XORQ R8, R8  // rows read
	XORQ R9, R9  // of them left
	XORQ R10, R10 // and right

loop:
	CMPQ R8, CX
	JGE  done
	VMOVDQU32 (SI)(R8*4), Z1
	KXNORW K1, K1, K1
	VPXORD Z2, Z2, Z2
	VPGATHERDD (BX)(Z1*1), K1, Z2
	VPANDD Z12, Z2, Z2

	// Bit bin&31 of word bin>>5.
	VPSRLD $5, Z2, Z3
	VPERMD Z0, Z3, Z3
	VPANDD Z10, Z2, Z2
	VPSLLVD Z2, Z11, Z2
	VPTESTMD Z2, Z3, K2
	KNOTW K2, K3
	VPCOMPRESSD.Z Z1, K2, Z4
	VPCOMPRESSD.Z Z1, K3, Z5

	// Whole vectors are stored: what lies behind has been read already, or is of no account.
	VMOVDQU32 Z4, (SI)(R9*4)
	VMOVDQU32 Z5, (DI)(R10*4)
	KMOVW K2, AX
	POPCNTL AX, AX
	ADDQ $16, R8
	ADDQ AX, R9
	MOVQ R8, R10
	SUBQ R9, R10
	JMP  loop

done:
	MOVQ R9, ret+40(FP)
	VZEROUPPER
	RET

// func binRows16(out *uint8, values *float32, n int, bounds *float32, half int, missing int)
TEXT ·binRows16(SB), NOSPLIT, $0-48
	MOVQ out+0(FP), DI
	MOVQ values+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ bounds+24(FP), BX
	MOVQ half+32(FP), R8
	MOVQ missing+40(FP), AX
	VPBROADCASTD AX, Z10
	LEAQ (SI)(CX*4), CX

loop:
	CMPQ SI, CX
	JGE  done
	VMOVUPS (SI), Z0
	VPXORD Z1, Z1, Z1 // bounds known to be at or below the value
	MOVQ R8, DX

step:
	TESTQ DX, DX
	JZ   found
	LEAQ -4(BX)(DX*4), R9
	KXNORW K1, K1, K1
	VPXORD Z2, Z2, Z2
	VPGATHERDD (R9)(Z1*4), K1, Z2
	VCMPPS $2, Z0, Z2, K2 // bound <= value, false for NaN
	VPBROADCASTD DX, Z3
	VPADDD Z3, Z1, K2, Z1
	SHRQ $1, DX
	JMP  step

found:
	VCMPPS $3, Z0, Z0, K2 // NaN
	VMOVDQA32 Z10, K2, Z1
	VPMOVDB Z1, X2
	VMOVDQU X2, (DI)
	ADDQ $64, SI
	ADDQ $16, DI
	JMP  loop

done:
	VZEROUPPER
	RET

// func sumRows8(grads, hess *float32, n int, sums *[16]float64)
TEXT ·sumRows8(SB), NOSPLIT, $0-32
	MOVQ grads+0(FP), SI
	MOVQ hess+8(FP), DI
	MOVQ n+16(FP), CX
	MOVQ sums+24(FP), AX
	VPXORD Z0, Z0, Z0
	VPXORD Z1, Z1, Z1
	MOVQ $0x7fffffffffffffff, BX
	VPBROADCASTQ BX, Z4
	XORQ BX, BX

loop:
	CMPQ BX, CX
	JGE  done
	VCVTPS2PD (SI)(BX*4), Z2
	VCVTPS2PD (DI)(BX*4), Z3
	VPANDQ Z4, Z2, Z2
	VADDPD Z2, Z0, Z0
	VADDPD Z3, Z1, Z1
	ADDQ $8, BX
	JMP  loop

done:
	VMOVUPD Z0, (AX)
	VMOVUPD Z1, 64(AX)
	VZEROUPPER
	RET

// func quantiseRows8(packed *uint64, grads, hess *float32, n int, scales *pairUnits, first, low, high uint32) uint64
TEXT ·quantiseRows8(SB), NOSPLIT, $0-64
	MOVQ packed+0(FP), DI
	MOVQ grads+8(FP), SI
	MOVQ hess+16(FP), DX
	MOVQ n+24(FP), CX
	MOVQ scales+32(FP), AX
	VBROADCASTSD (AX), Z20
	VBROADCASTSD 8(AX), Z21
	MOVL first+40(FP), AX
	MOVL low+44(FP), BX
	ADDL BX, AX
	VPBROADCASTD AX, Y0
	VPADDD iota<>(SB), Y0, Y0 // row + low
	MOVL high+48(FP), AX
	VPBROADCASTD AX, Y22
	MOVL $8, AX
	VPBROADCASTD AX, Y23
	MOVL $0x7feb352d, AX
	VPBROADCASTD AX, Y24
	MOVL $0x846ca68b, AX
	VPBROADCASTD AX, Y25
	MOVL $0xffff, AX
	VPBROADCASTD AX, Y26
	MOVQ $0x3ef0000000000000, AX // 1/65536
	VPBROADCASTQ AX, Z27
	MOVQ $0x3ee0000000000000, AX // half of it
	VPBROADCASTQ AX, Z28
	VPXORD Z10, Z10, Z10
	XORQ BX, BX

loop:
	CMPQ BX, CX
	JGE  done
	VPSRLD $16, Y0, Y1
	VPXORD Y0, Y1, Y1
	VPMULLD Y24, Y1, Y1
	VPSRLD $15, Y1, Y2
	VPXORD Y2, Y1, Y1
	VPXORD Y22, Y1, Y1
	VPMULLD Y25, Y1, Y1
	VPSRLD $16, Y1, Y2
	VPXORD Y2, Y1, Y1
	VPADDD Y23, Y0, Y0

	VPANDD Y26, Y1, Y2
	VPSRLD $16, Y1, Y1
	VCVTDQ2PD Y2, Z2
	VCVTDQ2PD Y1, Z1
	VFMADD213PD Z28, Z27, Z2
	VFMADD213PD Z28, Z27, Z1

	VCVTPS2PD (SI)(BX*4), Z3
	VCVTPS2PD (DX)(BX*4), Z4
	VMULPD Z20, Z3, Z3
	VMULPD Z21, Z4, Z4
	VADDPD Z2, Z3, Z3
	VADDPD Z1, Z4, Z4
	VCVTPD2DQ.RD_SAE Z3, Y3
	VCVTTPD2UDQ Z4, Y4
	VPMOVSXDQ Y3, Z3
	VPMOVZXDQ Y4, Z4
	VPSLLQ $32, Z3, Z3
	VPADDQ Z4, Z3, Z3
	VMOVDQU64 Z3, (DI)(BX*8)
	VPADDQ Z3, Z10, Z10
	ADDQ $8, BX
	JMP  loop

done:
	VEXTRACTI64X4 $1, Z10, Y1
	VPADDQ Y1, Y10, Y10
	VEXTRACTI64X2 $1, Y10, X1
	VPADDQ X1, X10, X10
	VPSRLDQ $8, X10, X1
	VPADDQ X1, X10, X10
	VMOVQ X10, ret+56(FP)
	VZEROUPPER
	RET

// func nextCut8(bins *uint64, n int, left uint64, c *cutTest) (at int, upTo uint64)
TEXT ·nextCut8(SB), NOSPLIT, $0-48
	MOVQ bins+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ c+24(FP), AX
	VPBROADCASTQ left+16(FP), Z30
	VBROADCASTSD (AX), Z16   // unitG
	VBROADCASTSD 8(AX), Z17  // unitH
	VBROADCASTSD 16(AX), Z18 // lambda
	VBROADCASTSD 24(AX), Z19 // totalG
	VBROADCASTSD 32(AX), Z20 // totalH
	VBROADCASTSD 40(AX), Z21 // goal
	VPBROADCASTQ 48(AX), Z22 // light
	VPBROADCASTQ 56(AX), Z23 // heavy
	VBROADCASTSD 64(AX), Z26 // alpha
	MOVQ 64(AX), DX
	MOVQ $0x7fffffffffffffff, BX
	VPBROADCASTQ BX, Z27
	MOVQ $0xffffffff, BX
	VPBROADCASTQ BX, Z24
	MOVQ $7, BX
	VPBROADCASTQ BX, Z25
	VPXORD Z31, Z31, Z31
	XORQ BX, BX

loop:
	CMPQ CX, $8
	JL   few
	VMOVDQU64 (SI), Z0

block:
	VPTESTMQ Z0, Z0, K1 // a bin without rows makes no cut

	// Sums up to each bin.
	VALIGNQ $7, Z31, Z0, Z1
	VPADDQ Z1, Z0, Z0
	VALIGNQ $6, Z31, Z0, Z1
	VPADDQ Z1, Z0, Z0
	VALIGNQ $4, Z31, Z0, Z1
	VPADDQ Z1, Z0, Z0
	VPADDQ Z30, Z0, Z0

	VPSRAQ $32, Z0, Z4
	VPANDQ Z24, Z0, Z5
	VPCMPQ $5, Z22, Z5, K1, K1 // not below light
	VPCMPQ $2, Z23, Z5, K1, K1 // nor above heavy
	VCVTQQ2PD Z4, Z4
	VCVTQQ2PD Z5, Z5
	VMULPD Z16, Z4, Z4 // gl
	VMULPD Z17, Z5, Z5 // hl
	VSUBPD Z4, Z19, Z6 // gr
	VSUBPD Z5, Z20, Z7
	VADDPD Z18, Z7, Z7 // hr
	VADDPD Z18, Z5, Z5
	TESTQ DX, DX
	JZ   shrunk
	VPANDQ Z27, Z4, Z4
	VPANDQ Z27, Z6, Z6
	VSUBPD Z26, Z4, Z4
	VSUBPD Z26, Z6, Z6
	VMAXPD Z31, Z4, Z4
	VMAXPD Z31, Z6, Z6

shrunk:
	VMULPD Z4, Z4, Z4
	VMULPD Z7, Z4, Z4
	VMULPD Z6, Z6, Z6
	VMULPD Z5, Z6, Z6
	VADDPD Z6, Z4, Z4  // top
	VMULPD Z7, Z5, Z5  // bottom
	VMULPD Z21, Z5, Z5
	VCMPPD $0x1e, Z5, Z4, K1, K1 // top > goal*bottom
	KORTESTW K1, K1
	JNZ  found
	VPERMQ Z0, Z25, Z30
	ADDQ $64, SI
	ADDQ $8, BX
	SUBQ $8, CX
	JG   loop

none:
	MOVQ $-1, AX
	MOVQ AX, at+32(FP)
	VMOVQ X30, AX
	MOVQ AX, upTo+40(FP)
	VZEROUPPER
	RET

few:
	TESTQ CX, CX
	JZ   none
	MOVL $1, AX
	SHLL CX, AX
	DECL AX
	KMOVW AX, K2
	VMOVDQU64.Z (SI), K2, Z0
	JMP  block

found:
	KMOVW K1, AX
	TZCNTL AX, AX
	ADDQ AX, BX
	MOVQ BX, at+32(FP)
	VPCOMPRESSQ.Z Z0, K1, Z1
	VMOVQ X1, AX
	MOVQ AX, upTo+40(FP)
	VZEROUPPER
	RET
