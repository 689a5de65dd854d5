//go:build amd64 && !noasm

#include "textflag.h"

// Both kernels split a weight k of 23 bits and sign into k>>8, which fits 16 bits, and k&255, and
// multiply 16-bit pairs (VPMADDWD). The sum of the upper products, shifted left by 8, and the sum
// of the lower ones are the sum of the plain Go kernels modulo 2³², which is what those compute.

// Samples of taps 0 and 1, and of taps 2 and 3, of RGB pixels as 16-bit pairs, channel by channel.
DATA taps01<>+0(SB)/8, $0xff04ff01ff03ff00
DATA taps01<>+8(SB)/8, $0xffffffffff05ff02
GLOBL taps01<>(SB), RODATA|NOPTR, $16
DATA taps23<>+0(SB)/8, $0xff0aff07ff09ff06
DATA taps23<>+8(SB)/8, $0xffffffffff0bff08
GLOBL taps23<>(SB), RODATA|NOPTR, $16

// The first three of every four bytes.
DATA three<>+0(SB)/8, $0x0908060504020100
DATA three<>+8(SB)/8, $0xffffffff0e0d0c0a
GLOBL three<>(SB), RODATA|NOPTR, $16

// TWO adds two taps of two pixels, the samples of which mask picks from Y4, to Y0 (upper
// products) and Y1 (lower). It destroys Y5 and Y6.
#define TWO(mask, off) \
	VPSHUFB  mask, Y4, Y5; \
	VPMADDWD off(R9), Y5, Y6; \
	VPADDD   Y6, Y0, Y0; \
	VPMADDWD off+32(R9), Y5, Y5; \
	VPADDD   Y5, Y1, Y1

// func horizontalAVX2(dst, src *byte, quads int, offsets *int32, k *uint32, groups, pair int)
TEXT ·horizontalAVX2(SB), NOSPLIT, $0-56
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ quads+16(FP), CX
	MOVQ offsets+24(FP), R8
	MOVQ k+32(FP), R9
	MOVQ groups+40(FP), R10
	MOVQ pair+48(FP), R11

	VBROADCASTI128 taps01<>(SB), Y8
	VBROADCASTI128 taps23<>(SB), Y9
	VMOVDQU        three<>(SB), X10
	MOVL           $0x200000, AX
	VMOVD          AX, X11
	VPBROADCASTD   X11, Y11

quad:
	MOVQ $2, R13

two:
	MOVL    0(R8), AX
	MOVL    4(R8), BX
	ADDQ    $8, R8
	ADDQ    SI, AX
	ADDQ    SI, BX
	VPXOR   Y0, Y0, Y0
	VMOVDQA Y11, Y1
	MOVQ    R10, R12
	TESTQ   R12, R12
	JZ      last

group:
	VMOVDQU     (AX), X4
	VINSERTI128 $1, (BX), Y4, Y4
	TWO(Y8, 0)
	TWO(Y9, 64)
	ADDQ        $128, R9
	ADDQ        $12, AX
	ADDQ        $12, BX
	DECQ        R12
	JNZ         group

last:
	TESTQ       R11, R11
	JZ          sum
	VMOVDQU     (AX), X4
	VINSERTI128 $1, (BX), Y4, Y4
	TWO(Y8, 0)
	ADDQ        $64, R9

sum:
	VPSLLD  $8, Y0, Y0
	VPADDD  Y1, Y0, Y0
	VPSRAD  $22, Y0, Y0
	DECQ    R13
	JZ      store
	VMOVDQA Y0, Y7
	JMP     two

store:
	VPACKSSDW    Y0, Y7, Y0
	VPACKUSWB    Y0, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPUNPCKLDQ   X1, X0, X0
	VPSHUFB      X10, X0, X0
	VMOVDQU      X0, (DI)
	ADDQ         $12, DI
	DECQ         CX
	JNZ          quad
	VZEROUPPER
	RET

// ADD adds eight samples of two rows, interleaved 16-bit words in x, to upper and lower.
#define ADD(x, upper, lower) \
	VPMADDWD Y9, x, Y15; \
	VPADDD   Y15, upper, upper; \
	VPMADDWD Y10, x, x; \
	VPADDD   x, lower, lower

#define SUM(upper, lower) \
	VPSLLD $8, upper, upper; \
	VPADDD lower, upper, upper; \
	VPSRAD $22, upper, upper

// func verticalAVX2(dst, src *byte, n, stride int, k *uint32, taps int)
TEXT ·verticalAVX2(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ stride+24(FP), DX
	MOVQ k+32(FP), R8
	MOVQ taps+40(FP), R9

	VPXOR        Y8, Y8, Y8
	MOVL         $0x200000, AX
	VMOVD        AX, X14
	VPBROADCASTD X14, Y14

block:
	MOVQ    SI, R10
	MOVQ    R8, R11
	MOVQ    R9, R12
	VPXOR   Y0, Y0, Y0
	VPXOR   Y1, Y1, Y1
	VPXOR   Y2, Y2, Y2
	VPXOR   Y3, Y3, Y3
	VMOVDQA Y14, Y4
	VMOVDQA Y14, Y5
	VMOVDQA Y14, Y6
	VMOVDQA Y14, Y7

rows:
	CMPQ    R12, $2
	JLT     odd
	VMOVDQU (R10), Y11
	VMOVDQU (R10)(DX*1), Y12

add:
	LEAQ         (R10)(DX*2), R10
	VPBROADCASTD 0(R11), Y9
	VPBROADCASTD 4(R11), Y10
	ADDQ         $8, R11
	VPUNPCKLBW   Y12, Y11, Y13
	VPUNPCKHBW   Y12, Y11, Y11
	VPUNPCKLBW   Y8, Y13, Y12
	VPUNPCKHBW   Y8, Y13, Y13
	ADD(Y12, Y0, Y4)
	ADD(Y13, Y1, Y5)
	VPUNPCKLBW   Y8, Y11, Y12
	VPUNPCKHBW   Y8, Y11, Y11
	ADD(Y12, Y2, Y6)
	ADD(Y11, Y3, Y7)
	SUBQ         $2, R12
	JMP          rows

odd:
	CMPQ    R12, $1
	JLT     sum
	VMOVDQU (R10), Y11
	VPXOR   Y12, Y12, Y12
	JMP     add

sum:
	SUM(Y0, Y4)
	SUM(Y1, Y5)
	SUM(Y2, Y6)
	SUM(Y3, Y7)
	VPACKSSDW Y1, Y0, Y0
	VPACKSSDW Y3, Y2, Y2
	VPACKUSWB Y2, Y0, Y0
	VMOVDQU   Y0, (DI)
	SUBQ      $32, CX
	JZ        done
	ADDQ      $32, DI
	ADDQ      $32, SI
	CMPQ      CX, $32
	JGE       block

	// The last block ends with the row and repeats a part of the one before it.
	SUBQ $32, CX
	ADDQ CX, DI
	ADDQ CX, SI
	MOVQ $32, CX
	JMP  block

done:
	VZEROUPPER
	RET
