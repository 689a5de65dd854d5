package saliency

import (
	"slices"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/reuse"
)

// frequencyTuned is the detector of Achanta, Hemami, Estrada & Süsstrunk (CVPR 2009): the
// distance in Lab between the mean colour of the image and that of the pixel in the image blurred
// with the paper's separable kernel [1 4 6 4 1]/16. As in the authors' C++ code, the mean is that
// of the image before the blur, and taps beyond the border are left out and the kernel
// renormalised. Here R is red, whatever [Params] say of gray.
//
// The ranking is that of the squared distance S. The map is trunc(255·(S−min)/(max−min)), so that
// it is 255 exactly where S is greatest. Lab and blur are integers, and no product in the floating
// point operations that follow can be fused with a sum.
type frequencyTuned struct {
	w, h int
	lab  [3][]int32    // h rows of w, two zeros on either side of each
	ring [3][5][]int32 // the last rows, blurred horizontally: row y in slot y mod 5
	zero []int32       // a row beyond the border
	inv  []float64     // 1 over the kernel weights within the image, of each column
	acc  []float64     // a row of S
	s    []float32     // w·h of S
}

func newFrequencyTuned() *frequencyTuned { return &frequencyTuned{} }

// flatDistance is the largest S of an image without contrast.
const flatDistance = 1e-6

func (f *frequencyTuned) Peak(img *imaging.Image) Result {
	lo, hi := f.distances(img)
	if lo == hi || hi < flatDistance {
		return flat(img.W, img.H)
	}
	trough := slices.IndexFunc(f.s, func(s float32) bool { return distanceLevel(s, lo, hi) == 0 })
	return Result{Peak: at(slices.Index(f.s, hi), img.W), Trough: at(trough, img.W)}
}

func (f *frequencyTuned) Map(dst *Map, img *imaging.Image) Result {
	dst.resize(img.W, img.H)
	lo, hi := f.distances(img)
	if lo == hi || hi < flatDistance {
		clear(dst.Pix)
		return flat(img.W, img.H)
	}
	for i, s := range f.s {
		dst.Pix[i] = distanceLevel(s, lo, hi)
	}
	return extrema(dst.Pix, img.W)
}

// distanceLevel is the value of the map where the squared distance is s.
func distanceLevel(s, lo, hi float32) uint8 {
	return uint8(float64(float64(s-lo)/float64(hi-lo)) * 255)
}

// resize makes room for an image of w×h.
func (f *frequencyTuned) resize(w, h int) {
	if f.w == w && f.h == h {
		return
	}
	for c := range f.lab {
		f.lab[c] = reuse.Slice(f.lab[c], (w+4)*h)
		clear(f.lab[c])
		for i := range f.ring[c] {
			f.ring[c][i] = reuse.Slice(f.ring[c][i], w)
		}
	}
	f.zero = reuse.Slice(f.zero, w)
	f.inv, f.acc, f.s = reuse.Slice(f.inv, w), reuse.Slice(f.acc, w), reuse.Slice(f.s, w*h)
	for x := range f.inv {
		f.inv[x] = 1 / float64(kernelWeight(x, w))
	}
	f.w, f.h = w, h
}

// kernelWeight is the sum of the kernel's weights that lie within 0…n−1 when it is centred on i.
func kernelWeight(i, n int) int {
	sum := 0
	for k, w := range [5]int{1, 4, 6, 4, 1} {
		if j := i + k - 2; j >= 0 && j < n {
			sum += w
		}
	}
	return sum
}

// distances sets f.s to the squared distances of img and returns their extremes; both are 0 for
// an image without pixels.
func (f *frequencyTuned) distances(img *imaging.Image) (lo, hi float32) {
	w, h := img.W, img.H
	f.resize(w, h)
	if w == 0 || h == 0 {
		return 0, 0
	}
	mean := f.convert(img)
	for y := range min(2, h) {
		f.blurRow(y)
	}
	for y := range h {
		if y+2 < h {
			f.blurRow(y + 2)
		}
		clear(f.acc)
		for c := range 3 {
			f.addDistances(c, y, mean[c])
		}
		row := f.s[y*w : (y+1)*w]
		for x, v := range f.acc {
			row[x] = float32(v)
		}
	}
	return slices.Min(f.s), slices.Max(f.s)
}

// convert sets f.lab to img and returns the mean colour.
func (f *frequencyTuned) convert(img *imaging.Image) (mean [3]float64) {
	w, h := img.W, img.H
	var sum [3]int64
	for y := range h {
		src := img.Pix[3*w*y : 3*w*(y+1)]
		i := y*(w+4) + 2
		l, a, b := f.lab[0][i:i+w], f.lab[1][i:i+w], f.lab[2][i:i+w]
		for x := range l {
			p := src[3*x : 3*x+3 : 3*x+3]
			l[x], a[x], b[x] = lab(p[0], p[1], p[2])
			sum[0] += int64(l[x])
			sum[1] += int64(a[x])
			sum[2] += int64(b[x])
		}
	}
	for c := range mean {
		mean[c] = float64(sum[c]) / float64(w*h) / (1 << labBits)
	}
	return mean
}

// blurRow blurs row y of each channel horizontally into its ring.
func (f *frequencyTuned) blurRow(y int) {
	w := f.w
	for c := range 3 {
		src := f.lab[c][y*(w+4) : (y+1)*(w+4)]
		dst := f.ring[c][y%5][:len(src)-4]
		for x := range dst {
			s := src[x : x+5 : x+5]
			dst[x] = s[0] + s[4] + 4*(s[1]+s[3]) + 6*s[2]
		}
	}
}

// addDistances adds to f.acc what channel c contributes to the squared distances of row y.
func (f *frequencyTuned) addDistances(c, y int, mean float64) {
	rows := &f.ring[c]
	line := func(y int) []int32 {
		if y < 0 || y >= f.h {
			return f.zero
		}
		return rows[y%5]
	}
	r0, r1, r2, r3, r4 := line(y-2), line(y-1), line(y), line(y+1), line(y+2)
	acc, inv := f.acc, f.inv
	n := len(acc)
	r0, r1, r2, r3, r4, inv = r0[:n], r1[:n], r2[:n], r3[:n], r4[:n], inv[:n]
	scale := 1 / float64(kernelWeight(y, f.h)<<labBits)
	for x := range acc {
		t := r0[x] + r4[x] + 4*(r1[x]+r3[x]) + 6*r2[x]
		d := float64(float64(t)*float64(inv[x]*scale)) - mean
		acc[x] += float64(d * d)
	}
}
