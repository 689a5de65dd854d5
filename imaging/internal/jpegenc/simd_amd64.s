//go:build amd64 && !noasm

#include "textflag.h"

// The rows of ·factors.
#define F0298 ·factors+0(SB)
#define F0390 ·factors+32(SB)
#define F0541 ·factors+64(SB)
#define F0765 ·factors+96(SB)
#define F0899 ·factors+128(SB)
#define F1175 ·factors+160(SB)
#define F1501 ·factors+192(SB)
#define F1847 ·factors+224(SB)
#define F1961 ·factors+256(SB)
#define F2053 ·factors+288(SB)
#define F2562 ·factors+320(SB)
#define F3072 ·factors+352(SB)
#define ROUND11 ·factors+384(SB)
#define ROUND15 ·factors+416(SB)
#define ROUND2 ·factors+448(SB)

// FDCT8 is fdct8 for eight rows at once, register i holding their samples i, then their outputs.
#define FDCT8(round, shift) \
	VPADDD  Y7, Y0, Y8; \
	VPSUBD  Y7, Y0, Y7; \
	VPADDD  Y6, Y1, Y9; \
	VPSUBD  Y6, Y1, Y6; \
	VPADDD  Y5, Y2, Y10; \
	VPSUBD  Y5, Y2, Y5; \
	VPADDD  Y4, Y3, Y11; \
	VPSUBD  Y4, Y3, Y4; \
	VPADDD  Y11, Y8, Y12; \
	VPSUBD  Y11, Y8, Y8; \
	VPADDD  Y10, Y9, Y13; \
	VPSUBD  Y10, Y9, Y9; \
	VPADDD  Y13, Y12, Y0; \
	VPSUBD  Y13, Y12, Y14; \
	VPADDD  Y8, Y9, Y10; \
	VPMULLD F0541, Y10, Y10; \
	VPADDD  round, Y10, Y10; \
	VPMULLD F0765, Y8, Y2; \
	VPADDD  Y10, Y2, Y2; \
	VPSRAD  shift, Y2, Y2; \
	VPMULLD F1847, Y9, Y15; \
	VPSUBD  Y15, Y10, Y15; \
	VPSRAD  shift, Y15, Y15; \
	VPADDD  Y7, Y4, Y8; \
	VPADDD  Y6, Y5, Y9; \
	VPADDD  Y6, Y4, Y10; \
	VPADDD  Y7, Y5, Y11; \
	VPADDD  Y11, Y10, Y12; \
	VPMULLD F1175, Y12, Y12; \
	VPADDD  round, Y12, Y12; \
	VPMULLD F0298, Y4, Y4; \
	VPMULLD F2053, Y5, Y5; \
	VPMULLD F3072, Y6, Y6; \
	VPMULLD F1501, Y7, Y7; \
	VPMULLD F0899, Y8, Y8; \
	VPMULLD F2562, Y9, Y9; \
	VPMULLD F1961, Y10, Y10; \
	VPMULLD F0390, Y11, Y11; \
	VPSUBD  Y10, Y12, Y10; \
	VPSUBD  Y11, Y12, Y11; \
	VPADDD  Y11, Y7, Y1; \
	VPSUBD  Y8, Y1, Y1; \
	VPSRAD  shift, Y1, Y1; \
	VPADDD  Y10, Y6, Y3; \
	VPSUBD  Y9, Y3, Y3; \
	VPSRAD  shift, Y3, Y3; \
	VPADDD  Y10, Y4, Y7; \
	VPSUBD  Y8, Y7, Y7; \
	VPSRAD  shift, Y7, Y7; \
	VPADDD  Y11, Y5, Y5; \
	VPSUBD  Y9, Y5, Y5; \
	VPSRAD  shift, Y5, Y5; \
	VMOVDQA Y14, Y4; \
	VMOVDQA Y15, Y6

// TRANSPOSE exchanges rows and columns of the 8×8 numbers in Y0 to Y7.
#define TRANSPOSE \
	VPUNPCKLDQ  Y1, Y0, Y8; \
	VPUNPCKHDQ  Y1, Y0, Y9; \
	VPUNPCKLDQ  Y3, Y2, Y10; \
	VPUNPCKHDQ  Y3, Y2, Y11; \
	VPUNPCKLDQ  Y5, Y4, Y12; \
	VPUNPCKHDQ  Y5, Y4, Y13; \
	VPUNPCKLDQ  Y7, Y6, Y14; \
	VPUNPCKHDQ  Y7, Y6, Y15; \
	VPUNPCKLQDQ Y10, Y8, Y0; \
	VPUNPCKHQDQ Y10, Y8, Y1; \
	VPUNPCKLQDQ Y11, Y9, Y2; \
	VPUNPCKHQDQ Y11, Y9, Y3; \
	VPUNPCKLQDQ Y14, Y12, Y4; \
	VPUNPCKHQDQ Y14, Y12, Y5; \
	VPUNPCKLQDQ Y15, Y13, Y6; \
	VPUNPCKHQDQ Y15, Y13, Y7; \
	VPERM2I128  $0x20, Y4, Y0, Y8; \
	VPERM2I128  $0x20, Y5, Y1, Y9; \
	VPERM2I128  $0x20, Y6, Y2, Y10; \
	VPERM2I128  $0x20, Y7, Y3, Y11; \
	VPERM2I128  $0x31, Y4, Y0, Y4; \
	VPERM2I128  $0x31, Y5, Y1, Y5; \
	VPERM2I128  $0x31, Y6, Y2, Y6; \
	VPERM2I128  $0x31, Y7, Y3, Y7; \
	VMOVDQA     Y8, Y0; \
	VMOVDQA     Y9, Y1; \
	VMOVDQA     Y10, Y2; \
	VMOVDQA     Y11, Y3

// QUANTIZE divides the sixteen coefficients of two rows, stores them, and leaves words of ones in
// a where they are 0.
#define QUANTIZE(a, b, off) \
	VPACKSSDW b, a, a; \
	VPERMQ    $0xd8, a, a; \
	VPABSW    a, b; \
	VPADDW    off+128(R8), b, b; \
	VPMULHUW  off(R8), b, b; \
	VPMULHUW  off+256(R8), b, b; \
	VPSIGNW   a, b, b; \
	VMOVDQU   b, off(DI); \
	VPCMPEQW  Y15, b, a

// func transformAVX2(dst *[64]int16, src *byte, stride int, q *quantizer) (nonzero uint64)
TEXT ·transformAVX2(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ stride+16(FP), DX
	MOVQ q+24(FP), R8
	LEAQ (DX)(DX*2), CX

	VPMOVZXBD (SI), Y0
	VPMOVZXBD (SI)(DX*1), Y1
	VPMOVZXBD (SI)(DX*2), Y2
	VPMOVZXBD (SI)(CX*1), Y3
	LEAQ      (SI)(DX*4), SI
	VPMOVZXBD (SI), Y4
	VPMOVZXBD (SI)(DX*1), Y5
	VPMOVZXBD (SI)(DX*2), Y6
	VPMOVZXBD (SI)(CX*1), Y7

	TRANSPOSE
	FDCT8(ROUND11, $11)

	// Less 8·128, the level shift of the samples.
	VPCMPEQD Y8, Y8, Y8
	VPSLLD   $10, Y8, Y8
	VPADDD   Y8, Y0, Y0
	VPSLLD   $2, Y0, Y0
	VPSLLD   $2, Y4, Y4

	TRANSPOSE
	FDCT8(ROUND15, $15)
	VPADDD ROUND2, Y0, Y0
	VPSRAD $2, Y0, Y0
	VPADDD ROUND2, Y4, Y4
	VPSRAD $2, Y4, Y4

	VPXOR     Y15, Y15, Y15
	QUANTIZE(Y0, Y1, 0)
	QUANTIZE(Y2, Y3, 32)
	QUANTIZE(Y4, Y5, 64)
	QUANTIZE(Y6, Y7, 96)
	VPACKSSWB Y2, Y0, Y0
	VPERMQ    $0xd8, Y0, Y0
	VPMOVMSKB Y0, AX
	VPACKSSWB Y6, Y4, Y4
	VPERMQ    $0xd8, Y4, Y4
	VPMOVMSKB Y4, BX
	SHLQ      $32, BX
	ORQ       BX, AX
	NOTQ      AX
	MOVQ      AX, nonzero+32(FP)
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
