package saliency

import (
	"math"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/reuse"
)

// A linearTap blends element i and the next one: ((256−w)·a[i] + w·a[i+1]) / 256.
type linearTap struct{ i, w int32 }

// exactTaps sets taps to those that resize n elements to len(taps) in the manner of OpenCV's
// INTER_LINEAR_EXACT: weights in 8 bits, rounded half to even.
func exactTaps(taps []linearTap, n int) {
	scale := 1 / (float64(len(taps)) / float64(n))
	for i := range taps {
		f := float64(scale*(float64(i)+0.5)) - 0.5
		o := math.Floor(f)
		switch {
		case o < 0 || n <= 1:
			taps[i] = linearTap{0, 0}
		case int(o) < n-1:
			taps[i] = linearTap{int32(o), int32(math.RoundToEven((f - o) * 256))}
		default:
			taps[i] = linearTap{int32(n - 1), 0}
		}
	}
}

// A shrinker resizes the luma of an image to side×side (enlarging it where that is larger) with
// OpenCV's INTER_LINEAR_EXACT. Only the pixels that it needs are converted to luma.
type shrinker struct {
	weights lumaWeights
	w, h    int
	x, y    [side]linearTap
	lines   [2]shrunkLine
	gray    []uint8 // a source row
}

// fewColumns is the width up to which converting a whole row to luma in assembly costs less than
// converting the two pixels under each tap.
const fewColumns = 1500

// A shrunkLine is a source row resized to side columns, in units of 1/256.
type shrunkLine struct {
	y   int // the source row, −1 if none
	pix [side]int32
}

func (s *shrinker) resize(w, h int) {
	if s.w == w && s.h == h {
		return
	}
	exactTaps(s.x[:], w)
	exactTaps(s.y[:], h)
	s.w, s.h = w, h
}

// shrink sets dst to the resized luma of img and reports whether all its pixels are equal.
func (s *shrinker) shrink(dst *plane, img *imaging.Image) (constant bool) {
	s.resize(img.W, img.H)
	s.lines[0].y, s.lines[1].y = -1, -1
	var differ int32
	for i, t := range s.y {
		a := s.line(img.Pix, int(t.i))
		b := s.line(img.Pix, min(int(t.i)+1, img.H-1))
		row := dst.row(i)
		for x := range row {
			v := ((256-t.w)*a[x] + t.w*b[x] + 1<<15) >> 16
			row[x] = float64(v)
			differ |= v ^ int32(dst[0])
		}
	}
	return differ == 0
}

// line returns source row y resized to side columns. Two neighbouring rows are kept.
func (s *shrinker) line(pix []uint8, y int) *[side]int32 {
	l := &s.lines[y&1]
	if l.y == y {
		return &l.pix
	}
	l.y = y
	row := pix[3*y*s.w : 3*(y+1)*s.w]
	last := s.w - 1
	if haveAVX2 && s.w <= fewColumns {
		s.gray = reuse.Slice(s.gray, s.w)
		luma(s.gray, row, &s.weights, true)
		for x, t := range s.x {
			a, b := int32(s.gray[t.i]), int32(s.gray[min(int(t.i)+1, last)])
			l.pix[x] = (256-t.w)*a + t.w*b
		}
		return &l.pix
	}
	for x, t := range s.x {
		a, b := s.weights.luma(row[3*t.i:]), s.weights.luma(row[3*min(int(t.i)+1, last):])
		l.pix[x] = (256-t.w)*a + t.w*b
	}
	return &l.pix
}
