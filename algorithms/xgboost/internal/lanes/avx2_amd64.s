#include "textflag.h"

// The same as with AVX-512, 32 rows to a register: "code of the split <= code of the row" is "the lower of both is the
// split's", and masks are vectors.

// func run2(ops *uint32, codes, slots *Row)
TEXT ·run2(SB), NOSPLIT, $0-24
	MOVQ ops+0(FP), SI
	MOVQ codes+8(FP), DI
	MOVQ slots+16(FP), DX
	MOVL $0xfefefefe, AX
	MOVQ AX, X15
	VPBROADCASTD X15, Y15 // -2: the leaves left of a fork's right twig

phase:
	MOVL (SI), BX   // sets
	MOVL 4(SI), R8  // forks
	MOVL 8(SI), R9  // twigs
	MOVL 12(SI), CX // joins
	ADDQ $16, SI
	TESTL BX, BX
	JZ   sorted

#define SET(at) \
	VMOVDQU at(DI)(R10*1), Y4 \
	VPSRLW $3, Y4, Y5 \
	VPAND Y14, Y5, Y5 \
	VPSHUFB Y5, Y0, Y6 \
	VPSHUFB Y5, Y1, Y7 \
	VPBLENDVB Y4, Y7, Y6, Y6 \
	VPAND Y13, Y4, Y4 \
	VPSHUFB Y4, Y12, Y4 \
	VPAND Y4, Y6, Y6 \
	VPCMPEQB Y4, Y6, Y6 \
	VMOVDQU Y6, at(DI)(R11*1)

	MOVL $0x0f0f0f0f, AX
	MOVQ AX, X14
	VPBROADCASTD X14, Y14
	MOVL $0x07070707, AX
	MOVQ AX, X13
	VPBROADCASTD X13, Y13
	MOVQ $0x8040201008040201, AX
	MOVQ AX, X12
	VPBROADCASTQ X12, Y12 // 1 << (code%8)

set:
	MOVL (SI), R10
	MOVL 4(SI), R11
	VBROADCASTI128 8(SI), Y0
	VBROADCASTI128 24(SI), Y1
	SET(0)
	SET(32)
	SET(64)
	SET(96)
	SET(128)
	SET(160)
	SET(192)
	SET(224)
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

#define COMPARE(at, row, split, mask) \
	VPMINUB at(DI)(row*1), split, mask \
	VPCMPEQB split, mask, mask

#define FORK(at) \
	COMPARE(at, R10, Y0, Y3) \
	COMPARE(at, R11, Y1, Y4) \
	COMPARE(at, R12, Y2, Y5) \
	VPADDB Y15, Y5, Y5 \
	VPBLENDVB Y3, Y5, Y4, Y4 \
	VMOVDQU Y4, at(DX)(R13*1)

fork:
	MOVL (SI), R10
	MOVL 8(SI), R11
	MOVL 16(SI), R12
	MOVL 24(SI), R13
	VPBROADCASTD 4(SI), Y0
	VPBROADCASTD 12(SI), Y1
	VPBROADCASTD 20(SI), Y2
	FORK(0)
	FORK(32)
	FORK(64)
	FORK(96)
	FORK(128)
	FORK(160)
	FORK(192)
	FORK(224)
	ADDQ $28, SI
	DECL R8
	JNZ  fork

forked:
	TESTL R9, R9
	JZ    twigged

#define TWIG(at) \
	COMPARE(at, R10, Y0, Y3) \
	VMOVDQU Y3, at(DX)(R13*1)

twig:
	MOVL (SI), R10
	MOVL 8(SI), R13
	VPBROADCASTD 4(SI), Y0
	TWIG(0)
	TWIG(32)
	TWIG(64)
	TWIG(96)
	TWIG(128)
	TWIG(160)
	TWIG(192)
	TWIG(224)
	ADDQ $12, SI
	DECL R9
	JNZ  twig

twigged:
	TESTL CX, CX
	JZ    phase

#define JOIN(at) \
	COMPARE(at, R10, Y0, Y3) \
	VMOVDQU at(DX)(R11*1), Y4 \
	VPADDB at(DX)(R12*1), Y1, Y5 \
	VPBLENDVB Y3, Y5, Y4, Y4 \
	VMOVDQU Y4, at(DX)(R13*1)

join:
	MOVL (SI), R10
	MOVL 8(SI), R11
	MOVL 12(SI), R12
	MOVL 20(SI), R13
	VPBROADCASTD 4(SI), Y0
	VPBROADCASTD 16(SI), Y1
	JOIN(0)
	JOIN(32)
	JOIN(64)
	JOIN(96)
	JOIN(128)
	JOIN(160)
	JOIN(192)
	JOIN(224)
	ADDQ $24, SI
	DECL CX
	JNZ  join
	JMP  phase

done:
	VZEROUPPER
	RET

// func add2(table *float32, mask uint64, leaves *Row, sums *[Rows]float32)
//
// mask holds the bits of a leaf's byte that count.
TEXT ·add2(SB), NOSPLIT, $0-32
	MOVQ table+0(FP), SI
	VPBROADCASTD mask+8(FP), Y0
	MOVQ leaves+16(FP), DI
	MOVQ sums+24(FP), DX
	MOVQ $32, CX

add:
	VPMOVZXBD (DI), Y1
	VPAND Y0, Y1, Y1
	VPCMPEQD Y2, Y2, Y2
	VGATHERDPS Y2, (SI)(Y1*4), Y3
	VADDPS (DX), Y3, Y3
	VMOVUPS Y3, (DX)
	ADDQ $8, DI
	ADDQ $32, DX
	DECQ CX
	JNZ  add
	VZEROUPPER
	RET

// low picks the lowest byte of each of four numbers.
DATA low<>+0(SB)/8, $0x808080800c080400
DATA low<>+8(SB)/8, $0x8080808080808080
DATA low<>+16(SB)/8, $0x808080800c080400
DATA low<>+24(SB)/8, $0x8080808080808080
GLOBL low<>(SB), RODATA|NOPTR, $32

// func encode2(values *float32, n int, table *[256]float32, levels int, missing uint64, codes *Row)
//
// Levels 0 to 4 of the table lie in Y0 to Y3, the others are gathered. Y5 is the node that each of 8 values has come to.
// Predicate 29 is "greater or equal, false for NaN", 3 is "unordered".
TEXT ·encode2(SB), NOSPLIT, $0-48
	MOVQ values+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ table+16(FP), BX
	MOVQ levels+24(FP), R8
	VPBROADCASTD missing+32(FP), Y15
	MOVQ codes+40(FP), DI
	VMOVUPS (BX), Y0
	VMOVUPS 32(BX), Y1
	VMOVUPS 64(BX), Y2
	VMOVUPS 96(BX), Y3
	VMOVDQU low<>(SB), Y14
	MOVL $1, AX
	MOVQ AX, X13
	VPBROADCASTD X13, Y13

// DOWN goes to the child that suits the value: node*2, and 1 more where the value is not below the threshold.
#define DOWN(threshold) \
	VCMPPS $29, threshold, Y4, Y7 \
	VPADDD Y5, Y5, Y5 \
	VPSUBD Y7, Y5, Y5

values:
	VMOVUPS (SI), Y4
	VMOVDQA Y13, Y5
	VPERMPS Y0, Y5, Y6
	DOWN(Y6)
	VPERMPS Y0, Y5, Y6
	DOWN(Y6)
	VPERMPS Y0, Y5, Y6
	DOWN(Y6)
	VPERMPS Y1, Y5, Y6
	DOWN(Y6)
	MOVQ R8, R9
	SUBQ $4, R9
	JZ   found
	VPERMPS Y2, Y5, Y6
	VPERMPS Y3, Y5, Y7
	VPSLLD  $28, Y5, Y8 // bit 3 tells Y2 from Y3
	VBLENDVPS Y8, Y7, Y6, Y6
	DOWN(Y6)
	DECQ R9
	JZ   found

more:
	VPCMPEQD Y8, Y8, Y8
	VGATHERDPS Y8, (BX)(Y5*4), Y6
	DOWN(Y6)
	DECQ R9
	JNZ  more

found:
	VCMPPS $3, Y4, Y4, Y7
	VPBLENDVB Y7, Y15, Y5, Y5
	VPSHUFB Y14, Y5, Y5
	VEXTRACTI128 $1, Y5, X6
	VPUNPCKLDQ X6, X5, X5
	VMOVQ X5, (DI)
	ADDQ $32, SI
	ADDQ $8, DI
	SUBQ $8, CX
	JNZ  values
	VZEROUPPER
	RET
