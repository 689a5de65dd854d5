//go:build amd64 && !noasm

#include "textflag.h"

// func prefixRowAVX2(dst *float32, acc *int32, gray *uint8, w int)
//
//	sum := 0
//	for x := range w {
//		sum += gray[x]
//		acc[x] += sum
//		dst[x] = float32(acc[x])
//	}
//	for x := range 112 {
//		dst[w+x] = dst[w-1]
//	}
//
// Eight at a time; what is computed beyond the row falls into the edge, which is written last.
TEXT ·prefixRowAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ acc+8(FP), R8
	MOVQ gray+16(FP), R9
	MOVQ w+24(FP), CX

	VPXOR X15, X15, X15
	VPXOR Y14, Y14, Y14 // the sum so far, 8 times
	XORQ  SI, SI

loop:
	VMOVQ        (R9)(SI*1), X0
	VPSADBW      X15, X0, X1
	VPMOVZXBW    X0, X0
	VPSLLDQ      $2, X0, X2
	VPADDW       X2, X0, X0
	VPSLLDQ      $4, X0, X2
	VPADDW       X2, X0, X0
	VPSLLDQ      $8, X0, X2
	VPADDW       X2, X0, X0
	VPMOVZXWD    X0, Y0
	VPBROADCASTD X1, Y1
	VPADDD       Y14, Y0, Y0
	VPADDD       Y1, Y14, Y14
	VPADDD       (R8)(SI*4), Y0, Y0
	VMOVDQU      Y0, (R8)(SI*4)
	VCVTDQ2PS    Y0, Y0
	VMOVUPS      Y0, (DI)(SI*4)
	ADDQ         $8, SI
	CMPQ         SI, CX
	JLT          loop

	LEAQ         (DI)(CX*4), DI
	VBROADCASTSS -4(DI), Y0
	VMOVUPS      Y0, 0(DI)
	VMOVUPS      Y0, 32(DI)
	VMOVUPS      Y0, 64(DI)
	VMOVUPS      Y0, 96(DI)
	VMOVUPS      Y0, 128(DI)
	VMOVUPS      Y0, 160(DI)
	VMOVUPS      Y0, 192(DI)
	VMOVUPS      Y0, 224(DI)
	VMOVUPS      Y0, 256(DI)
	VMOVUPS      Y0, 288(DI)
	VMOVUPS      Y0, 320(DI)
	VMOVUPS      Y0, 352(DI)
	VMOVUPS      Y0, 384(DI)
	VMOVUPS      Y0, 416(DI)

	VZEROUPPER
	RET

// WINDOW adds the contrast of 8 pixels at scale number k of half width n: differences to Y5, the
// positive ones to Y4. Y0 holds the gray values, Y14 zeros, Y15 ones. Y1 becomes the sum over the
// window, Y2 its area. R11 is the integral image, CX the widths of the scale, R13 how many
// bytes those of the next are further on.
#define WINDOW(k, n) \
	MOVQ         (24*k+0)(DX), AX        \
	MOVQ         (24*k+8)(DX), BX        \
	ADDQ         R11, AX                 \
	ADDQ         R11, BX                 \
	VMOVUPS      (8*n)(BX)(SI*4), Y1     \
	VADDPS       (AX)(SI*4), Y1, Y1      \
	VSUBPS       (BX)(SI*4), Y1, Y1      \
	VSUBPS       (8*n)(AX)(SI*4), Y1, Y1 \
	VBROADCASTSS (24*k+16)(DX), Y2       \
	VMULPS       (CX)(SI*4), Y2, Y2      \
	ADDQ         R13, CX                 \
	VMULPS       Y2, Y0, Y3              \
	VSUBPS       Y1, Y3, Y3              \
	VSUBPS       Y15, Y2, Y2             \
	VDIVPS       Y2, Y3, Y3              \
	VCVTTPS2DQ   Y3, Y3                  \
	VPADDD       Y3, Y5, Y5              \
	VPMAXSD      Y14, Y3, Y3             \
	VPADDD       Y3, Y4, Y4

// func windowRowAVX2(on, off *uint16, gray *uint8, sums, widths *float32, args *windowArgs, w int) uint32
//
//	for x := range w {
//		on[x], off[x] = 0, 0
//		for k, n := range scales {
//			above, below := &sums[args[k].above/4], &sums[args[k].below/4]
//			left, right := x, x+2n
//			v := below[right] + above[left] - below[left] - above[right]
//			area := widths[k*w+x] * args[k].height
//			d := int32((float32(gray[x])*area - v) / (area - 1))
//			on[x] += max(d, 0)
//			off[x] += max(-d, 0)
//		}
//	}
//
// OFF is ON minus the sum of the differences. Where the last 8 pixels overlap those before, they
// are computed again.
TEXT ·windowRowAVX2(SB), NOSPLIT, $0-60
	MOVQ on+0(FP), DI
	MOVQ off+8(FP), R8
	MOVQ gray+16(FP), R9
	MOVQ sums+24(FP), R11
	MOVQ widths+32(FP), R12
	MOVQ args+40(FP), DX
	MOVQ w+48(FP), R10
	LEAQ (R10*4), R13
	SUBQ $8, R10 // the last x

	VPXOR        Y14, Y14, Y14
	MOVL         $0x3f800000, AX
	VMOVD        AX, X15
	VPBROADCASTD X15, Y15
	VPXOR        Y13, Y13, Y13 // maxima
	XORQ         SI, SI

loop:
	VPMOVZXBD (R9)(SI*1), Y0
	VCVTDQ2PS Y0, Y0
	VPXOR     Y4, Y4, Y4
	VPXOR     Y5, Y5, Y5
	MOVQ      R12, CX

	WINDOW(0, 12)
	WINDOW(1, 24)
	WINDOW(2, 28)
	WINDOW(3, 48)
	WINDOW(4, 56)
	WINDOW(5, 112)

	VPSUBD       Y5, Y4, Y5
	VPACKUSDW    Y5, Y4, Y4 // per lane: 4 of ON, 4 of OFF
	VPMAXUW      Y4, Y13, Y13
	VPERMQ       $0xd8, Y4, Y4
	VMOVDQU      X4, (DI)(SI*2)
	VEXTRACTI128 $1, Y4, (R8)(SI*2)

	CMPQ    SI, R10
	JGE     done
	ADDQ    $8, SI
	CMPQ    SI, R10
	CMOVQGT R10, SI
	JMP     loop

done:
	VEXTRACTI128 $1, Y13, X0
	VPMAXUW      X0, X13, X13
	VPSRLQ       $32, X13, X0
	VPMAXUW      X0, X13, X13
	VPSRLQ       $16, X13, X0
	VPMAXUW      X0, X13, X13
	VPEXTRW      $0, X13, AX
	VPEXTRW      $4, X13, BX
	SHLL         $16, BX
	ORL          BX, AX
	MOVL         AX, ret+56(FP)
	VZEROUPPER
	RET
