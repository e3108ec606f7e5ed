#include "textflag.h"

// func run512(ops *uint32, codes, slots *Row)
//
// 64 rows to a register, four registers to a node. A split's comparison is "code of the split <= code of the row".
TEXT ·run512(SB), NOSPLIT, $0-24
	MOVQ ops+0(FP), SI
	MOVQ codes+8(FP), DI
	MOVQ slots+16(FP), DX
	MOVL $0xfefefefe, AX
	VPBROADCASTD AX, Z31 // -2: the leaves left of a fork's right twig

phase:
	MOVL (SI), BX   // sets
	MOVL 4(SI), R8  // forks
	MOVL 8(SI), R9  // twigs
	MOVL 12(SI), CX // joins
	ADDQ $16, SI
	TESTL BX, BX
	JZ   sorted

// A code's byte in the set is code/8; the upper half of the 32 bytes is taken where the code's top bit is set.
#define SET(at) \
	VMOVDQU64 at(DI)(R10*1), Z4 \
	VPSRLW $3, Z4, Z5 \
	VPANDD Z29, Z5, Z5 \
	VPMOVB2M Z4, K1 \
	VPSHUFB Z5, Z0, Z6 \
	VPSHUFB Z5, Z1, K1, Z6 \
	VPANDD Z28, Z4, Z4 \
	VPSHUFB Z4, Z27, Z4 \
	VPTESTMB Z4, Z6, K2 \
	VPMOVM2B K2, Z4 \
	VMOVDQU64 Z4, at(DI)(R11*1)

	MOVL $0x0f0f0f0f, AX
	VPBROADCASTD AX, Z29
	MOVL $0x07070707, AX
	VPBROADCASTD AX, Z28
	MOVQ $0x8040201008040201, AX
	VPBROADCASTQ AX, Z27 // 1 << (code%8)

set:
	MOVL (SI), R10
	MOVL 4(SI), R11
	VBROADCASTI32X4 8(SI), Z0
	VBROADCASTI32X4 24(SI), Z1
	SET(0)
	SET(64)
	SET(128)
	SET(192)
	ADDQ $40, SI
	DECL BX
	JNZ  set

sorted:
	MOVL R8, AX
	ORL  R9, AX
	ORL  CX, AX
	JZ   done
	TESTL R8, R8
	JZ   forked

#define FORK(at, left, right) \
	VPCMPUB $2, at(DI)(R10*1), Z0, K1 \
	VPCMPUB $2, at(DI)(R11*1), Z1, K2 \
	VPCMPUB $2, at(DI)(R12*1), Z2, K3 \
	VPMOVM2B K2, left \
	VPMOVM2B K3, right \
	VPADDB Z31, right, K1, left \
	VMOVDQU64 left, at(DX)(R13*1)

fork:
	MOVL (SI), R10
	MOVL 8(SI), R11
	MOVL 16(SI), R12
	MOVL 24(SI), R13
	VPBROADCASTD 4(SI), Z0
	VPBROADCASTD 12(SI), Z1
	VPBROADCASTD 20(SI), Z2
	FORK(0, Z4, Z5)
	FORK(64, Z6, Z7)
	FORK(128, Z8, Z9)
	FORK(192, Z10, Z11)
	ADDQ $28, SI
	DECL R8
	JNZ  fork

forked:
	TESTL R9, R9
	JZ    twigged

#define TWIG(at, mask, choice) \
	VPCMPUB $2, at(DI)(R10*1), Z0, mask \
	VPMOVM2B mask, choice \
	VMOVDQU64 choice, at(DX)(R13*1)

twig:
	MOVL (SI), R10
	MOVL 8(SI), R13
	VPBROADCASTD 4(SI), Z0
	TWIG(0, K1, Z4)
	TWIG(64, K2, Z5)
	TWIG(128, K3, Z6)
	TWIG(192, K4, Z7)
	ADDQ $12, SI
	DECL R9
	JNZ  twig

twigged:
	TESTL CX, CX
	JZ    phase

#define JOIN(at, mask, choice) \
	VPCMPUB $2, at(DI)(R10*1), Z0, mask \
	VMOVDQU64 at(DX)(R11*1), choice \
	VPADDB at(DX)(R12*1), Z1, mask, choice \
	VMOVDQU64 choice, at(DX)(R13*1)

join:
	MOVL (SI), R10
	MOVL 8(SI), R11
	MOVL 12(SI), R12
	MOVL 20(SI), R13
	VPBROADCASTD 4(SI), Z0
	VPBROADCASTD 16(SI), Z1
	JOIN(0, K1, Z4)
	JOIN(64, K2, Z5)
	JOIN(128, K3, Z6)
	JOIN(192, K4, Z7)
	ADDQ $24, SI
	DECL CX
	JNZ  join
	JMP  phase

done:
	VZEROUPPER
	RET

// func addSmall512(table *float32, leaves *Row, sums *[Rows]float32)
TEXT ·addSmall512(SB), NOSPLIT, $0-24
	MOVQ table+0(FP), SI
	MOVQ leaves+8(FP), DI
	MOVQ sums+16(FP), DX
	VMOVUPS (SI), Z0
	VMOVUPS 64(SI), Z1
	VMOVUPS 128(SI), Z2
	VMOVUPS 192(SI), Z3
	MOVL $32, AX
	VPBROADCASTD AX, Z31
	MOVQ $16, CX

small:
	VPMOVZXBD (DI), Z4
	VPTESTMD Z31, Z4, K1
	VMOVDQA32 Z4, Z5
	VPERMI2PS Z1, Z0, Z4
	VPERMI2PS Z3, Z2, Z5
	VMOVAPS Z5, K1, Z4
	VADDPS (DX), Z4, Z4
	VMOVUPS Z4, (DX)
	ADDQ $16, DI
	ADDQ $64, DX
	DECQ CX
	JNZ  small
	VZEROUPPER
	RET

// func addLarge512(table *float32, leaves *Row, sums *[Rows]float32)
TEXT ·addLarge512(SB), NOSPLIT, $0-24
	MOVQ table+0(FP), SI
	MOVQ leaves+8(FP), DI
	MOVQ sums+16(FP), DX
	MOVQ $16, CX

large:
	VPMOVZXBD (DI), Z4
	KXNORW K1, K1, K1
	VPXORD Z5, Z5, Z5
	VGATHERDPS (SI)(Z4*4), K1, Z5
	VADDPS (DX), Z5, Z5
	VMOVUPS Z5, (DX)
	ADDQ $16, DI
	ADDQ $64, DX
	DECQ CX
	JNZ  large
	VZEROUPPER
	RET

// func encode512(values *float32, n int, table *[256]float32, levels int, missing uint64, codes *Row)
//
// The table lies in registers, Z0 the levels 0 to 3, Z1 level 4, Z2-Z3 level 5, Z4-Z7 level 6, Z8-Z15 level 7. Z17 is the
// node that each of 16 values has come to. Predicate 29 is "greater or equal, false for NaN", 3 is "unordered".
TEXT ·encode512(SB), NOSPLIT, $0-48
	MOVQ values+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ table+16(FP), BX
	MOVQ levels+24(FP), R8
	MOVQ codes+40(FP), DI
	VMOVUPS (BX), Z0
	VMOVUPS 64(BX), Z1
	VMOVUPS 128(BX), Z2
	VMOVUPS 192(BX), Z3
	VMOVUPS 256(BX), Z4
	VMOVUPS 320(BX), Z5
	VMOVUPS 384(BX), Z6
	VMOVUPS 448(BX), Z7
	VMOVUPS 512(BX), Z8
	VMOVUPS 576(BX), Z9
	VMOVUPS 640(BX), Z10
	VMOVUPS 704(BX), Z11
	VMOVUPS 768(BX), Z12
	VMOVUPS 832(BX), Z13
	VMOVUPS 896(BX), Z14
	VMOVUPS 960(BX), Z15
	VPBROADCASTD missing+32(FP), Z31
	MOVL $1, AX
	VPBROADCASTD AX, Z30
	MOVL $32, AX
	VPBROADCASTD AX, Z29
	MOVL $64, AX
	VPBROADCASTD AX, Z28

// DOWN goes to the child that suits the value: node*2, and 1 more where the value is not below the threshold.
#define DOWN(threshold) \
	VCMPPS $29, threshold, Z16, K1 \
	VPADDD Z17, Z17, Z17 \
	VPORD Z30, Z17, K1, Z17

values:
	VMOVUPS (SI), Z16
	VMOVDQA32 Z30, Z17
	VPERMPS Z0, Z17, Z18
	DOWN(Z18)
	VPERMPS Z0, Z17, Z18
	DOWN(Z18)
	VPERMPS Z0, Z17, Z18
	DOWN(Z18)
	VPERMPS Z0, Z17, Z18
	DOWN(Z18)
	CMPQ R8, $5
	JLT  found
	VPERMPS Z1, Z17, Z18
	DOWN(Z18)
	CMPQ R8, $6
	JLT  found
	VMOVDQA32 Z17, Z18
	VPERMI2PS Z3, Z2, Z18
	DOWN(Z18)
	CMPQ R8, $7
	JLT  found
	VPTESTMD Z29, Z17, K2
	VMOVDQA32 Z17, Z18
	VMOVDQA32 Z17, Z19
	VPERMI2PS Z5, Z4, Z18
	VPERMI2PS Z7, Z6, Z19
	VMOVAPS Z19, K2, Z18
	DOWN(Z18)
	CMPQ R8, $8
	JLT  found
	VPTESTMD Z29, Z17, K2
	VPTESTMD Z28, Z17, K3
	VMOVDQA32 Z17, Z18
	VMOVDQA32 Z17, Z19
	VMOVDQA32 Z17, Z20
	VMOVDQA32 Z17, Z21
	VPERMI2PS Z9, Z8, Z18
	VPERMI2PS Z11, Z10, Z19
	VPERMI2PS Z13, Z12, Z20
	VPERMI2PS Z15, Z14, Z21
	VMOVAPS Z19, K2, Z18
	VMOVAPS Z21, K2, Z20
	VMOVAPS Z20, K3, Z18
	DOWN(Z18)

found:
	VCMPPS $3, Z16, Z16, K1
	VMOVDQA32 Z31, K1, Z17
	VPMOVDB Z17, (DI)
	ADDQ $64, SI
	ADDQ $16, DI
	SUBQ $16, CX
	JNZ  values
	VZEROUPPER
	RET
