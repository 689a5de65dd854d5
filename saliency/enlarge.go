package saliency

import "math"

// A floatTap blends element i and the next one: (1−w)·a[i] + w·a[i+1].
type floatTap struct {
	i, next int32
	w       float32
}

// floatTaps sets taps to those that resize n elements to len(taps) in the manner of OpenCV's
// INTER_LINEAR on float32: positions beyond the ends are clamped.
func floatTaps(taps []floatTap, n int) {
	scale := 1 / (float64(len(taps)) / float64(n))
	for i := range taps {
		f := float32(float64((float64(i)+0.5)*scale) - 0.5)
		o := float32(math.Floor(float64(f)))
		t := floatTap{int32(o), int32(o) + 1, f - o}
		if t.i < 0 {
			t = floatTap{0, 0, 0}
		} else if int(t.i) >= n-1 {
			t = floatTap{int32(n - 1), int32(n - 1), 0}
		}
		taps[i] = t
	}
}

// An enlarger resizes a map of side×side float32 to that of an image and to 8 bits,
// trunc(255·v). It can find the extremes of the result without computing all of it.
type enlarger struct {
	w, h   int
	x, y   []floatTap
	lines  []float32 // side rows of w: the map resized in one direction
	lo, hi [side]float32
}

func (e *enlarger) resize(w, h int) {
	if e.w == w && e.h == h {
		return
	}
	e.x, e.y = grow(e.x, w), grow(e.y, h)
	floatTaps(e.x, side)
	floatTaps(e.y, side)
	e.lines = grow(e.lines, side*w)
	e.w, e.h = w, h
}

// widen resizes the rows of m, all of 0…1, to w columns and notes their extremes.
func (e *enlarger) widen(m *[side * side]float32, w, h int) {
	e.resize(w, h)
	for r := range side {
		src, dst := (*[side]float32)(m[r*side:]), e.lines[r*w:(r+1)*w]
		lo, hi := float32(2), float32(-1)
		for x, t := range e.x {
			v := float32(src[t.i&(side-1)]*(1-t.w)) + float32(src[t.next&(side-1)]*t.w)
			lo, hi = min(lo, v), max(hi, v)
			dst[x] = v
		}
		e.lo[r], e.hi[r] = lo, hi
	}
}

// at returns the value of the result at column x and row y, before it becomes 8 bits.
func (e *enlarger) at(x, y int) float32 {
	t := e.y[y]
	return float32(e.lines[int(t.i)*e.w+x]*(1-t.w)) + float32(e.lines[int(t.next)*e.w+x]*t.w)
}

// line sets dst to row y of the result.
func (e *enlarger) line(dst []uint8, y int) {
	t := e.y[y]
	a, b := e.lines[int(t.i)*e.w:][:e.w], e.lines[int(t.next)*e.w:][:e.w]
	dst = dst[:e.w]
	u, w := 1-t.w, t.w
	for x := range dst {
		v := float32(a[x]*u) + float32(b[x]*w)
		dst[x] = uint8(float32(255 * v))
	}
}

// search returns the extremes of the result. Rows that cannot hold a new one are skipped: a blend
// of two rows exceeds neither of them by more than its rounding, for which a millionth is ample.
func (e *enlarger) search(scratch []uint8) Result {
	s := newSearch()
	for y, t := range e.y {
		hi := max(e.hi[t.i], e.hi[t.next]) * 255 * (1 + 0x1p-20)
		lo := min(e.lo[t.i], e.lo[t.next]) * 255 * (1 - 0x1p-20)
		if int(hi) <= s.hi && int(lo) >= s.lo {
			continue
		}
		e.line(scratch, y)
		s.scanBytes(scratch[:e.w], y*e.w)
	}
	return s.result(e.w)
}
