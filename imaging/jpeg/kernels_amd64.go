//go:build amd64 && !noasm

package jpeg

import "golang.org/x/sys/cpu"

var haveSIMD = cpu.X86.HasAVX2

// haveBits is for coded data, with AVX2 for that of refinements.
var haveBits = cpu.X86.HasBMI1 && cpu.X86.HasBMI2 && cpu.X86.HasLZCNT && cpu.X86.HasPOPCNT

// lanes is how many samples the row kernels take at once. They run over whole groups, the last of
// which overlaps the one before, so that they touch nothing outside of the rows.
const lanes = 16

// blocksBMI2 is [bitReader.block] with tables of pairs, for the blocks from to to−1; of last it says whether it is 0, which
// may also go unnoticed. It returns the first of them that it has
// not decoded: there the data ends soon, or a code is in no table, and r and pred are as before this block. What it has
// written of it is right.
//
//go:noescape
func blocksBMI2(r *bitReader, tables *[10]blockTables, blks *[10][64]int16, last *[10]int, from, to int) (end int)

// skipBMI2 is blocksBMI2 for blocks that nobody wants, but for their DC.
//
//go:noescape
func skipBMI2(r *bitReader, tables *[10]blockTables, from, to int) (end int)

func (d *Decoder) skipSIMD(from, to int) int { return skipBMI2(&d.r, &d.tables, from, to) }

func (d *Decoder) blocksSIMD(from, to int) int {
	return blocksBMI2(&d.r, &d.tables, &d.mcu, &d.last, from, to)
}

// idctAVX2 is [idctGo] for 8 rows of 8 bytes at out, stride bytes apart.
//
//go:noescape
func idctAVX2(out *byte, stride int, blk *[64]int16, q *[64]uint16)

func idct(out []byte, stride int, blk *[64]int16, q *[64]uint16) {
	if !haveSIMD {
		idctGo(out, stride, blk, q)
		return
	}
	_ = out[7*stride+7]
	idctAVX2(&out[0], stride, blk, q)
}

// yccAVX2 converts n groups of 16 pixels:
//
//	for i := range 16 * n {
//		r, b := int(cr[i])-128, int(cb[i])-128
//		dst[3*i] = clamp(y[i] + (91881*r+32768)>>16)
//		dst[3*i+1] = clamp(y[i] + (-22554*b-46802*r+32768)>>16)
//		dst[3*i+2] = clamp(y[i] + (116130*b+32768)>>16)
//	}
//
//go:noescape
func yccAVX2(dst, y, cb, cr *byte, n int)

func yccRow(dst, y, cb, cr []byte) {
	n := len(dst) / 3
	if !haveSIMD || n < lanes {
		yccRowGo(dst, y, cb, cr)
		return
	}
	_, _, _ = y[n-1], cb[n-1], cr[n-1]
	yccAVX2(&dst[0], &y[0], &cb[0], &cr[0], n/lanes)
	if n%lanes != 0 {
		i := n - lanes
		yccAVX2(&dst[3*i], &y[i], &cb[i], &cr[i], 1)
	}
}

// h2v1AVX2 widens n groups of 16 samples with neighbours on both sides:
//
//	for i := range 16 * n {
//		dst[2*i] = (3*c[i] + c[i-1] + 1) >> 2
//		dst[2*i+1] = (3*c[i] + c[i+1] + 2) >> 2
//	}
//
//go:noescape
func h2v1AVX2(dst, c *byte, n int)

func h2v1(dst, c []byte, w int) {
	if !haveSIMD || w < lanes+2 {
		h2v1Go(dst, c, w)
		return
	}
	c, dst = c[:w], dst[:2*w]
	h2v1AVX2(&dst[2], &c[1], (w-2)/lanes)
	i := w - 1 - lanes
	h2v1AVX2(&dst[2*i], &c[i], 1)
	dst[0], dst[1] = c[0], byte((3*uint32(c[0])+uint32(c[1])+2)>>2)
	dst[2*w-2], dst[2*w-1] = byte((3*uint32(c[w-1])+uint32(c[w-2])+1)>>2), c[w-1]
}

// h1v2AVX2 mixes n groups of 16 samples: dst[i] = (3*cur[i] + near[i] + bias) >> 2.
//
//go:noescape
func h1v2AVX2(dst, cur, near *byte, n int, bias uint)

func h1v2(dst, cur, near []byte, w int, bias uint) {
	if !haveSIMD || w < lanes {
		h1v2Go(dst, cur, near, w, bias)
		return
	}
	dst, cur, near = dst[:w], cur[:w], near[:w]
	h1v2AVX2(&dst[0], &cur[0], &near[0], w/lanes, bias)
	if w%lanes != 0 {
		i := w - lanes
		h1v2AVX2(&dst[i], &cur[i], &near[i], 1, bias)
	}
}

// h2v2AVX2 mixes and widens n groups of 16 samples with neighbours on both sides:
//
//	s := func(i int) int { return 3*cur[i] + near[i] }
//	for i := range 16 * n {
//		dst[2*i] = (3*s(i) + s(i-1) + 8) >> 4
//		dst[2*i+1] = (3*s(i) + s(i+1) + 7) >> 4
//	}
//
//go:noescape
func h2v2AVX2(dst, cur, near *byte, n int)

func h2v2(dst, cur, near []byte, w int) {
	if !haveSIMD || w < lanes+2 {
		h2v2Go(dst, cur, near, w)
		return
	}
	cur, near, dst = cur[:w], near[:w], dst[:2*w]
	h2v2AVX2(&dst[2], &cur[1], &near[1], (w-2)/lanes)
	i := w - 1 - lanes
	h2v2AVX2(&dst[2*i], &cur[i], &near[i], 1)
	first, second := 3*uint32(cur[0])+uint32(near[0]), 3*uint32(cur[1])+uint32(near[1])
	dst[0], dst[1] = byte((4*first+8)>>4), byte((3*first+second+7)>>4)
	last, before := 3*uint32(cur[w-1])+uint32(near[w-1]), 3*uint32(cur[w-2])+uint32(near[w-2])
	dst[2*w-2], dst[2*w-1] = byte((3*last+before+8)>>4), byte((4*last+7)>>4)
}

// refineBMI2 is [Decoder.acRefine] without its table; band has coefficient k at bit 63−k, and so has nonzero. left is −1
// where the data ends soon, or where there is more than it knows of; then r is as before, and so is the block, but for new
// coefficients, which would be the same.
//
//go:noescape
func refineBMI2(r *bitReader, t *huffTable, blk *[64]int16, band uint64, plus, eobRun int) (left int, nonzero uint64)

// orders[2k] and orders[2k+1] bring the bytes of the quarter k of a block to the last and to the first 32 of its
// coefficients, the last one first, and leave zeros elsewhere. The quarters are rows 0 and 2, 1 and 3, 4 and 6, 5 and 7, as
// VPACKSSWB leaves them.
//
//lint:ignore U1000 the assembly reads it
var orders = func() (t [8][32]uint8) {
	for k := range t {
		for z := range t[k] {
			t[k][z] = 0x80 // a zero
		}
	}
	for z, n := range zigzag[:64] {
		row, column, to := n/8, n%8, 63-z
		t[row/4*4+row%2*2+uint8(to/32)][to%32] = row%4/2*8 + column
	}
	return t
}()
