//go:build amd64 && !noasm

#include "go_asm.h"
#include "textflag.h"

// The registers of encodeBMI2: DI is where the next byte goes. The pending bits are the highest of AX, and CX is minus
// their number; of CX, as of an entry of a code, only the lowest six bits count, since shifts look at no others. DX are
// the coefficients that are left, and R10 is the position after the last one.

// PUT appends the code in the entry BX and the bits of the value in R12.
#define PUT \
	SUBQ  BX, CX;      \
	SHRL  $6, BX;      \
	ORL   R12, BX;     \
	SHLXQ CX, BX, BX;  \
	ORQ   BX, AX

// WRITE writes the whole bytes of the pending bits: always eight, of which those that are not whole are written again.
// Without a branch that depends on them nothing has to be guessed.
#define WRITE \
	MOVQ   AX, R11;     \
	BSWAPQ R11;         \
	MOVQ   R11, (DI);   \
	MOVQ   CX, R11;     \
	NEGQ   R11;         \
	ANDL   $56, R11;    \
	SHLXQ  R11, AX, AX; \
	ADDQ   R11, CX;     \
	SHRL   $3, R11;     \
	ADDQ   R11, DI

// VALUE makes the bits of the value of the coefficient in R12, and leaves 32 minus their number in R13: those of c, or of
// c−1 if it is negative, as many as |c| has.
#define VALUE \
	MOVL   R12, R13;      \
	SARL   $31, R13;      \
	ADDL   R13, R12;      \
	XORL   R12, R13;      \
	LZCNTL R13, R13;      \
	SHLXL  R13, R12, R12; \
	SHRXL  R13, R12, R12

// NEXT takes the next coefficient: its value in R12, the zeros before it in BX.
#define NEXT(zeros) \
	TZCNTQ  DX, R11;            \
	BLSRQ   DX, DX;             \
	MOVBLZX (R9)(R11*1), R12;   \
	MOVWLSX (SI)(R12*2), R12;   \
	MOVQ    R11, BX;            \
	SUBQ    R10, BX;            \
	LEAQ    1(R11), R10;        \
	CMPQ    BX, $15;            \
	JHI     zeros

// CODE appends it.
#define CODE \
	VALUE;                   \
	SHLQ $4, BX;             \
	SUBQ R13, BX;            \
	MOVL 128(R8)(BX*4), BX;  \
	PUT

// ZEROS writes the code of sixteen zeros as often as BX needs it.
#define ZEROS(loop) \
loop:                        \
	MOVQ  BX, R13;           \
	MOVQ  R12, R14;          \
	XORL  R12, R12;          \
	MOVL  (4*0xf0)(R8), BX;  \
	PUT;                     \
	WRITE;                   \
	MOVQ  R14, R12;          \
	LEAQ  -16(R13), BX;      \
	CMPQ  BX, $15;           \
	JHI   loop

// func encodeBMI2(dst *byte, block *[64]int16, dc int32, nonzero uint64, t *huffman, acc uint64, n uint) (end int, accOut uint64, nOut uint)
TEXT ·encodeBMI2(SB), NOSPLIT, $0-80
	MOVQ dst+0(FP), DI
	MOVQ block+8(FP), SI
	MOVL dc+16(FP), R12
	MOVQ nonzero+24(FP), DX
	MOVQ t+32(FP), R8
	MOVQ acc+40(FP), AX
	MOVQ n+48(FP), CX
	LEAQ ·zigzag(SB), R9
	NEGQ CX
	BTRQ $0, DX
	MOVL $1, R10

	VALUE
	MOVL $32, BX
	SUBL R13, BX
	MOVL huffman_dc(R8)(BX*4), BX
	ADDQ $huffman_ac, R8
	PUT
	TESTQ DX, DX
	JZ   end

	// Two symbols, of at most 27 bits, fit beside the 7 bits that may be pending.
	JMP  second

first:
	NEXT(zerosFirst)

codeFirst:
	CODE
	TESTQ DX, DX
	JZ    end

second:
	NEXT(zerosSecond)

codeSecond:
	CODE
	WRITE
	TESTQ DX, DX
	JNZ   first

end:
	CMPQ R10, $64
	JEQ  done
	WRITE
	XORL R12, R12
	MOVL (R8), BX // end of block
	PUT

done:
	WRITE
	MOVQ dst+0(FP), SI
	SUBQ SI, DI
	MOVQ DI, end+56(FP)
	MOVQ AX, accOut+64(FP)
	NEGQ CX
	ANDL $7, CX
	MOVQ CX, nOut+72(FP)
	RET

zerosFirst:
	ZEROS(loopFirst)
	JMP codeFirst

zerosSecond:
	WRITE
	ZEROS(loopSecond)
	JMP codeSecond
