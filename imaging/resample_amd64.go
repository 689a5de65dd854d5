//go:build amd64 && !noasm

package imaging

import (
	"math"

	"golang.org/x/sys/cpu"

	"github.com/premix/premix/internal/reuse"
)

// slack is what the horizontal kernel writes beyond the end of a row at most.
const slack = 16

var haveSIMD = cpu.X86.HasAVX2

// simdTables hold the weights of an axis in the order in which the kernels load them.
type simdTables struct {
	horizontal bool // the tables fit the axis

	// Of the horizontal kernel. Outputs are padded to a multiple of four. Of every two of them
	// come groups of four taps, then at most one group of two.
	offsets []int32
	k       []uint32
	groups  int
	pair    int
	reads   int // the bytes of a row that the kernel touches, from its start

	last []byte // a copy of a row at the end of memory
	v    []uint32
}

// horizontalAVX2 computes quads·4 RGB pixels, each from the pixels at src+offsets[i] on:
//
//	for i := range 4 * quads {
//		for c := range 3 {
//			sum := half
//			for j := range 4*groups + 2*pair {
//				sum += k(i, j) * src[offsets[i]+3*j+c]
//			}
//			dst[3*i+c] = clip8(sum)
//		}
//	}
//
// It reads 4 bytes beyond the last pixel of the last four taps, 10 beyond that of the last two,
// and writes 4 zeros after the last pixel.
//
//go:noescape
func horizontalAVX2(dst, src *byte, quads int, offsets *int32, k *uint32, groups, pair int)

// verticalAVX2 computes n ≥ 32 samples from taps rows, stride bytes apart:
//
//	for i := range n {
//		sum := half
//		for j := range taps {
//			sum += k(j) * src[i+j*stride]
//		}
//		dst[i] = clip8(sum)
//	}
//
// k holds two words for every two taps: the upper parts of both weights, and the lower ones.
//
//go:noescape
func verticalAVX2(dst, src *byte, n, stride int, k *uint32, taps int)

// splits reports whether the weights have upper parts of 16 bits, as all sensible ones do.
func splits(k []int32) bool {
	for _, w := range k {
		if w>>8 < math.MinInt16 || w>>8 > math.MaxInt16 {
			return false
		}
	}
	return true
}

// split returns the upper and lower parts of two weights as 16-bit pairs.
func split(a, b int32) (upper, lower uint32) {
	return uint32(a>>8)&0xffff | uint32(b>>8)<<16, uint32(a)&255 | uint32(b)&255<<16
}

// setHorizontal lays out the weights of a for the horizontal kernel.
func (t *simdTables) setHorizontal(a *axis) {
	t.horizontal = haveSIMD && splits(a.k)
	if !t.horizontal {
		return
	}
	t.groups, t.pair = a.taps/4, 0
	switch a.taps % 4 {
	case 1, 2:
		t.pair = 1
	case 3:
		t.groups++
	}
	pairs := 2*t.groups + t.pair // of taps
	count := (len(a.lo) + 3) &^ 3
	t.offsets = reuse.Slice(t.offsets, count)
	t.k = reuse.Slice(t.k, count/2*pairs*16)
	t.reads = 0
	for i := range t.offsets {
		t.offsets[i] = 0
		if i < len(a.lo) {
			t.offsets[i] = 3 * a.lo[i]
		}
		t.reads = max(t.reads, int(t.offsets[i])+6*pairs+10)
		for p := range pairs {
			upper, lower := split(a.at(i, 2*p), a.at(i, 2*p+1))
			k := t.k[(i/2*pairs+p)*16+i%2*4:][:12]
			k[0], k[1], k[2], k[3] = upper, upper, upper, upper
			k[8], k[9], k[10], k[11] = lower, lower, lower, lower
		}
	}
}

// at returns weight j of output i, 0 beyond either.
func (a *axis) at(i, j int) int32 {
	if i >= len(a.lo) || j >= a.taps {
		return 0
	}
	return a.k[i*a.taps+j]
}

// horizontalSIMD resamples all rows of src to dst, which has slack bytes after its last row and
// rows without a gap. It returns how many rows are done.
func (r *Resampler) horizontalSIMD(dst, src view) int {
	t := &r.simd
	quads := len(t.offsets) / 4
	for y := range dst.rows {
		s := src.pix[y*src.stride:]
		if len(s) < t.reads {
			t.last = reuse.Slice(t.last, t.reads)
			clear(t.last[copy(t.last, s):])
			s = t.last
		}
		d := dst.pix[y*dst.stride:][:dst.row+slack]
		horizontalAVX2(&d[0], &s[0], quads, &t.offsets[0], &t.k[0], t.groups, t.pair)
	}
	return dst.rows
}

// verticalRowSIMD does what verticalRow does, or nothing and returns false.
func (t *simdTables) verticalRow(dst, src []byte, stride int, k []int32) bool {
	if !haveSIMD || len(dst) < 32 || !splits(k) {
		return false
	}
	_ = src[(len(k)-1)*stride+len(dst)-1]
	t.v = reuse.Slice(t.v, len(k)+1)
	for j := 0; j < len(k); j += 2 {
		var next int32
		if j+1 < len(k) {
			next = k[j+1]
		}
		t.v[j], t.v[j+1] = split(k[j], next)
	}
	verticalAVX2(&dst[0], &src[0], len(dst), stride, &t.v[0], len(k))
	return true
}
