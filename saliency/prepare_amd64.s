//go:build amd64 && !noasm

#include "textflag.h"

// Bytes 0 and 1 of four 3-byte pixels as words, and byte 2 as a double word, in both lanes.
DATA pair<>+0(SB)/8, $0x8004800380018000
DATA pair<>+8(SB)/8, $0x800a800980078006
DATA pair<>+16(SB)/8, $0x8004800380018000
DATA pair<>+24(SB)/8, $0x800a800980078006
GLOBL pair<>(SB), RODATA|NOPTR, $32

DATA third<>+0(SB)/8, $0x8080800580808002
DATA third<>+8(SB)/8, $0x8080800b80808008
DATA third<>+16(SB)/8, $0x8080800580808002
DATA third<>+24(SB)/8, $0x8080800b80808008
GLOBL third<>(SB), RODATA|NOPTR, $32

// The order of double words that undoes two packs within lanes.
DATA unpack<>+0(SB)/8, $0x0000000400000000
DATA unpack<>+8(SB)/8, $0x0000000500000001
DATA unpack<>+16(SB)/8, $0x0000000600000002
DATA unpack<>+24(SB)/8, $0x0000000700000003
GLOBL unpack<>(SB), RODATA|NOPTR, $32

// LUMA8 sets y to the luma of the 8 pixels at off(SI), as double words.
#define LUMA8(off, x, y, t) \
	VMOVDQU     off(SI), x          \
	VINSERTI128 $1, (off+12)(SI), y, y \
	VPSHUFB     Y9, y, t            \
	VPSHUFB     Y10, y, y           \
	VPMADDWD    Y11, t, t           \
	VPMADDWD    Y12, y, y           \
	VPADDD      Y13, t, t           \
	VPADDD      t, y, y             \
	VPSRLD      $15, y, y

// func lumaAVX2(dst, pix *uint8, n int, weights *lumaWeights)
//
//	for i := range n {
//		dst[i] = (pix[3i]*w[0] + pix[3i+1]*w[1] + pix[3i+2]*w[2] + 1<<14) >> 15
//	}
TEXT ·lumaAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ pix+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ weights+24(FP), R8

	VMOVDQU pair<>(SB), Y9
	VMOVDQU third<>(SB), Y10
	VMOVDQU unpack<>(SB), Y14

	MOVL         4(R8), AX
	SHLL         $16, AX
	ORL          (R8), AX
	VMOVD        AX, X11
	VPBROADCASTD X11, Y11 // w0 and w1 as words
	VPBROADCASTD 8(R8), Y12 // w2 and 0
	MOVL         $0x4000, AX
	VMOVD        AX, X13
	VPBROADCASTD X13, Y13

loop:
	LUMA8(0, X0, Y0, Y4)
	LUMA8(24, X1, Y1, Y5)
	LUMA8(48, X2, Y2, Y6)
	LUMA8(72, X3, Y3, Y7)
	VPACKUSDW Y1, Y0, Y0
	VPACKUSDW Y3, Y2, Y2
	VPACKUSWB Y2, Y0, Y0
	VPERMD    Y0, Y14, Y0
	VMOVDQU   Y0, (DI)
	ADDQ      $96, SI
	ADDQ      $32, DI
	SUBQ      $32, CX
	JNZ       loop

	VZEROUPPER
	RET

// func blurRowAVX2(dst, up, mid, down *uint8, tmp *uint16, w int)
//
//	for x := range w {
//		tmp[x+1] = up[x] + 2*mid[x] + down[x]
//	}
//	tmp[0], tmp[w+1] = tmp[2], tmp[w-1]
//	for x := range w {
//		dst[x] = (tmp[x] + 2*tmp[x+1] + tmp[x+2] + 8) >> 4
//	}
//
// Where the last 16 pixels overlap those before, they are computed again.
TEXT ·blurRowAVX2(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ up+8(FP), R8
	MOVQ mid+16(FP), R9
	MOVQ down+24(FP), R10
	MOVQ tmp+32(FP), R11
	MOVQ w+40(FP), DX
	LEAQ -16(DX), CX // the last x

	XORQ SI, SI

vertical:
	VPMOVZXBW (R8)(SI*1), Y0
	VPMOVZXBW (R9)(SI*1), Y1
	VPMOVZXBW (R10)(SI*1), Y2
	VPADDW    Y1, Y1, Y1
	VPADDW    Y0, Y2, Y2
	VPADDW    Y1, Y2, Y2
	VMOVDQU   Y2, 2(R11)(SI*2)
	CMPQ      SI, CX
	JGE       mirror
	ADDQ      $16, SI
	CMPQ      SI, CX
	CMOVQGT   CX, SI
	JMP       vertical

mirror:
	MOVW 4(R11), AX
	MOVW AX, (R11)
	MOVW -2(R11)(DX*2), AX
	MOVW AX, 2(R11)(DX*2)

	MOVL         $8, AX
	VMOVD        AX, X15
	VPBROADCASTW X15, Y15
	XORQ         SI, SI

horizontal:
	VMOVDQU   2(R11)(SI*2), Y0
	VPADDW    Y0, Y0, Y0
	VPADDW    Y15, Y0, Y0
	VPADDW    (R11)(SI*2), Y0, Y0
	VPADDW    4(R11)(SI*2), Y0, Y0
	VPSRLW    $4, Y0, Y0
	VPACKUSWB Y0, Y0, Y0
	VPERMQ    $0xd8, Y0, Y0
	VMOVDQU   X0, (DI)(SI*1)
	CMPQ      SI, CX
	JGE       done
	ADDQ      $16, SI
	CMPQ      SI, CX
	CMOVQGT   CX, SI
	JMP       horizontal

done:
	VZEROUPPER
	RET
