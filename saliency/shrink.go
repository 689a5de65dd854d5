package saliency

import "math"

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
}

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

// shrink sets dst to the resized luma of pix, an image of w×h and ch channels (1 or 3), and
// returns its extremes.
func (s *shrinker) shrink(dst *plane, pix []uint8, w, h, ch int) (lo, hi float64) {
	s.resize(w, h)
	s.lines[0].y, s.lines[1].y = -1, -1
	lo, hi = math.Inf(1), math.Inf(-1)
	for i, t := range s.y {
		a := s.line(pix, int(t.i), ch)
		b := s.line(pix, min(int(t.i)+1, h-1), ch)
		row := dst.row(i)
		for x := range row {
			v := float64(((256-t.w)*a[x] + t.w*b[x] + 1<<15) >> 16)
			lo, hi = min(lo, v), max(hi, v)
			row[x] = v
		}
	}
	return lo, hi
}

// line returns source row y resized to side columns. Two neighbouring rows are kept.
func (s *shrinker) line(pix []uint8, y, ch int) *[side]int32 {
	l := &s.lines[y&1]
	if l.y == y {
		return &l.pix
	}
	l.y = y
	row := pix[y*s.w*ch : (y+1)*s.w*ch]
	for x, t := range s.x {
		i, j := int(t.i), min(int(t.i)+1, s.w-1)
		var a, b int32
		if ch == 3 {
			a, b = s.weights.luma(row[3*i:]), s.weights.luma(row[3*j:])
		} else {
			a, b = int32(row[i]), int32(row[j])
		}
		l.pix[x] = (256-t.w)*a + t.w*b
	}
	return &l.pix
}
