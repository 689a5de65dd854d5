//go:build amd64 && !noasm

#include "textflag.h"

// The kernels of the spectral detector: four columns at a time, with the operations of exact.KernelExp,
// exact.KernelLog, fastAtan2 and fastSincos in the same order.

// func expDifferenceAVX2(a, b *plane)
//
//	for i := range a {
//		a[i] = exact.KernelExp(a[i] - b[i])
//	}
TEXT ·expDifferenceAVX2(SB), NOSPLIT, $0-16
	MOVQ         a+0(FP), DI
	MOVQ         b+8(FP), SI
	MOVQ         $4096, CX
	VBROADCASTSD ·expConstants+0(SB), Y5  // log2e
	VBROADCASTSD ·expConstants+8(SB), Y6  // 0.5
	VBROADCASTSD ·expConstants+16(SB), Y7 // ln2Hi
	VBROADCASTSD ·expConstants+24(SB), Y8 // ln2Lo
	VBROADCASTSD ·expConstants+32(SB), Y9
	VBROADCASTSD ·expConstants+40(SB), Y10
	VBROADCASTSD ·expConstants+48(SB), Y11
	VBROADCASTSD ·expConstants+56(SB), Y12
	VBROADCASTSD ·expConstants+64(SB), Y13
	VBROADCASTSD ·expConstants+80(SB), Y15 // 1, whose bits are 1023<<52

exp:
	VMOVUPD    (DI), Y0
	VSUBPD     (SI), Y0, Y0   // x
	VMULPD     Y5, Y0, Y1
	VADDPD     Y6, Y1, Y1
	VROUNDPD   $9, Y1, Y1     // k, by flooring
	VMULPD     Y7, Y1, Y2
	VSUBPD     Y2, Y0, Y0     // hi
	VMULPD     Y8, Y1, Y2     // lo
	VCVTPD2DQY Y1, X1
	VPMOVSXDQ  X1, Y1
	VPSLLQ     $52, Y1, Y1
	VPADDQ     Y15, Y1, Y14   // 2^k
	VSUBPD     Y2, Y0, Y3     // r
	VMULPD     Y3, Y3, Y4     // t
	VMULPD     Y9, Y4, Y1
	VADDPD     Y10, Y1, Y1
	VMULPD     Y4, Y1, Y1
	VADDPD     Y11, Y1, Y1
	VMULPD     Y4, Y1, Y1
	VADDPD     Y12, Y1, Y1
	VMULPD     Y4, Y1, Y1
	VADDPD     Y13, Y1, Y1
	VMULPD     Y4, Y1, Y1
	VSUBPD     Y1, Y3, Y1     // c
	VMULPD     Y1, Y3, Y3     // r·c
	VBROADCASTSD ·expConstants+72(SB), Y4
	VSUBPD     Y1, Y4, Y1     // 2−c
	VDIVPD     Y1, Y3, Y3
	VSUBPD     Y3, Y2, Y2     // lo − r·c/(2−c)
	VSUBPD     Y0, Y2, Y2     // … − hi
	VSUBPD     Y2, Y15, Y2    // y
	VMULPD     Y14, Y2, Y2
	VMOVUPD    Y2, (DI)
	ADDQ       $32, DI
	ADDQ       $32, SI
	SUBQ       $4, CX
	JGT        exp

	VZEROUPPER
	RET

// HORNER is acc = (acc + c)·x; it uses Y15.
#define HORNER(c, x, acc) \
	VBROADCASTSD c, Y15   \
	VADDPD Y15, acc, acc  \
	VMULPD x, acc, acc

// func logRowAVX2(dst, x, y *[64]float64)
//
//	for u := range 36 {
//		dst[u] = exact.KernelLog(math.Sqrt(x[u]*x[u]+y[u]*y[u]) + 1)
//	}
TEXT ·logRowAVX2(SB), NOSPLIT, $0-24
	MOVQ         dst+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         y+16(FP), DX
	MOVQ         $36, CX
	VBROADCASTSD ·logConstants+0(SB), Y6    // 1
	VBROADCASTSD ·logConstants+8(SB), Y7    // the bits of the mantissa
	VBROADCASTSD ·logConstants+16(SB), Y8   // 2^52, whose bits take an integer
	VBROADCASTSD ·logConstants+24(SB), Y9   // 2^52 + 1023
	VBROADCASTSD ·logConstants+32(SB), Y10  // √2
	VBROADCASTSD ·logConstants+40(SB), Y11  // 0.5
	VBROADCASTSD ·logConstants+48(SB), Y12  // 2
	VBROADCASTSD ·logConstants+112(SB), Y13 // ln2Hi
	VBROADCASTSD ·logConstants+120(SB), Y14 // ln2Lo

log:
	VMOVUPD (SI), Y0
	VMOVUPD (DX), Y1
	VMULPD  Y0, Y0, Y0
	VMULPD  Y1, Y1, Y1
	VADDPD  Y1, Y0, Y0
	VSQRTPD Y0, Y0
	VADDPD  Y6, Y0, Y0

	VPSRLQ    $52, Y0, Y1
	VPOR      Y8, Y1, Y1
	VSUBPD    Y9, Y1, Y1        // e
	VPAND     Y7, Y0, Y0
	VPOR      Y6, Y0, Y0        // m
	VCMPPD    $30, Y10, Y0, Y2  // m > √2
	VMULPD    Y11, Y0, Y3
	VBLENDVPD Y2, Y3, Y0, Y0
	VPAND     Y6, Y2, Y2
	VADDPD    Y2, Y1, Y1        // k
	VSUBPD    Y6, Y0, Y0        // f

	VADDPD       Y12, Y0, Y2
	VDIVPD       Y2, Y0, Y2                 // s
	VMULPD       Y2, Y2, Y3                 // s2
	VMULPD       Y3, Y3, Y4                 // s4
	VBROADCASTSD ·logConstants+56(SB), Y5
	VMULPD       Y5, Y4, Y5
	HORNER(·logConstants+64(SB), Y4, Y5)
	HORNER(·logConstants+72(SB), Y4, Y5)
	HORNER(·logConstants+80(SB), Y3, Y5)  // t1
	VBROADCASTSD ·logConstants+88(SB), Y3
	VMULPD       Y3, Y4, Y3
	HORNER(·logConstants+96(SB), Y4, Y3)
	HORNER(·logConstants+104(SB), Y4, Y3)  // t2
	VADDPD       Y3, Y5, Y5                 // r
	VMULPD       Y11, Y0, Y3
	VMULPD       Y0, Y3, Y3                 // h
	VADDPD       Y5, Y3, Y5
	VMULPD       Y5, Y2, Y5                 // s·(h+r)
	VMULPD       Y14, Y1, Y4
	VADDPD       Y4, Y5, Y5
	VSUBPD       Y5, Y3, Y3                 // h − …
	VSUBPD       Y0, Y3, Y3                 // … − f
	VMULPD       Y13, Y1, Y1
	VSUBPD       Y3, Y1, Y1
	VMOVUPD      Y1, (DI)

	ADDQ $32, DI
	ADDQ $32, SI
	ADDQ $32, DX
	SUBQ $4, CX
	JGT  log

	VZEROUPPER
	RET

// COMPLEMENT is complement of X4 with a whole and a condition, whose sign counts; it uses X5.
#define COMPLEMENT(whole, condition) \
	VPSRAD       $31, condition, condition \
	VBROADCASTSS whole, X5                 \
	VPAND        condition, X5, X5         \
	VPAND        X13, condition, condition \
	VPXOR        condition, X4, X4         \
	VADDPS       X4, X5, X4

// MULADD is X4 = X4·X6 + c.
#define MULADD(c) \
	VMULPS       X6, X4, X4 \
	VBROADCASTSS c, X5      \
	VADDPS       X5, X4, X4

// func polarRowAVX2(sin, cos, x, y *[64]float64)
//
//	for u := range 36 {
//		s, c := fastSincos(fastAtan2(float32(y[u]), float32(x[u])))
//		sin[u], cos[u] = float64(s), float64(c)
//	}
TEXT ·polarRowAVX2(SB), NOSPLIT, $0-32
	MOVQ         sin+0(FP), DI
	MOVQ         cos+8(FP), R8
	MOVQ         x+16(FP), SI
	MOVQ         y+24(FP), DX
	MOVQ         $36, CX
	LEAQ         ·sine64(SB), BX
	VBROADCASTSS ·atanConstants+0(SB), X15  // all but the sign
	VBROADCASTSS ·atanConstants+4(SB), X14  // 2^−52
	VBROADCASTSS ·atanConstants+24(SB), X13 // the sign
	VPCMPEQD     X12, X12, X12
	VPSRLD       $31, X12, X12              // ones
	VPSLLD       $6, X12, X11
	VPSUBD       X12, X11, X11              // 63
	VPSLLD       $4, X12, X10               // 16
	VPXOR        X9, X9, X9

polar:
	VCVTPD2PSY (SI), X0    // x
	VCVTPD2PSY (DX), X1    // y
	VPAND      X15, X0, X2 // ax
	VPAND      X15, X1, X3 // ay

	VPMINUD      X3, X2, X4
	VPMAXUD      X3, X2, X5
	VADDPS       X14, X5, X5
	VDIVPS       X5, X4, X7                 // c
	VMULPS       X7, X7, X6                 // c2
	VBROADCASTSS ·atanConstants+8(SB), X4
	MULADD(·atanConstants+12(SB))
	MULADD(·atanConstants+16(SB))
	MULADD(·atanConstants+20(SB))
	VMULPS       X7, X4, X4                 // a

	VPSUBD  X3, X2, X6     // ax − ay
	COMPLEMENT(·atanConstants+28(SB), X6)
	VPMINUD X12, X2, X6
	VPSUBD  X6, X9, X6
	VPAND   X0, X6, X6     // bx & −min(ax, 1)
	COMPLEMENT(·atanConstants+32(SB), X6)
	VPMINUD X12, X3, X6
	VPSUBD  X6, X9, X6
	VPAND   X1, X6, X6     // by & −min(ay, 1)
	COMPLEMENT(·atanConstants+36(SB), X6)
	VBROADCASTSS ·atanConstants+40(SB), X5
	VMULPS  X5, X4, X4     // the angle

	VCVTPS2PD    X4, Y0
	VBROADCASTSD ·sineConstants+0(SB), Y1
	VMULPD       Y1, Y0, Y0
	VROUNDPD     $8, Y0, Y1                 // k, to even
	VSUBPD       Y1, Y0, Y0                 // t
	VCVTPD2DQY   Y1, X1
	VPAND        X11, X1, X2
	VPADDD       X10, X1, X1
	VPAND        X11, X1, X1
	VPCMPEQD     Y5, Y5, Y5
	VGATHERDPD   Y5, (BX)(X2*8), Y3         // sa
	VPCMPEQD     Y5, Y5, Y5
	VGATHERDPD   Y5, (BX)(X1*8), Y4         // ca

	VBROADCASTSD ·sineConstants+8(SB), Y5
	VMULPD       Y0, Y5, Y5
	VMULPD       Y0, Y5, Y5
	VBROADCASTSD ·sineConstants+16(SB), Y6
	VADDPD       Y6, Y5, Y5
	VMULPD       Y0, Y5, Y5                 // sb
	VBROADCASTSD ·sineConstants+24(SB), Y6
	VMULPD       Y0, Y6, Y6
	VMULPD       Y0, Y6, Y6
	VBROADCASTSD ·sineConstants+32(SB), Y7
	VADDPD       Y7, Y6, Y6                 // cb

	VMULPD     Y6, Y3, Y0
	VMULPD     Y5, Y4, Y1
	VADDPD     Y1, Y0, Y0
	VCVTPD2PSY Y0, X0
	VCVTPS2PD  X0, Y0
	VMOVUPD    Y0, (DI)
	VMULPD     Y6, Y4, Y0
	VMULPD     Y5, Y3, Y1
	VSUBPD     Y1, Y0, Y0
	VCVTPD2PSY Y0, X0
	VCVTPS2PD  X0, Y0
	VMOVUPD    Y0, (R8)

	ADDQ $32, DI
	ADDQ $32, R8
	ADDQ $32, SI
	ADDQ $32, DX
	SUBQ $4, CX
	JGT  polar

	VZEROUPPER
	RET
