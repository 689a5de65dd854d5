package saliency

import (
	"math"

	"github.com/premix/premix/internal/reuse"
)

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
// trunc(255·v). Of the map and the result it computes only the rows that are asked for.
type enlarger struct {
	w, h   int
	x, y   []floatTap
	m      *[side * side]float32
	lo, hi [side]float32 // extremes of the rows of m
	lines  []float32     // side rows of w: the rows of m resized to w columns
	done   [side]bool    // which of them have been
	row    []uint8       // one row of the result
}

// reset makes m, all of 0…1, the map to resize to w×h.
func (e *enlarger) reset(m *[side * side]float32, w, h int) {
	if e.w != w || e.h != h {
		e.x, e.y = reuse.Slice(e.x, w), reuse.Slice(e.y, h)
		floatTaps(e.x, side)
		floatTaps(e.y, side)
		e.lines, e.row = reuse.Slice(e.lines, side*w), reuse.Slice(e.row, w)
		e.w, e.h = w, h
	}
	e.m, e.done = m, [side]bool{}
	for r := range side {
		src := (*[side]float32)(m[r*side:])
		lo, hi := src[0], src[0]
		for _, v := range src {
			if v < lo {
				lo = v
			}
			if v > hi {
				hi = v
			}
		}
		e.lo[r], e.hi[r] = lo, hi
	}
}

// line returns row r of the map, resized to e.w columns.
func (e *enlarger) line(r int32) []float32 {
	dst := e.lines[int(r)*e.w:][:e.w]
	if e.done[r] {
		return dst
	}
	e.done[r] = true
	src := (*[side]float32)(e.m[r*side:])
	taps := e.x[:len(dst)]
	for x := range dst {
		t := &taps[x]
		dst[x] = float32(src[t.i&(side-1)]*(1-t.w)) + float32(src[t.next&(side-1)]*t.w)
	}
	return dst
}

// at returns the value of the result at column x and row y, before it becomes 8 bits.
func (e *enlarger) at(x, y int) float32 {
	t := e.y[y]
	return float32(e.line(t.i)[x]*(1-t.w)) + float32(e.line(t.next)[x]*t.w)
}

// levels sets dst to row y of the result.
func (e *enlarger) levels(dst []uint8, y int) {
	t := e.y[y]
	a, b := e.line(t.i), e.line(t.next)
	a, b = a[:len(dst)], b[:len(dst)]
	u, w := 1-t.w, t.w
	for x := range dst {
		v := float32(a[x]*u) + float32(b[x]*w)
		dst[x] = uint8(float32(255 * v))
	}
}

// search returns the extremes of the result.
//
// Rows that cannot hold them are skipped: blends leave the range of what they blend by no more
// than their rounding, for which a millionth is ample. To skip as many as possible, the rows of
// the result that are next to the extremes of the map are looked at first.
func (e *enlarger) search() Result {
	likely := newSearch() // what the extremes reach at least
	var top, bottom int
	for y, t := range e.y {
		if e.hi[t.i] > e.hi[e.y[top].i] {
			top = y
		}
		if e.lo[t.i] < e.lo[e.y[bottom].i] {
			bottom = y
		}
	}
	for _, y := range [2]int{top, bottom} {
		e.levels(e.row, y)
		likely.scanBytes(e.row, y*e.w)
	}
	s := newSearch()
	for y, t := range e.y {
		hi := int(max(e.hi[t.i], e.hi[t.next]) * 255 * (1 + 0x1p-20))
		lo := int(min(e.lo[t.i], e.lo[t.next]) * 255 * (1 - 0x1p-20))
		if (hi <= s.hi || hi < likely.hi) && (lo >= s.lo || lo > likely.lo) {
			continue
		}
		e.levels(e.row, y)
		s.scanBytes(e.row, y*e.w)
	}
	return s.result(e.w)
}
