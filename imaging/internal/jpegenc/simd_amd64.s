//go:build amd64 && !noasm

#include "textflag.h"

// The rows of ·factors.
#define Z3Z4 ·factors+0(SB)
#define Z4Z3 ·factors+32(SB)
#define O7O5 ·factors+64(SB)
#define O1O3 ·factors+96(SB)
#define O2O6 ·factors+128(SB)
#define LEVEL ·factors+160(SB)
#define SIGNS ·factors+192(SB)
#define ROUND2 ·factors+224(SB)
#define ROUND11 ·factors+256(SB)
#define ROUND15 ·factors+288(SB)

// FDCT8 is fdct8 for eight rows at once. The halves of a register hold their samples 0 and 1 (Y0), 3 and 2 (Y1), 4 and 5
// (Y2), 7 and 6 (Y3); then their outputs 0 and 4 (Y4), 2 and 6 (Y5), 1 and 3 (Y6), 7 and 5 (Y7). All of these, and the
// sums before a multiplication, fit into 16 bits. Products of two numbers are added in 32.
#define FDCT8(round, shift) \
	VPADDW     Y3, Y0, Y4; \
	VPSUBW     Y3, Y0, Y5; \
	VPADDW     Y2, Y1, Y6; \
	VPSUBW     Y2, Y1, Y7; \
	VPADDW     Y6, Y4, Y8; \
	VPSUBW     Y6, Y4, Y9; \
	VPERM2I128 $0x01, Y8, Y8, Y4; \
	VPSIGNW    SIGNS, Y8, Y8; \
	VPADDW     Y8, Y4, Y4; \
	VPERM2I128 $0x01, Y9, Y9, Y8; \
	VPUNPCKLWD Y8, Y9, Y10; \
	VPUNPCKHWD Y8, Y9, Y11; \
	VPMADDWD   O2O6, Y10, Y10; \
	VPMADDWD   O2O6, Y11, Y11; \
	VPADDD     round, Y10, Y10; \
	VPADDD     round, Y11, Y11; \
	VPSRAD     shift, Y10, Y10; \
	VPSRAD     shift, Y11, Y11; \
	VPERM2I128 $0x01, Y5, Y5, Y8; \
	VPADDW     Y8, Y7, Y8; \
	VPERM2I128 $0x01, Y8, Y8, Y9; \
	VPUNPCKLWD Y9, Y8, Y0; \
	VPUNPCKHWD Y9, Y8, Y1; \
	VPMADDWD   Z3Z4, Y0, Y2; \
	VPMADDWD   Z3Z4, Y1, Y3; \
	VPMADDWD   Z4Z3, Y0, Y0; \
	VPMADDWD   Z4Z3, Y1, Y1; \
	VPADDD     round, Y2, Y2; \
	VPADDD     round, Y3, Y3; \
	VPADDD     round, Y0, Y0; \
	VPADDD     round, Y1, Y1; \
	VPUNPCKLWD Y5, Y7, Y8; \
	VPUNPCKHWD Y5, Y7, Y9; \
	VPACKSSDW  Y11, Y10, Y5; \
	VPMADDWD   O7O5, Y8, Y10; \
	VPMADDWD   O7O5, Y9, Y11; \
	VPMADDWD   O1O3, Y8, Y8; \
	VPMADDWD   O1O3, Y9, Y9; \
	VPADDD     Y2, Y10, Y10; \
	VPADDD     Y3, Y11, Y11; \
	VPADDD     Y0, Y8, Y8; \
	VPADDD     Y1, Y9, Y9; \
	VPSRAD     shift, Y10, Y10; \
	VPSRAD     shift, Y11, Y11; \
	VPSRAD     shift, Y8, Y8; \
	VPSRAD     shift, Y9, Y9; \
	VPACKSSDW  Y11, Y10, Y7; \
	VPACKSSDW  Y9, Y8, Y6

// TRANSPOSE makes the columns of rows: rows 0 and 4 in Y0, 1 and 5 in Y1, 2 and 6 in Y2, 3 and 7 in Y3; then columns as
// FDCT8 takes them.
#define TRANSPOSE \
	VPUNPCKLWD Y1, Y0, Y4; \
	VPUNPCKHWD Y1, Y0, Y5; \
	VPUNPCKLWD Y3, Y2, Y6; \
	VPUNPCKHWD Y3, Y2, Y7; \
	VPUNPCKLDQ Y6, Y4, Y0; \
	VPUNPCKHDQ Y6, Y4, Y1; \
	VPUNPCKLDQ Y7, Y5, Y2; \
	VPUNPCKHDQ Y7, Y5, Y3; \
	VPERMQ     $0xd8, Y0, Y0; \
	VPERMQ     $0x8d, Y1, Y1; \
	VPERMQ     $0xd8, Y2, Y2; \
	VPERMQ     $0x8d, Y3, Y3

// QUANTIZE divides the sixteen coefficients of two rows, stores them, and leaves words of ones in
// a where they are 0.
#define QUANTIZE(a, b, off) \
	VPABSW   a, b; \
	VPADDW   off+128(R8), b, b; \
	VPMULHUW off(R8), b, b; \
	VPMULHUW off+256(R8), b, b; \
	VPSIGNW  a, b, b; \
	VMOVDQU  b, off(DI); \
	VPCMPEQW Y15, b, a

// func transformAVX2(dst *[64]int16, src *byte, stride int, q *quantizer) (nonzero uint64)
TEXT ·transformAVX2(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ stride+16(FP), DX
	MOVQ q+24(FP), R8
	LEAQ (DX)(DX*2), CX
	LEAQ (SI)(DX*4), BX

	VMOVQ     (SI), X0
	VMOVQ     (SI)(DX*1), X1
	VMOVQ     (SI)(DX*2), X2
	VMOVQ     (SI)(CX*1), X3
	VPINSRQ   $1, (BX), X0, X0
	VPINSRQ   $1, (BX)(DX*1), X1, X1
	VPINSRQ   $1, (BX)(DX*2), X2, X2
	VPINSRQ   $1, (BX)(CX*1), X3, X3
	VPMOVZXBW X0, Y0
	VPMOVZXBW X1, Y1
	VPMOVZXBW X2, Y2
	VPMOVZXBW X3, Y3

	TRANSPOSE
	FDCT8(ROUND11, $11)
	VPSUBW LEVEL, Y4, Y0
	VPSLLW $2, Y0, Y0

	VPBLENDD   $0xf0, Y7, Y6, Y1
	VMOVDQA    Y5, Y2
	VPERM2I128 $0x21, Y7, Y6, Y3
	TRANSPOSE
	FDCT8(ROUND15, $15)
	VPADDW ROUND2, Y4, Y4
	VPSRAW $2, Y4, Y4

	VPERM2I128 $0x20, Y6, Y4, Y0
	VPBLENDD   $0xf0, Y6, Y5, Y1
	VPERM2I128 $0x31, Y7, Y4, Y2
	VPERM2I128 $0x21, Y7, Y5, Y3
	VPXOR      Y15, Y15, Y15
	QUANTIZE(Y0, Y4, 0)
	QUANTIZE(Y1, Y4, 32)
	QUANTIZE(Y2, Y4, 64)
	QUANTIZE(Y3, Y4, 96)

	// Bytes of ones for the zeros of rows 0 and 2, 1 and 3; then of two rows in both halves, in the order of the file.
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
	VPMOVMSKB  Y4, AX
	VPMOVMSKB  Y5, BX
	SHLQ       $32, BX
	ORQ        BX, AX
	NOTQ       AX
	MOVQ       AX, nonzero+32(FP)
	VZEROUPPER
	RET

// Red and green, and blue and green, of four pixels as 16-bit pairs.
DATA redGreen<>+0(SB)/8, $0xff04ff03ff01ff00
DATA redGreen<>+8(SB)/8, $0xff0aff09ff07ff06
GLOBL redGreen<>(SB), RODATA|NOPTR, $16
DATA blueGreen<>+0(SB)/8, $0xff04ff05ff01ff02
DATA blueGreen<>+8(SB)/8, $0xff0aff0bff07ff08
GLOBL blueGreen<>(SB), RODATA|NOPTR, $16

// The factors of (red, green) and (blue, green), the lower word first. That of green in Y, 38470,
// is parted into 22086 and 16384; a half of blue or red is a shift by 15.
DATA ofY<>+0(SB)/4, $0x56464c8b // 22086, 19595
DATA ofY<>+4(SB)/4, $0x40001d2f // 16384, 7471
DATA ofCb<>+0(SB)/4, $0xab33d4cd // -21709, -11059
DATA ofCr<>+0(SB)/4, $0x94d1eb2f // -27439, -5329
DATA rounds<>+0(SB)/4, $0x00008000
DATA rounds<>+4(SB)/4, $0x00807fff
GLOBL ofY<>(SB), RODATA|NOPTR, $8
GLOBL ofCb<>(SB), RODATA|NOPTR, $4
GLOBL ofCr<>(SB), RODATA|NOPTR, $4
GLOBL rounds<>(SB), RODATA|NOPTR, $8

// YCC converts eight of the pixels in x, which it destroys, to numbers in y, cb and cr.
#define YCC(x, y, cb, cr) \
	VPSHUFB  Y14, x, cb; \
	VPSHUFB  Y15, x, x; \
	VPMADDWD Y8, cb, y; \
	VPMADDWD Y9, x, cr; \
	VPADDD   cr, y, y; \
	VPADDD   Y12, y, y; \
	VPSRLD   $16, y, y; \
	VPMADDWD Y11, x, cr; \
	VPSLLD   $16, cb, Y7; \
	VPSRLD   $1, Y7, Y7; \
	VPADDD   Y7, cr, cr; \
	VPADDD   Y13, cr, cr; \
	VPSRLD   $16, cr, cr; \
	VPMADDWD Y10, cb, cb; \
	VPSLLD   $16, x, x; \
	VPSRLD   $1, x, x; \
	VPADDD   x, cb, cb; \
	VPADDD   Y13, cb, cb; \
	VPSRLD   $16, cb, cb

// BYTES stores two registers of numbers as 16 bytes.
#define BYTES(a, b, xa, to) \
	VPACKUSDW    b, a, a; \
	VPERMQ       $0xd8, a, a; \
	VEXTRACTI128 $1, a, X7; \
	VPACKUSWB    X7, xa, xa; \
	VMOVDQU      xa, (to)

// func yccAVX2(luma, cb, cr, rgb *byte, n int)
TEXT ·yccAVX2(SB), NOSPLIT, $0-40
	MOVQ luma+0(FP), DI
	MOVQ cb+8(FP), R8
	MOVQ cr+16(FP), R9
	MOVQ rgb+24(FP), SI
	MOVQ n+32(FP), CX

	VPBROADCASTD   ofY<>+0(SB), Y8
	VPBROADCASTD   ofY<>+4(SB), Y9
	VPBROADCASTD   ofCb<>(SB), Y10
	VPBROADCASTD   ofCr<>(SB), Y11
	VPBROADCASTD   rounds<>+0(SB), Y12
	VPBROADCASTD   rounds<>+4(SB), Y13
	VBROADCASTI128 redGreen<>(SB), Y14
	VBROADCASTI128 blueGreen<>(SB), Y15

pixels:
	VMOVDQU     (SI), X0
	VINSERTI128 $1, 12(SI), Y0, Y0
	YCC(Y0, Y1, Y2, Y3)
	VMOVDQU     24(SI), X0
	VINSERTI128 $1, 36(SI), Y0, Y0
	YCC(Y0, Y4, Y5, Y6)
	BYTES(Y1, Y4, X1, DI)
	BYTES(Y2, Y5, X2, R8)
	BYTES(Y3, Y6, X3, R9)
	ADDQ        $48, SI
	ADDQ        $16, DI
	ADDQ        $16, R8
	ADDQ        $16, R9
	SUBQ        $16, CX
	JNZ         pixels
	VZEROUPPER
	RET

// func halveAVX2(dst, a, b *byte, n int)
TEXT ·halveAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX

	MOVL         $0x01010101, AX // ones, to add neighbours
	VMOVD        AX, X8
	VPBROADCASTD X8, Y8
	MOVL         $0x00020001, AX // the rounding of even and odd columns
	VMOVD        AX, X9
	VPBROADCASTD X9, Y9

samples:
	VMOVDQU      (SI), Y0
	VMOVDQU      (DX), Y1
	VPMADDUBSW   Y8, Y0, Y0
	VPMADDUBSW   Y8, Y1, Y1
	VPADDW       Y1, Y0, Y0
	VPADDW       Y9, Y0, Y0
	VPSRLW       $2, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPACKUSWB    X1, X0, X0
	VMOVDQU      X0, (DI)
	ADDQ         $32, SI
	ADDQ         $32, DX
	ADDQ         $16, DI
	SUBQ         $16, CX
	JNZ          samples
	VZEROUPPER
	RET
