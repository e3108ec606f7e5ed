#include "textflag.h"

// func addEvenRows(h *uint64, matrix *uint8, stride int, rows *uint32, n int, packed *uint64)
TEXT ·addEvenRows(SB), NOSPLIT, $0-48
	MOVQ h+0(FP), DI
	MOVQ matrix+8(FP), SI
	MOVQ stride+16(FP), R10
	MOVQ rows+24(FP), BX
	MOVQ n+32(FP), R11
	MOVQ packed+40(FP), R12
	LEAQ (BX)(R11*4), R11
	LEAQ -4(R11), R13

row:
	CMPQ BX, R11
	JGE  done

	// Ask for the gradient and the matrix lines of the row 16 further on.
	LEAQ 64(BX), DX
	CMPQ DX, R13
	CMOVQHI R13, DX
	MOVL (DX), DX
	PREFETCHT0 (R12)(DX*8)
	IMULQ R10, DX
	ADDQ SI, DX
	PREFETCHT0 (DX)
	PREFETCHT0 -1(DX)(R10*1)

	MOVL (BX), AX
	ADDQ $4, BX
	MOVQ (R12)(AX*8), R8
	IMULQ R10, AX
	ADDQ SI, AX
	MOVQ DI, R9
	MOVQ R10, R15
	SUBQ $4, R15
	JLT  rest

four:
	MOVBLZX (AX), CX
	ADDQ R8, (R9)(CX*8)
	MOVBLZX 1(AX), DX
	ADDQ R8, 2048(R9)(DX*8)
	MOVBLZX 2(AX), CX
	ADDQ R8, 4096(R9)(CX*8)
	MOVBLZX 3(AX), DX
	ADDQ R8, 6144(R9)(DX*8)
	ADDQ $4, AX
	ADDQ $8192, R9
	SUBQ $4, R15
	JGE  four

rest:
	ADDQ $4, R15
	JZ   row

one:
	MOVBLZX (AX), CX
	ADDQ R8, (R9)(CX*8)
	INCQ AX
	ADDQ $2048, R9
	DECQ R15
	JNZ  one
	JMP  row

done:
	RET

// func addPickedRows(bins **[256]uint64, columns *int32, count int, matrix *uint8, stride int, rows *uint32, n int, packed *uint64)
TEXT ·addPickedRows(SB), NOSPLIT, $0-64
	MOVQ bins+0(FP), DI
	MOVQ columns+8(FP), R9
	MOVQ matrix+24(FP), SI
	MOVQ stride+32(FP), R10
	MOVQ rows+40(FP), BX
	MOVQ n+48(FP), R11
	MOVQ packed+56(FP), R12
	LEAQ (BX)(R11*4), R11
	LEAQ -4(R11), R13

row:
	CMPQ BX, R11
	JGE  done

	// Ask for the gradient and the matrix lines of the row 16 further on.
	LEAQ 64(BX), DX
	CMPQ DX, R13
	CMOVQHI R13, DX
	MOVL (DX), DX
	PREFETCHT0 (R12)(DX*8)
	IMULQ R10, DX
	ADDQ SI, DX
	PREFETCHT0 (DX)
	PREFETCHT0 -1(DX)(R10*1)

	MOVL (BX), AX
	ADDQ $4, BX
	MOVQ (R12)(AX*8), R8
	IMULQ R10, AX
	ADDQ SI, AX
	MOVQ count+16(FP), R15
	SUBQ $2, R15
	JLT  rest

two:
	MOVL 4(R9)(R15*4), CX
	MOVL (R9)(R15*4), DX
	MOVBLZX (AX)(CX*1), CX
	MOVBLZX (AX)(DX*1), DX
	MOVQ 8(DI)(R15*8), R14
	ADDQ R8, (R14)(CX*8)
	MOVQ (DI)(R15*8), R14
	ADDQ R8, (R14)(DX*8)
	SUBQ $2, R15
	JGE  two

rest:
	ADDQ $2, R15
	JZ   row
	MOVL (R9), CX
	MOVBLZX (AX)(CX*1), CX
	MOVQ (DI), R14
	ADDQ R8, (R14)(CX*8)
	JMP  row

done:
	RET

// func addLanesRows(bins *[8]uint64, offsets *int, features int, matrix *uint8, stride int, lanes *[8]uint64, n int)
TEXT ·addLanesRows(SB), NOSPLIT, $0-56
	MOVQ bins+0(FP), DI
	MOVQ offsets+8(FP), R8
	MOVQ features+16(FP), R9
	MOVQ matrix+24(FP), SI
	MOVQ stride+32(FP), R10
	MOVQ lanes+40(FP), R12
	MOVQ n+48(FP), R11

row:
	VMOVDQU64 (R12), Z0
	XORQ BX, BX

feature:
	MOVBLZX (SI)(BX*1), AX
	ADDQ (R8)(BX*8), AX
	SHLQ $6, AX
	VPADDQ (DI)(AX*1), Z0, Z1
	VMOVDQU64 Z1, (DI)(AX*1)
	INCQ BX
	CMPQ BX, R9
	JLT  feature
	ADDQ $64, R12
	ADDQ R10, SI
	DECQ R11
	JNZ  row
	VZEROUPPER
	RET
