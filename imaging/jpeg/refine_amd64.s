//go:build amd64 && !noasm

#include "go_asm.h"
#include "textflag.h"

// The registers of refineBMI2: bits, their number and the data are those of blocksBMI2. A set of coefficients has
// coefficient k at bit 63−k, since the first bit of the data is the highest, too: so PDEP brings bits to their coefficients.
// DX are those left in the band that are not 0, R12 those that are. R14 are those to which something is to be added.

#define REFILL \
	CMPQ   DI, R8;       \
	JHI    bail;         \
	MOVQ   (DI), R13;    \
	BSWAPQ R13;          \
	SHRXQ  CX, R13, R13; \
	ORQ    R13, BX;      \
	MOVL   CX, R13;      \
	NOTL   R13;          \
	SHRL   $3, R13;      \
	ANDL   $7, R13;      \
	ADDQ   R13, DI;      \
	ORL    $56, CX

// TAKE takes R13 bits for as many coefficients in set.
#define TAKE(set) \
	MOVQ  R13, AX;      \
	NEGQ  AX;           \
	SHRXQ AX, BX, AX;   \
	PDEPQ set, AX, AX;  \
	ORQ   AX, R14;      \
	SHLXQ R13, BX, BX;  \
	SUBQ  R13, CX

// func refineBMI2(r *bitReader, t *huffTable, blk *[64]int16, band uint64, plus, eobRun int) (left int, nonzero uint64)
TEXT ·refineBMI2(SB), NOSPLIT, $0-64
	MOVQ r+0(FP), AX
	MOVQ t+8(FP), R10
	MOVQ blk+16(FP), SI
	MOVQ bitReader_buf(AX), DI
	MOVQ bitReader_buf+8(AX), R8
	LEAQ -8(DI)(R8*1), R8
	ADDQ bitReader_pos(AX), DI
	MOVQ bitReader_bits(AX), BX
	MOVQ bitReader_n(AX), CX
	LEAQ ·zigzag(SB), R9
	XORL R14, R14

	// Bytes of ones for coefficients that are 0, of rows 0 and 2, 1 and 3, …, then in the order of the set.
	VPXOR      Y15, Y15, Y15
	VPCMPEQW   0(SI), Y15, Y0
	VPCMPEQW   32(SI), Y15, Y1
	VPCMPEQW   64(SI), Y15, Y2
	VPCMPEQW   96(SI), Y15, Y3
	VPACKSSWB  Y1, Y0, Y0
	VPACKSSWB  Y3, Y2, Y2
	VPERM2I128 $0x11, Y0, Y0, Y1
	VPERM2I128 $0x00, Y0, Y0, Y0
	VPERM2I128 $0x11, Y2, Y2, Y3
	VPERM2I128 $0x00, Y2, Y2, Y2
	VPSHUFB    ·orders+0(SB), Y0, Y4
	VPSHUFB    ·orders+32(SB), Y0, Y5
	VPSHUFB    ·orders+64(SB), Y1, Y6
	VPSHUFB    ·orders+96(SB), Y1, Y7
	VPSHUFB    ·orders+128(SB), Y2, Y8
	VPSHUFB    ·orders+160(SB), Y2, Y9
	VPSHUFB    ·orders+192(SB), Y3, Y10
	VPSHUFB    ·orders+224(SB), Y3, Y11
	VPOR       Y6, Y4, Y4
	VPOR       Y7, Y5, Y5
	VPOR       Y10, Y8, Y8
	VPOR       Y11, Y9, Y9
	VPOR       Y8, Y4, Y4
	VPOR       Y9, Y5, Y5
	VPMOVMSKB  Y4, R12
	VPMOVMSKB  Y5, DX
	VZEROUPPER
	SHLQ       $32, DX
	ORQ        DX, R12
	MOVQ       band+24(FP), AX
	MOVQ       R12, DX
	NOTQ       DX
	ANDQ       AX, R12
	ANDQ       AX, DX
	MOVQ       DX, nonzero+56(FP)

	MOVQ  eobRun+40(FP), R11
	TESTQ R11, R11
	JNZ   ended

symbol:
	REFILL
	MOVQ  BX, R13
	SHRQ  $54, R13
	MOVL  huffTable_look(R10)(R13*4), AX
	TESTL AX, AX
	JZ    bail                   // a long code
	SHLXQ AX, BX, BX
	SUBQ  AX, CX
	SHRL  $16, AX
	MOVL  AX, R11
	SHRL  $4, R11                // zeros to pass
	ANDL  $15, AX
	JZ    empty
	CMPL  AX, $1
	JNE   bail

	// The new value in AX: plus, or minus it.
	MOVQ BX, AX
	NOTQ AX
	SARQ $63, AX
	ADDQ BX, BX
	DECQ CX
	MOVQ plus+32(FP), R13
	XORQ AX, R13
	SUBQ AX, R13
	MOVQ R13, AX

pass:
	// The zero after R11 others.
	POPCNTQ R12, R13
	NOTQ    R11
	ADDQ    R11, R13
	JLT     bail
	MOVL    $1, R11
	SHLXQ   R13, R11, R11
	PDEPQ   R12, R11, R11
	BLSMSKQ R11, R13
	ANDQ    R13, R12
	XORQ    R11, R12
	LZCNTQ  R11, R11
	MOVBLZX (R9)(R11*1), R11
	MOVW    AX, (SI)(R11*2)
	ANDNQ   DX, R13, R11         // the others before it
	ANDQ    R13, DX
	POPCNTQ R11, R13
	CMPQ    R13, $25             // of 56 bits code, sign and these
	JHI     many

take:
	TAKE(R11)

	MOVQ R12, AX
	ORQ  DX, AX
	JNZ  symbol
	XORL R11, R11
	JMP  add

many:
	MOVQ    R11, AX
	REFILL
	MOVQ    AX, R11
	POPCNTQ R11, R13
	CMPQ    R13, $56
	JHI     bail
	JMP     take

empty:
	CMPL R11, $15
	JEQ  pass                    // AX is 0, and stays so

	// The end of this block, and of as many as the next bits say.
	MOVQ  BX, AX
	SHRQ  $1, AX
	MOVL  $63, R13
	SUBL  R11, R13
	SHRXQ R13, AX, AX
	SHLXQ R11, BX, BX
	SUBQ  R11, CX
	MOVL  $1, R13
	SHLXQ R11, R13, R11
	ADDQ  AX, R11

ended:
	REFILL
	POPCNTQ DX, R13
	CMPQ    R13, $56
	JHI     bail
	TAKE(DX)
	DECQ    R11

add:
	MOVQ  R11, left+48(FP)
	MOVQ  r+0(FP), AX
	SUBQ  bitReader_buf(AX), DI
	MOVQ  DI, bitReader_pos(AX)
	MOVQ  BX, bitReader_bits(AX)
	ANDQ  $63, CX
	MOVQ  CX, bitReader_n(AX)
	MOVQ  plus+32(FP), R10
	XORL  DX, DX
	TESTQ R14, R14
	JZ    done

next:
	TZCNTQ  R14, R13
	BLSRQ   R14, R14
	XORL    $63, R13
	MOVBLZX (R9)(R13*1), R13
	MOVWLSX (SI)(R13*2), AX
	MOVL    AX, R11
	SARL    $31, R11
	MOVL    R10, R12
	XORL    R11, R12
	SUBL    R11, R12
	TESTL   R10, AX
	CMOVLNE DX, R12              // nothing is added to a value that has the bit
	ADDL    R12, AX
	MOVW    AX, (SI)(R13*2)
	TESTQ   R14, R14
	JNZ     next

done:
	RET

bail:
	MOVQ $-1, R11
	MOVQ R11, left+48(FP)
	RET
