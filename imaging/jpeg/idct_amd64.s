//go:build amd64 && !noasm

#include "textflag.h"

// Pairs of 16-bit factors for VPMADDWD, with 13 fractional bits; see idctGo for the constants.
// Which samples they meet stands behind.
DATA even3<>+0(SB)/4, $0x115129cf   // in2·(c0541+c0765) + in6·c0541
DATA even2<>+0(SB)/4, $0xd6301151   // in2·c0541 + in6·(c0541−c1847)
DATA odd3<>+0(SB)/4, $0xe6dc25a1    // z4·c1175 + z3·(c1175−c1961)
DATA odd4<>+0(SB)/4, $0x25a11925    // z4·(c1175−c0390) + z3·c1175
DATA odd17a<>+0(SB)/4, $0xecc1e333  // −in1·c0899 + in7·(c0298−c0899)
DATA odd17b<>+0(SB)/4, $0xe333133e  // in1·(c1501−c0899) − in7·c0899
DATA odd53a<>+0(SB)/4, $0xadfdefb0  // in5·(c2053−c2562) − in3·c2562
DATA odd53b<>+0(SB)/4, $0x1051adfd  // −in5·c2562 + in3·(c3072−c2562)
DATA round11<>+0(SB)/4, $0x00000400
DATA round18<>+0(SB)/4, $0x00020000
DATA center<>+0(SB)/4, $0x80808080
GLOBL even3<>(SB), RODATA|NOPTR, $4
GLOBL even2<>(SB), RODATA|NOPTR, $4
GLOBL odd3<>(SB), RODATA|NOPTR, $4
GLOBL odd4<>(SB), RODATA|NOPTR, $4
GLOBL odd17a<>(SB), RODATA|NOPTR, $4
GLOBL odd17b<>(SB), RODATA|NOPTR, $4
GLOBL odd53a<>(SB), RODATA|NOPTR, $4
GLOBL odd53b<>(SB), RODATA|NOPTR, $4
GLOBL round11<>(SB), RODATA|NOPTR, $4
GLOBL round18<>(SB), RODATA|NOPTR, $4
GLOBL center<>(SB), RODATA|NOPTR, $4

// Interleaves the 16-bit words of the two halves of 16 bytes.
DATA pairs<>+0(SB)/8, $0x0b0a030209080100
DATA pairs<>+8(SB)/8, $0x0f0e07060d0c0504
GLOBL pairs<>(SB), RODATA|NOPTR, $16

// MADD sets dst to the sums of the products of the pairs in src with a constant. It destroys Y15.
#define MADD(const, src, dst) \
	VPBROADCASTD const<>(SB), Y15; \
	VPMADDWD Y15, src, dst

// PASS is one pass of the transform, for 8 columns at once (the second pass: rows). In: the words
// in0 in X0, in4 in X1, and the pairs in2,in6 in Y2, in1,in7 in Y3, in5,in3 in Y4, columns 0–3 in
// the lower half. Out: the results, packed with saturation, columns 0–3 in the lower half:
// 0,4 in Y0, 1,5 in Y1, 2,6 in Y2, 3,7 in Y3.
#define PASS(round, shift) \
	VPBROADCASTD round<>(SB), Y15; \
	VPADDW X1, X0, X5; \
	VPSUBW X1, X0, X6; \
	VPMOVSXWD X5, Y5; \
	VPMOVSXWD X6, Y6; \
	VPSLLD $13, Y5, Y5; \
	VPSLLD $13, Y6, Y6; \
	VPADDD Y15, Y5, Y5; \
	VPADDD Y15, Y6, Y6; \
	MADD(even3, Y2, Y7); \
	MADD(even2, Y2, Y8); \
	VPADDD Y7, Y5, Y9; \
	VPSUBD Y7, Y5, Y10; \
	VPADDD Y8, Y6, Y11; \
	VPSUBD Y8, Y6, Y12; \
	VPADDW Y3, Y4, Y5; \
	MADD(odd3, Y5, Y6); \
	MADD(odd4, Y5, Y7); \
	MADD(odd17a, Y3, Y0); \
	MADD(odd17b, Y3, Y1); \
	MADD(odd53a, Y4, Y2); \
	MADD(odd53b, Y4, Y3); \
	VPADDD Y6, Y0, Y0; \
	VPADDD Y7, Y1, Y1; \
	VPADDD Y7, Y2, Y2; \
	VPADDD Y6, Y3, Y3; \
	VPADDD Y1, Y9, Y4; \
	VPSUBD Y1, Y9, Y5; \
	VPADDD Y3, Y11, Y6; \
	VPSUBD Y3, Y11, Y7; \
	VPADDD Y2, Y12, Y8; \
	VPSUBD Y2, Y12, Y13; \
	VPADDD Y0, Y10, Y14; \
	VPSUBD Y0, Y10, Y15; \
	VPSRAD $shift, Y4, Y4; \
	VPSRAD $shift, Y5, Y5; \
	VPSRAD $shift, Y6, Y6; \
	VPSRAD $shift, Y7, Y7; \
	VPSRAD $shift, Y8, Y8; \
	VPSRAD $shift, Y13, Y13; \
	VPSRAD $shift, Y14, Y14; \
	VPSRAD $shift, Y15, Y15; \
	VPACKSSDW Y15, Y4, Y0; \
	VPACKSSDW Y13, Y6, Y1; \
	VPACKSSDW Y7, Y8, Y2; \
	VPACKSSDW Y5, Y14, Y3

// TRANSPOSE turns the results of PASS into columns: 0 and 4 in the halves of Y0, 1 and 5 in Y1,
// 2 and 6 in Y2, 3 and 7 in Y3.
#define TRANSPOSE \
	VPUNPCKLWD Y1, Y0, Y4; \
	VPUNPCKHWD Y1, Y0, Y5; \
	VPUNPCKLWD Y3, Y2, Y6; \
	VPUNPCKHWD Y3, Y2, Y7; \
	VPUNPCKLDQ Y6, Y4, Y8; \
	VPUNPCKHDQ Y6, Y4, Y9; \
	VPUNPCKLDQ Y7, Y5, Y10; \
	VPUNPCKHDQ Y7, Y5, Y11; \
	VPUNPCKLQDQ Y10, Y8, Y0; \
	VPUNPCKHQDQ Y10, Y8, Y1; \
	VPUNPCKLQDQ Y11, Y9, Y2; \
	VPUNPCKHQDQ Y11, Y9, Y3

// PAIR makes pairs of the words in the halves of src, words 0–3 in the lower half of dst, with the
// shuffle in Y15.
#define PAIR(src, dst) \
	VPERMQ $0xd8, src, dst; \
	VPSHUFB Y15, dst, dst

// func idctAVX2(out *byte, stride int, blk *[64]int16, q *[64]uint16)
TEXT ·idctAVX2(SB), NOSPLIT, $0-32
	MOVQ out+0(FP), DI
	MOVQ stride+8(FP), DX
	MOVQ blk+16(FP), SI
	MOVQ q+24(FP), BX

	VMOVDQU 0(SI), Y0
	VMOVDQU 32(SI), Y1
	VMOVDQU 64(SI), Y2
	VMOVDQU 96(SI), Y3
	VEXTRACTI128 $1, Y0, X4
	VPOR Y1, Y2, Y5
	VPOR Y3, Y4, Y4
	VPOR Y5, Y4, Y4
	VPTEST Y4, Y4
	JZ flat

	VPMULLW 0(BX), Y0, Y0
	VPMULLW 32(BX), Y1, Y1
	VPMULLW 64(BX), Y2, Y2
	VPMULLW 96(BX), Y3, Y3
	VBROADCASTI128 pairs<>(SB), Y15
	VPERM2I128 $0x20, Y3, Y1, Y6
	VPERM2I128 $0x31, Y3, Y0, Y7
	VPERM2I128 $0x31, Y1, Y2, Y8
	VMOVDQA X2, X1
	PAIR(Y6, Y2)
	PAIR(Y7, Y3)
	PAIR(Y8, Y4)
	PASS(round11, 11)

rows:
	TRANSPOSE
	VBROADCASTI128 pairs<>(SB), Y15
	VPBLENDD $0xf0, Y3, Y1, Y4
	VPERM2I128 $0x21, Y3, Y1, Y5
	VEXTRACTI128 $1, Y0, X1
	PAIR(Y2, Y2)
	PAIR(Y4, Y3)
	PAIR(Y5, Y4)
	PASS(round18, 18)
	TRANSPOSE
	VPBROADCASTD center<>(SB), Y4
	VPACKSSWB Y1, Y0, Y0
	VPACKSSWB Y3, Y2, Y2
	VPXOR Y4, Y0, Y0
	VPXOR Y4, Y2, Y2

	LEAQ (DI)(DX*4), R8
	LEAQ (DX)(DX*2), R9
	VEXTRACTI128 $1, Y0, X1
	VEXTRACTI128 $1, Y2, X3
	VMOVQ X0, (DI)
	VMOVHPS X0, (DI)(DX*1)
	VMOVQ X2, (DI)(DX*2)
	VMOVHPS X2, (DI)(R9*1)
	VMOVQ X1, (R8)
	VMOVHPS X1, (R8)(DX*1)
	VMOVQ X3, (R8)(DX*2)
	VMOVHPS X3, (R8)(R9*1)
	VZEROUPPER
	RET

flat:
	// Only the first row holds anything: every row of the first pass is it, times 4.
	VPMULLW (BX), X0, X0
	VPSLLW $2, X0, X0
	VPERMQ $0x50, Y0, Y0
	VMOVDQA Y0, Y1
	VMOVDQA Y0, Y2
	VMOVDQA Y0, Y3
	JMP rows
