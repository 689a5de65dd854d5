//go:build amd64 && !noasm

#include "textflag.h"

// func calmAVX2(on, off *uint16, n int, onFactor, offFactor uint16, least, most int16) int
//
//	for p = 0; p < n; p += 32 {
//		for x := p; x < p+32; x++ {
//			u := (on[x]*32*onFactor)>>16 + (off[x]*32*offFactor)>>16
//			if u < least || u > most {
//				return p
//			}
//		}
//	}
//	return p
TEXT ·calmAVX2(SB), NOSPLIT, $0-40
	MOVQ on+0(FP), SI
	MOVQ off+8(FP), DI
	MOVQ n+16(FP), CX

	VPBROADCASTW onFactor+24(FP), Y8
	VPBROADCASTW offFactor+26(FP), Y9
	VPBROADCASTW least+28(FP), Y10
	VPBROADCASTW most+30(FP), Y11
	XORQ         AX, AX

loop:
	VMOVDQU  (SI)(AX*2), Y0
	VMOVDQU  32(SI)(AX*2), Y1
	VMOVDQU  (DI)(AX*2), Y2
	VMOVDQU  32(DI)(AX*2), Y3
	VPSLLW   $5, Y0, Y0
	VPSLLW   $5, Y1, Y1
	VPSLLW   $5, Y2, Y2
	VPSLLW   $5, Y3, Y3
	VPMULHUW Y8, Y0, Y0
	VPMULHUW Y8, Y1, Y1
	VPMULHUW Y9, Y2, Y2
	VPMULHUW Y9, Y3, Y3
	VPADDW   Y2, Y0, Y0
	VPADDW   Y3, Y1, Y1
	VPMAXSW  Y0, Y1, Y2
	VPMINSW  Y0, Y1, Y3
	VPCMPGTW Y11, Y2, Y2 // above most
	VPCMPGTW Y3, Y10, Y3 // below least
	VPOR     Y2, Y3, Y2
	VPTEST   Y2, Y2
	JNZ      done
	ADDQ     $32, AX
	CMPQ     AX, CX
	JLT      loop

done:
	MOVQ AX, ret+32(FP)
	VZEROUPPER
	RET
