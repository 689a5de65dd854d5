package saliency

import "github.com/premix/premix/internal/reuse"

// maxScale is the largest half width of a window.
const maxScale = 112

// windowSums holds what the sums over windows are made of: an integral image in float32 whose
// rows go on beyond both edges, so that no window has to be clipped to the columns of the image.
//
//	row r = ⟨maxScale zeros⟩ 0 S(r,1) … S(r,w) ⟨maxScale copies of S(r,w)⟩
//
// with S(r,x) the sum of the first r rows and x columns, rounded to float32 once.
type windowSums struct {
	stride int
	sums   []float32 // h+1 rows of stride
	acc    []int64   // S of the row in progress
	acc32  []int32   // the same in the assembly, for images whose sum fits
	width  []float32 // of the clipped window of each scale and column: w for each scale
}

// resize makes room for an image of w×h and tabulates the widths of the clipped windows.
func (s *windowSums) resize(w, h int) {
	s.stride = maxScale + 1 + w + maxScale
	n := s.stride*(h+1) + kernelPadding
	s.sums = reuse.Slice(s.sums, n)
	clear(s.sums[:n])
	s.acc = reuse.Slice(s.acc, w)
	s.acc32 = reuse.Slice(s.acc32, w+kernelPadding)
	s.width = reuse.Slice(s.width, len(scales)*w)
	for k, n := range scales {
		for x := range w {
			s.width[k*w+x] = float32(min(x+n+1, w) - max(x-n+1, 0))
		}
	}
}

// row returns row r of the integral image from the column −maxScale on.
func (s *windowSums) row(r int) []float32 { return s.sums[r*s.stride : (r+1)*s.stride] }

// prefixRowGo appends a row of gray values to the integral image: acc gains their prefix sums,
// and dst is the row of the integral image.
func prefixRowGo(dst []float32, acc []int64, gray []uint8) {
	w := len(gray)
	acc, body := acc[:w], dst[maxScale+1:][:w]
	var sum int64
	for x, g := range gray {
		sum += int64(g)
		acc[x] += sum
		body[x] = float32(acc[x])
	}
	last := body[w-1]
	edge := dst[maxScale+1+w:][:maxScale]
	for x := range edge {
		edge[x] = last
	}
}

// addWindowsGo adds to on and off the truncated differences between gray, row y of an image of h
// rows, and the means of the windows of scale number k. With c the gray value, A the area of the window and v the sum over
// it, the difference of c and the mean without the pixel itself is
//
//	c − (v−c)/(A−1) = (c·A − v)/(A−1)
//
// The sum v is made of float32 additions in OpenCV's order; below [ExactPixels] the rest is exact
// up to the division, whose truncation equals that of OpenCV's two rounded steps: the window is at
// most 224×224, so that quotients are either integers or at least 1.99e-5 away from one, and both
// computations err by less than 1.2e-5.
//
// All factors are integers below 2^24, so that fusing a product and a sum changes nothing.
func (s *windowSums) addWindowsGo(on, off []uint16, gray []uint8, y, k, h int) {
	w, n := len(gray), scales[k]
	y1, y2 := max(y-n+1, 0), min(y+n+1, h)
	above, below, height := s.row(y1), s.row(y2), float32(y2-y1)
	left, right := maxScale-n+1, maxScale+n+1
	a1, a2 := above[left:][:w], above[right:][:w]
	b1, b2 := below[left:][:w], below[right:][:w]
	on, off, width := on[:w], off[:w], s.width[k*w:][:w]
	for x, c := range gray {
		v := float32(float32(float32(b2[x]+a1[x])-b1[x]) - a2[x])
		area := width[x] * height
		d := int32((float32(float32(c)*area) - v) / (area - 1))
		on[x] += uint16(max(d, 0))
		off[x] += uint16(max(-d, 0))
	}
}

// integrate builds the integral image of f.gray.
func (f *fineGrained) integrate() {
	clear(f.sums.acc)
	clear(f.sums.acc32)
	for y := range f.h {
		f.prefixRow(f.sums.row(y+1), f.gray[y*f.w:])
	}
}

// windows sets f.on and f.off and returns their maxima.
func (f *fineGrained) windows() (on, off uint16) {
	if f.w*f.h == 1 { // the only window without other pixels
		f.on[0], f.off[0] = 0, 0
		return 0, 0
	}
	for y := range f.h {
		a, b := f.windowRow(y)
		on, off = max(on, a), max(off, b)
	}
	return on, off
}

// windowRowGo sets row y of f.on and f.off and returns their maxima.
func (f *fineGrained) windowRowGo(y int) (on, off uint16) {
	i, j := y*f.w, (y+1)*f.w
	clear(f.on[i:j])
	clear(f.off[i:j])
	for k := range scales {
		f.sums.addWindowsGo(f.on[i:j], f.off[i:j], f.gray[i:j], y, k, f.h)
	}
	for x := i; x < j; x++ {
		on, off = max(on, f.on[x]), max(off, f.off[x])
	}
	return on, off
}
