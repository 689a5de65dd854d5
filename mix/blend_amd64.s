//go:build amd64 && !noasm

#include "textflag.h"

// LERP multiplies the differences d of 16 bytes, in words, by λ, rounds the products to whole
// numbers, and leaves them in d, in words. A word of 128·d and one of d are a pair, which VPMADDWD multiplies by
// the upper 15 and the lower 7 bits of λ. It destroys x and y.
#define LERP(d, x, y) \
	VPSLLW     $7, d, x; \
	VPUNPCKHWD d, x, y; \
	VPUNPCKLWD d, x, x; \
	VPMADDWD   Y13, x, x; \
	VPMADDWD   Y13, y, y; \
	VPADDD     Y14, x, x; \
	VPADDD     Y14, y, y; \
	VPSRAD     $22, x, x; \
	VPSRAD     $22, y, y; \
	VPACKSSDW  y, x, d

// func blendAVX2(dst, t, s *byte, n int, lam int32)
//
// Unpacking and packing both work in halves of 128 bits, so that bytes come back to their places.
TEXT ·blendAVX2(SB), NOSPLIT, $0-36
	MOVQ dst+0(FP), DI
	MOVQ t+8(FP), R8
	MOVQ s+16(FP), R9
	MOVQ n+24(FP), CX
	MOVL lam+32(FP), AX

	MOVL         AX, BX
	SHRL         $7, AX
	ANDL         $127, BX
	SHLL         $16, BX
	ORL          BX, AX
	VMOVD        AX, X13
	VPBROADCASTD X13, Y13
	MOVL         $0x200000, AX
	VMOVD        AX, X14
	VPBROADCASTD X14, Y14
	VPXOR        Y15, Y15, Y15
	XORQ         SI, SI

loop:
	VMOVDQU    (R8)(SI*1), Y0
	VMOVDQU    (R9)(SI*1), Y2
	VPUNPCKHBW Y15, Y0, Y1
	VPUNPCKLBW Y15, Y0, Y0
	VPUNPCKHBW Y15, Y2, Y3
	VPUNPCKLBW Y15, Y2, Y2
	VPSUBW     Y2, Y0, Y0
	VPSUBW     Y3, Y1, Y1
	LERP(Y0, Y4, Y5)
	LERP(Y1, Y6, Y7)
	VPADDW     Y2, Y0, Y0
	VPADDW     Y3, Y1, Y1
	VPACKUSWB  Y1, Y0, Y0
	VMOVDQU    Y0, (DI)(SI*1)
	ADDQ       $32, SI
	CMPQ       SI, CX
	JLT        loop

	VZEROUPPER
	RET
