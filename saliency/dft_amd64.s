//go:build amd64 && !noasm

#include "textflag.h"

// ROTATE stores the product of (xr, xi) and a twiddle factor (wr, wi) at (SI)(row), (DI)(row).
#define ROTATE(xr, xi, wr, wi, row) \
	VMULPD  wr, xr, Y8         \
	VMULPD  wi, xi, Y9         \
	VSUBPD  Y9, Y8, Y8         \
	VMULPD  wi, xr, xr         \
	VMULPD  wr, xi, xi         \
	VADDPD  xi, xr, xr         \
	VMOVUPD Y8, (SI)(row*1)    \
	VMOVUPD xr, (DI)(row*1)

// func butterflyAVX2(re, im *plane, b *butterfly, n int)
//
// The loop of butterflyGo, four columns at a time, with the same operations in the same order.
TEXT ·butterflyAVX2(SB), NOSPLIT, $0-32
	MOVQ re+0(FP), SI
	MOVQ im+8(FP), DI
	MOVQ b+16(FP), DX
	MOVQ n+24(FP), CX

	// rows to byte offsets: 64 float64 each
	MOVQ 0(DX), R8
	MOVQ 8(DX), R9
	MOVQ 16(DX), R10
	MOVQ 24(DX), R11
	SHLQ $9, R8
	SHLQ $9, R9
	SHLQ $9, R10
	SHLQ $9, R11

	VBROADCASTSD 32(DX), Y10
	VBROADCASTSD 40(DX), Y11
	VBROADCASTSD 48(DX), Y12
	VBROADCASTSD 56(DX), Y13
	VBROADCASTSD 64(DX), Y14
	VBROADCASTSD 72(DX), Y15

loop:
	VMOVUPD (SI)(R8*1), Y0
	VMOVUPD (SI)(R10*1), Y1
	VADDPD  Y1, Y0, Y2          // ar
	VSUBPD  Y1, Y0, Y3          // br
	VMOVUPD (SI)(R9*1), Y0
	VMOVUPD (SI)(R11*1), Y1
	VADDPD  Y1, Y0, Y4          // cr
	VSUBPD  Y0, Y1, Y5          // di
	VADDPD  Y4, Y2, Y0
	VMOVUPD Y0, (SI)(R8*1)
	VSUBPD  Y4, Y2, Y2          // ar−cr

	VMOVUPD (DI)(R8*1), Y0
	VMOVUPD (DI)(R10*1), Y1
	VADDPD  Y1, Y0, Y4          // ai
	VSUBPD  Y1, Y0, Y6          // bi
	VMOVUPD (DI)(R9*1), Y0
	VMOVUPD (DI)(R11*1), Y1
	VADDPD  Y1, Y0, Y7          // ci
	VSUBPD  Y1, Y0, Y1          // dr
	VADDPD  Y7, Y4, Y0
	VMOVUPD Y0, (DI)(R8*1)
	VSUBPD  Y7, Y4, Y4          // ai−ci

	ROTATE(Y2, Y4, Y12, Y13, R10)
	VADDPD  Y1, Y3, Y2          // br+dr
	VADDPD  Y5, Y6, Y4          // bi+di
	VSUBPD  Y1, Y3, Y3          // br−dr
	VSUBPD  Y5, Y6, Y6          // bi−di
	ROTATE(Y2, Y4, Y10, Y11, R9)
	ROTATE(Y3, Y6, Y14, Y15, R11)

	ADDQ $32, SI
	ADDQ $32, DI
	SUBQ $4, CX
	JGT  loop

	VZEROUPPER
	RET
