#include "textflag.h"

// func prefetch(matrix *uint8, packed *uint64, rows *uint32, n, stride int)
TEXT ·prefetch(SB), NOSPLIT, $0-40
	MOVQ matrix+0(FP), SI
	MOVQ packed+8(FP), DI
	MOVQ rows+16(FP), BX
	MOVQ n+24(FP), CX
	MOVQ stride+32(FP), DX
	LEAQ (BX)(CX*4), R8

loop:
	CMPQ BX, R8
	JGE  done
	MOVL (BX), AX
	ADDQ $4, BX
	PREFETCHT0 (DI)(AX*8)
	IMULQ DX, AX
	ADDQ SI, AX
	PREFETCHT0 (AX)
	PREFETCHT0 -1(AX)(DX*1)
	JMP  loop

done:
	RET
