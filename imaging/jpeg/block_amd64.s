//go:build amd64 && !noasm

#include "go_asm.h"
#include "textflag.h"

// The registers of blocksBMI2: the next bits are the highest of BX, and CX is how many of them there are, of which only
// the lowest six bits count, since shifts look at no others. DI is where the data goes on, R8 the last place where eight
// bytes may be loaded. DX is the place of the next coefficient in the block SI, R13 an index of the table R10, and AX the
// entry there (pairs.go).

// REFILL makes CX at least 56, with bits that do not depend on how many were used since the last time.
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

// VALUE makes the value whose first bit is the highest of R12, of 63 − AX bits, in R11: these bits after one that says
// whether they are negative, which is the contrary of the first, and one more if they are.
#define VALUE \
	MOVQ  R12, R11;     \
	SARQ  $1, R11;      \
	XORQ  R14, R11;     \
	SARXQ AX, R11, R11; \
	ADDQ  R12, R12;     \
	SBBQ  $-1, R11

// The parts of the entry are loaded, not shifted to their place: of shifts a processor does two at once, of loads three.
#define LENGTH huffTable_pairs+1(R10)(R13*8)
#define SHIFT huffTable_pairs+2(R10)(R13*8)
#define ZEROS huffTable_pairs+3(R10)(R13*8)
#define SECOND huffTable_pairs+4(R10)(R13*8)
#define NEXT huffTable_pairs+5(R10)(R13*8)
#define VALUE2 huffTable_pairs+6(R10)(R13*8)

// LOOKUP decodes one symbol or two. Without a second one, what is stored for it is overwritten by the first.
#define LOOKUP \
	MOVQ    BX, R13;                         \
	SHRQ    $54, R13;                        \
	MOVQ    huffTable_pairs(R10)(R13*8), AX; \
	MOVBLZX ZEROS, R11;                      \
	ADDQ    R11, DX;                         \
	CMPQ    DX, $63;                         \
	JAE     last;                            \
	MOVBLZX LENGTH, R12;                     \
	SUBQ    AX, CX;                          \
	SHLXQ   R12, BX, R12;                    \
	SHLXQ   AX, BX, BX;                      \
	MOVBLZX SHIFT, AX;                       \
	VALUE;                                   \
	MOVBLZX SECOND, AX;                      \
	MOVWLZX VALUE2, R12;                     \
	ADDQ    DX, AX;                          \
	MOVBLZX (R9)(AX*1), AX;                  \
	MOVW    R12, (SI)(AX*2);                 \
	MOVBLZX (R9)(DX*1), AX;                  \
	MOVW    R11, (SI)(AX*2);                 \
	MOVBLZX NEXT, R13;                       \
	ADDQ    R13, DX;                         \
	CMPQ    DX, $63;                         \
	JHI     done

// SKIP is LOOKUP without what it stores.
#define SKIP \
	MOVQ    BX, R13;                         \
	SHRQ    $54, R13;                        \
	MOVQ    huffTable_pairs(R10)(R13*8), AX; \
	MOVBLZX ZEROS, R11;                      \
	ADDQ    R11, DX;                         \
	CMPQ    DX, $63;                         \
	JAE     last;                            \
	SUBQ    AX, CX;                          \
	SHLXQ   AX, BX, BX;                      \
	MOVBLZX NEXT, R13;                       \
	ADDQ    R13, DX;                         \
	CMPQ    DX, $63;                         \
	JHI     done

// DC decodes the difference of DC and adds it. The tables of the block are at R12, DX is where the last DC is.
#define DC \
	REFILL;                                  \
	MOVQ    BX, R13;                         \
	SHRQ    $54, R13;                        \
	MOVQ    huffTable_pairs(R10)(R13*8), AX; \
	TESTQ   AX, AX;                          \
	JZ      bail;                            \
	MOVBLZX LENGTH, R11;                     \
	SUBQ    AX, CX;                          \
	SHLXQ   R11, BX, R11;                    \
	SHLXQ   AX, BX, BX;                      \
	MOVBLZX SHIFT, AX;                       \
	MOVQ    blockTables_ac(R12), R10;        \
	MOVQ    R11, R12;                        \
	VALUE;                                   \
	ADDL    (DX), R11;                       \
	MOVL    R11, dc-24(SP)

// LONG decodes a symbol whose code is longer than the index of the table: of its value R12 bits, of zeros before it R11. It
// takes the bits of the code, R13 of them.
#define LONG(length, found) \
	CMPQ R11, $128;                              \
	JNE  bail;                                   \
	SUBQ R11, DX;                                \
	MOVL $(64-const_lookBits-1), R12;            \
	MOVL $(const_lookBits+1), R13;               \
length:                                          \
	SHRXQ R12, BX, R11;                          \
	CMPL  R11, huffTable_maxCode(R10)(R13*4);    \
	JLE   found;                                 \
	DECL  R12;                                   \
	INCL  R13;                                   \
	CMPL  R13, $16;                              \
	JLE   length;                                \
	JMP   bail;                                  \
found:                                           \
	ADDL    huffTable_offset(R10)(R13*4), R11;   \
	MOVBLZX R11, R11;                            \
	MOVBLZX huffTable_vals(R10)(R11*1), R12;     \
	MOVL    R12, R11;                            \
	ANDL    $15, R12;                            \
	SHRL    $4, R11;                             \
	LEAL    (R13)(R12*1), AX;                    \
	CMPL    AX, $const_maxSymbol;                \
	JHI     bail;                                \
	SHLXQ   R13, BX, BX;                         \
	SUBQ    R13, CX

// func blocksBMI2(r *bitReader, tables *[10]blockTables, blks *[10][64]int16, last *[10]int, from, to int) (end int)
TEXT ·blocksBMI2(SB), NOSPLIT, $24-56
	MOVQ r+0(FP), AX
	MOVQ bitReader_buf(AX), DI
	MOVQ bitReader_buf+8(AX), R8
	LEAQ -8(DI)(R8*1), R8
	ADDQ bitReader_pos(AX), DI
	MOVQ bitReader_bits(AX), BX
	MOVQ bitReader_n(AX), CX
	MOVQ from+32(FP), R11
	MOVQ $0x8000000000000000, R14
	LEAQ ·zigzag(SB), R9

block:
	MOVQ R11, i-8(SP)
	MOVQ R11, SI
	SHLQ $7, SI
	ADDQ blks+16(FP), SI
	MOVQ R11, R12
	SHLQ $5, R12                 // four pointers
	ADDQ tables+8(FP), R12
	MOVQ blockTables_dc(R12), R10
	MOVQ blockTables_pred(R12), DX
	MOVQ DX, pred-16(SP)

	DC
	MOVW    R11, (SI)
	MOVL    $1, DX

	// Two look-ups take at most 56 bits.
	JMP second

first:
	REFILL
	LOOKUP

second:
	LOOKUP
	JMP first

last:
	CMPQ R11, $64
	JEQ  end
	JHI  long

	// The last coefficient, or one beyond it: a second symbol is of the next block.
	MOVBLZX LENGTH, R12
	MOVBLZX SHIFT, AX
	LEAL    63(R12), R13
	SUBL    AX, R13              // bits of code and value
	SHLXQ   R12, BX, R12
	SHLXQ   R13, BX, BX
	SUBQ    R13, CX
	VALUE
	MOVBLZX (R9)(DX*1), R13
	MOVW    R11, (SI)(R13*2)

done:
	MOVL $63, R12

next:
	MOVQ i-8(SP), R11
	MOVQ last+24(FP), AX
	MOVQ R12, (AX)(R11*8)
	MOVQ pred-16(SP), AX
	MOVL dc-24(SP), R13
	MOVL R13, (AX)

	// From here on the state is that of the next block.
	MOVQ r+0(FP), AX
	MOVQ DI, R13
	SUBQ bitReader_buf(AX), R13
	MOVQ R13, bitReader_pos(AX)
	MOVQ BX, bitReader_bits(AX)
	ANDQ $63, CX
	MOVQ CX, bitReader_n(AX)
	INCQ R11
	CMPQ R11, to+40(FP)
	JLT  block
	MOVQ R11, end+48(FP)
	RET

bail:
	MOVQ i-8(SP), R11
	MOVQ R11, end+48(FP)
	RET

end:
	SHLXQ   AX, BX, BX
	SUBQ    AX, CX
	MOVL    $63, R12
	XORL    R13, R13
	CMPQ    DX, $65              // at the first coefficient
	CMOVQEQ R13, R12
	JMP     next

long:
	LONG(length, found)
	TESTL   R12, R12
	JZ      empty
	ADDQ    R11, DX
	MOVQ    BX, R13
	SHLXQ   R12, BX, BX
	SUBQ    R12, CX
	MOVL    $63, AX
	SUBL    R12, AX
	MOVQ    R13, R12
	VALUE
	MOVBLZX (R9)(DX*1), R13
	MOVW    R11, (SI)(R13*2)
	INCQ    DX
	CMPQ    DX, $63
	JHI     done
	JMP     first

empty:
	CMPL R11, $15
	JNE  done                    // an end of the block
	ADDQ $16, DX
	CMPQ DX, $63
	JHI  done
	JMP  first

// func skipBMI2(r *bitReader, tables *[10]blockTables, from, to int) (end int)
TEXT ·skipBMI2(SB), NOSPLIT, $24-40
	MOVQ r+0(FP), AX
	MOVQ bitReader_buf(AX), DI
	MOVQ bitReader_buf+8(AX), R8
	LEAQ -8(DI)(R8*1), R8
	ADDQ bitReader_pos(AX), DI
	MOVQ bitReader_bits(AX), BX
	MOVQ bitReader_n(AX), CX
	MOVQ from+16(FP), R11
	MOVQ $0x8000000000000000, R14

block:
	MOVQ R11, i-8(SP)
	MOVQ R11, R12
	SHLQ $5, R12
	ADDQ tables+8(FP), R12
	MOVQ blockTables_dc(R12), R10
	MOVQ blockTables_pred(R12), DX
	MOVQ DX, pred-16(SP)
	DC
	MOVL $1, DX
	JMP  second

first:
	REFILL
	SKIP

second:
	SKIP
	JMP first

last:
	CMPQ R11, $64
	JEQ  end
	JHI  long

	// The last coefficient: a second symbol is of the next block.
	MOVBLZX LENGTH, R12
	MOVBLZX SHIFT, AX
	LEAL    63(R12), R13
	SUBL    AX, R13
	SHLXQ   R13, BX, BX
	SUBQ    R13, CX
	JMP     done

end:
	SHLXQ AX, BX, BX
	SUBQ  AX, CX

done:
	MOVQ i-8(SP), R11
	MOVQ pred-16(SP), AX
	MOVL dc-24(SP), R13
	MOVL R13, (AX)

	// From here on the state is that of the next block.
	MOVQ r+0(FP), AX
	MOVQ DI, R13
	SUBQ bitReader_buf(AX), R13
	MOVQ R13, bitReader_pos(AX)
	MOVQ BX, bitReader_bits(AX)
	ANDQ $63, CX
	MOVQ CX, bitReader_n(AX)
	INCQ R11
	CMPQ R11, to+24(FP)
	JLT  block
	MOVQ R11, end+32(FP)
	RET

bail:
	MOVQ i-8(SP), R11
	MOVQ R11, end+32(FP)
	RET

long:
	LONG(length, found)
	LEAQ  1(DX)(R11*1), DX
	SHLXQ R12, BX, BX
	SUBQ  R12, CX
	TESTL R12, R12
	JNZ   more
	CMPL  R11, $15
	JNE   done                   // an end of the block

more:
	CMPQ DX, $63
	JHI  done
	JMP  first
