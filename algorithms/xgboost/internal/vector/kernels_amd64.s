#include "textflag.h"

// Each function works through n numbers, a multiple of 8, and does on every one what the Go beside it does, operation for
// operation. VMINPS and VMAXPS return their second source (here the first operand) where either is NaN.

// Where the constants are, counted from R8.
#define highest    0(R8)
#define lowest     32(R8)
#define log2e      64(R8)
#define rounder    96(R8)
#define ln2Hi      128(R8)
#define ln2Lo      160(R8)
#define exp5       192(R8)
#define exp4       224(R8)
#define exp3       256(R8)
#define exp2       288(R8)
#define exp1       320(R8)
#define exp0       352(R8)
#define one        384(R8)
#define bias       416(R8)
#define sigHighest 448(R8)
#define signBit    480(R8)

// EXP turns Y0 into its exponential, by way of Y1 to Y3.
#define EXP \
	VMOVUPS highest, Y1    \
	VMINPS  Y0, Y1, Y0     \
	VMOVUPS lowest, Y1     \
	VMAXPS  Y0, Y1, Y0     \
	VMULPS  log2e, Y0, Y1  \
	VADDPS  rounder, Y1, Y1 \
	VSUBPS  rounder, Y1, Y2 \
	VMULPS  ln2Hi, Y2, Y3  \
	VSUBPS  Y3, Y0, Y0     \
	VMULPS  ln2Lo, Y2, Y3  \
	VSUBPS  Y3, Y0, Y0     \
	VMULPS  exp5, Y0, Y2   \
	VADDPS  exp4, Y2, Y2   \
	VMULPS  Y0, Y2, Y2     \
	VADDPS  exp3, Y2, Y2   \
	VMULPS  Y0, Y2, Y2     \
	VADDPS  exp2, Y2, Y2   \
	VMULPS  Y0, Y2, Y2     \
	VADDPS  exp1, Y2, Y2   \
	VMULPS  Y0, Y2, Y2     \
	VADDPS  exp0, Y2, Y2   \
	VMULPS  Y0, Y0, Y3     \
	VMULPS  Y3, Y2, Y2     \
	VADDPS  Y0, Y2, Y2     \
	VADDPS  one, Y2, Y2    \
	VPSUBD  rounder, Y1, Y1 \
	VPSRAD  $1, Y1, Y3     \
	VPSUBD  Y3, Y1, Y1     \
	VPADDD  bias, Y3, Y3   \
	VPADDD  bias, Y1, Y1   \
	VPSLLD  $23, Y3, Y3    \
	VPSLLD  $23, Y1, Y1    \
	VMULPS  Y3, Y2, Y2     \
	VMULPS  Y1, Y2, Y0

// func expAVX2(dst, src *float32, n int, constants *uint32)
TEXT ·expAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ constants+24(FP), R8
	XORQ AX, AX

loop:
	VMOVUPS (SI)(AX*4), Y0
	EXP
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  loop
	VZEROUPPER
	RET

// func sigmoidAVX2(dst, src *float32, n int, constants *uint32)
TEXT ·sigmoidAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ constants+24(FP), R8
	XORQ AX, AX
	VMOVUPS signBit, Y4
	VMOVUPS sigHighest, Y5
	VMOVUPS one, Y6

loop:
	VXORPS  (SI)(AX*4), Y4, Y0
	VMINPS  Y0, Y5, Y0
	EXP
	VADDPS  Y6, Y0, Y0
	VDIVPS  Y0, Y6, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  loop
	VZEROUPPER
	RET

// func expLessAVX2(dst, src, less, sums *float32, n int, constants *uint32)
TEXT ·expLessAVX2(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ less+16(FP), BX
	MOVQ sums+24(FP), DX
	MOVQ n+32(FP), CX
	MOVQ constants+40(FP), R8
	XORQ AX, AX

loop:
	VMOVUPS (SI)(AX*4), Y0
	VSUBPS  (BX)(AX*4), Y0, Y0
	EXP
	VMOVUPS Y0, (DI)(AX*4)
	VADDPS  (DX)(AX*4), Y0, Y0
	VMOVUPS Y0, (DX)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  loop
	VZEROUPPER
	RET

// func maxAVX2(dst, src *float32, n int)
TEXT ·maxAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	XORQ AX, AX

loop:
	VMOVUPS (DI)(AX*4), Y0
	VMAXPS  (SI)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  loop
	VZEROUPPER
	RET

// func subtractAVX2(dst, a, b *float32, n int)
TEXT ·subtractAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), BX
	MOVQ n+24(FP), CX
	XORQ AX, AX

loop:
	VMOVUPS (SI)(AX*4), Y0
	VSUBPS  (BX)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  loop
	VZEROUPPER
	RET

// func multiplyAVX2(dst, src *float32, n int)
TEXT ·multiplyAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	XORQ AX, AX

loop:
	VMOVUPS (DI)(AX*4), Y0
	VMULPS  (SI)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  loop
	VZEROUPPER
	RET

// func divideAVX2(dst, src *float32, n int)
TEXT ·divideAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	XORQ AX, AX

loop:
	VMOVUPS (DI)(AX*4), Y0
	VDIVPS  (SI)(AX*4), Y0, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  loop
	VZEROUPPER
	RET

// func varianceAVX2(dst, p *float32, n int, scale, least float32)
TEXT ·varianceAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ p+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTSS scale+24(FP), Y4
	VBROADCASTSS least+28(FP), Y5
	MOVL $0x3f800000, AX
	VMOVQ AX, X6
	VBROADCASTSS X6, Y6
	XORQ AX, AX

loop:
	VMOVUPS (SI)(AX*4), Y0
	VSUBPS  Y0, Y6, Y1
	VMULPS  Y0, Y4, Y0
	VMULPS  Y1, Y0, Y0
	VMAXPS  Y0, Y5, Y0
	VMOVUPS Y0, (DI)(AX*4)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  loop
	VZEROUPPER
	RET

// func squaresAVX2(a, b *float32, n int, sums *[8]float64)
TEXT ·squaresAVX2(SB), NOSPLIT, $0-32
	MOVQ a+0(FP), SI
	MOVQ b+8(FP), BX
	MOVQ n+16(FP), CX
	MOVQ sums+24(FP), DX
	VMOVUPD (DX), Y4
	VMOVUPD 32(DX), Y5
	XORQ AX, AX

loop:
	VCVTPS2PD (SI)(AX*4), Y0
	VCVTPS2PD 16(SI)(AX*4), Y1
	VCVTPS2PD (BX)(AX*4), Y2
	VCVTPS2PD 16(BX)(AX*4), Y3
	VSUBPD Y2, Y0, Y0
	VSUBPD Y3, Y1, Y1
	VMULPD Y0, Y0, Y0
	VMULPD Y1, Y1, Y1
	VADDPD Y0, Y4, Y4
	VADDPD Y1, Y5, Y5
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  loop
	VMOVUPD Y4, (DX)
	VMOVUPD Y5, 32(DX)
	VZEROUPPER
	RET

// func multiplyOwnAVX2(p, labels *float32, n int, products *[8]float64, least float64) bool
TEXT ·multiplyOwnAVX2(SB), NOSPLIT, $0-41
	MOVQ p+0(FP), SI
	MOVQ labels+8(FP), BX
	MOVQ n+16(FP), CX
	MOVQ products+24(FP), DX
	VBROADCASTSD least+32(FP), Y12
	VMOVUPD (DX), Y8
	VMOVUPD 32(DX), Y9
	MOVQ $0x3ff0000000000000, AX
	VMOVQ AX, X13
	VBROADCASTSD X13, Y13
	MOVL $0x3f800000, AX
	VMOVQ AX, X14
	VBROADCASTSS X14, Y14
	VXORPS Y15, Y15, Y15
	VPCMPEQD Y11, Y11, Y11
	XORQ AX, AX

loop:
	VMOVUPS (BX)(AX*4), Y0
	VCMPPS  $0, Y14, Y0, Y1
	VCMPPS  $0, Y15, Y0, Y2
	VORPS   Y1, Y2, Y2
	VANDPS  Y2, Y11, Y11
	VCVTPS2PD (SI)(AX*4), Y3
	VCVTPS2PD 16(SI)(AX*4), Y4
	VPMOVSXDQ X1, Y5
	VEXTRACTI128 $1, Y1, X6
	VPMOVSXDQ X6, Y6
	VSUBPD  Y3, Y13, Y0
	VSUBPD  Y4, Y13, Y2
	VBLENDVPD Y5, Y3, Y0, Y3
	VBLENDVPD Y6, Y4, Y2, Y4
	VMAXPD  Y3, Y12, Y3
	VMAXPD  Y4, Y12, Y4
	VMULPD  Y3, Y8, Y8
	VMULPD  Y4, Y9, Y9
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  loop
	VMOVUPD Y8, (DX)
	VMOVUPD Y9, 32(DX)
	VMOVMSKPS Y11, AX
	CMPL AX, $255
	SETEQ ret+40(FP)
	VZEROUPPER
	RET
