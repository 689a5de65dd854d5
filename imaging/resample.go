package imaging

import (
	"errors"
	"fmt"
	"math"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/reuse"
)

// A Resampler resizes images. It keeps its tables and intermediate rows from one image to the
// next. The zero Resampler is ready. It must not be used concurrently.
type Resampler struct {
	x, y  axis
	rows  []byte // the intermediate image
	sums  []int32
	simd  simdTables
	plain bool // leave the assembly aside; set by tests
	store int  // instead of maxStored; set by tests
}

// maxStored bounds the intermediate image that is kept whole; beyond it the passes alternate.
const maxStored = 8 << 20

// Resize resamples the rectangle from of src to w×h pixels, as Pillow's resize of the cropped
// image does (pixels outside of from take no part), and stores the window win of the result in
// dst, which gets the size of win. Where win reaches beyond the result it is black, as where
// torchvision pads. The pixels equal those of Pillow 13 bit for bit, whatever the window.
//
// The algorithm is that of Pillow's ImagingResample: separable, the intermediate image rounded to
// 8 bits, weights of 22 fractional bits, horizontal before vertical but for images that lose more
// than twice as much height as width (see [verticalFirst]). A direction whose length does not
// change is left out. An intermediate image above 8 MiB is not kept: the passes then alternate,
// horizontal before vertical row by row, with sums of four bytes a sample for the rows of dst that
// are open at once, which are seven at most when an image shrinks; the other way round in strips.
//
// It is an error if from is not inside src, if a size is not positive, or if dst and src are one
// image; they must not share memory.
func (r *Resampler) Resize(dst, src *Image, from premix.Box, w, h int, win premix.Box, f Filter) error {
	if err := checkResize(dst, src, from, w, h, win, f); err != nil {
		return err
	}
	dst.Resize(win.X1-win.X0, win.Y1-win.Y0)
	in := premix.Box{X0: max(win.X0, 0), Y0: max(win.Y0, 0), X1: min(win.X1, w), Y1: min(win.Y1, h)}
	if in != win {
		clear(dst.Pix)
	}
	if in.Empty() {
		return nil
	}
	// The part of dst that the result covers.
	out := view{pix: dst.Pix[3*((in.Y0-win.Y0)*dst.W+in.X0-win.X0):], stride: 3 * dst.W, row: 3 * (in.X1 - in.X0), rows: in.Y1 - in.Y0}
	r.resample(out, src, from, w, h, in, f)
	return nil
}

// ResizeInto resamples the rectangle from of src to the size of at, as [Resampler.Resize] does, and stores the
// result in that rectangle of dst, whose other pixels stay.
//
// It is an error if from is not inside src or at not inside dst, if one of them is empty, or if dst and src are one
// image; they must not share memory.
func (r *Resampler) ResizeInto(dst *Image, at premix.Box, src *Image, from premix.Box, f Filter) error {
	if at.Empty() || at.X0 < 0 || at.Y0 < 0 || at.X1 > dst.W || at.Y1 > dst.H || len(dst.Pix) < 3*dst.W*dst.H {
		return fmt.Errorf("imaging: resize into %v, which is not part of an image of %d×%d pixels", at, dst.W, dst.H)
	}
	w, h := at.X1-at.X0, at.Y1-at.Y0
	whole := premix.Box{X1: w, Y1: h}
	if err := checkResize(dst, src, from, w, h, whole, f); err != nil {
		return err
	}
	out := view{pix: dst.Pix[3*(at.Y0*dst.W+at.X0):], stride: 3 * dst.W, row: 3 * w, rows: h}
	r.resample(out, src, from, w, h, whole, f)
	return nil
}

// resample stores the part in of the rectangle from, resampled to w×h pixels, in out.
func (r *Resampler) resample(out view, src *Image, from premix.Box, w, h int, in premix.Box, f Filter) {
	source := view{pix: src.Pix[3*(from.Y0*src.W+from.X0):], stride: 3 * src.W, row: 3 * (from.X1 - from.X0), rows: from.Y1 - from.Y0}

	sameX, sameY := from.X1-from.X0 == w, from.Y1-from.Y0 == h
	if !sameX && r.x.fit(axisKey{from.X1 - from.X0, w, in.X0, in.X1, f}, &r.y) {
		r.simd.setHorizontal(&r.x)
	}
	if !sameY {
		r.y.fit(axisKey{from.Y1 - from.Y0, h, in.Y0, in.Y1, f}, &r.x)
	}
	// Bilinear weights are positive and sum to 1, but for their rounding.
	r.x.bounded = f == Bilinear && r.x.taps <= 1<<12
	clamp := f != Bilinear || r.y.taps > 1<<12
	switch {
	case sameX && sameY:
		for y := range out.rows {
			copy(out.at(y), source.at(in.Y0 + y)[3*in.X0:])
		}
	case sameY:
		r.rows = reuse.Slice(r.rows, out.row+slack)
		one := view{pix: r.rows, stride: out.row, row: out.row, rows: 1}
		for y := range out.rows {
			r.horizontal(one, source.from(in.Y0+y, 1))
			copy(out.at(y), one.at(0))
		}
	case sameX:
		source.pix = source.pix[3*in.X0:]
		source.row = out.row
		r.vertical(out, source, 0, clamp)
	case verticalFirst(from.X1-from.X0, from.Y1-from.Y0, w, h):
		r.upright(out, source, clamp)
	default:
		y0, y1 := int(r.y.lo[0]), r.y.end()
		if (y1-y0)*out.row > r.limit() {
			r.alternate(out, source.from(y0, y1-y0), y0)
			break
		}
		r.rows = reuse.Slice(r.rows, (y1-y0)*out.row+slack)
		stored := view{pix: r.rows, stride: out.row, row: out.row, rows: y1 - y0}
		r.horizontal(stored, source.from(y0, y1-y0))
		r.vertical(out, stored, y0, clamp)
	}
}

// verticalFirst reports whether Pillow resamples the columns of an image of w×h pixels before its
// rows: where it loses more than twice as many rows as columns, or rows while it gains columns.
// Pillow 13 does so for speed (src/libImaging/Resample.c, horizontal_first); since the intermediate
// image is rounded, the order shows in the pixels.
func verticalFirst(fromW, fromH, w, h int) bool {
	return fromH > h && fromH-h > 2*(fromW-w)
}

// limit is how many bytes of an intermediate image are kept.
func (r *Resampler) limit() int {
	if r.store > 0 {
		return r.store
	}
	return maxStored
}

func checkResize(dst, src *Image, from premix.Box, w, h int, win premix.Box, f Filter) error {
	if _, _, err := f.kernel(); err != nil {
		return err
	}
	switch {
	case dst == src:
		return errors.New("imaging: resize of an image onto itself")
	case from.Empty() || from.X0 < 0 || from.Y0 < 0 || from.X1 > src.W || from.Y1 > src.H || len(src.Pix) < 3*src.W*src.H:
		return fmt.Errorf("imaging: resize of %v, which is not part of an image of %d×%d pixels", from, src.W, src.H)
	case w <= 0 || h <= 0 || w > math.MaxInt32 || h > math.MaxInt32:
		return fmt.Errorf("imaging: resize to %d×%d pixels", w, h)
	case win.Empty() || win.X0 < math.MinInt32 || win.Y0 < math.MinInt32 || win.X1 > math.MaxInt32 || win.Y1 > math.MaxInt32,
		int64(win.X1-win.X0) > math.MaxInt32/3/int64(win.Y1-win.Y0):
		return fmt.Errorf("imaging: resize to the window %v", win)
	}
	return nil
}

// A view is a rectangle of bytes: rows of row bytes, stride bytes apart.
type view struct {
	pix               []byte
	stride, row, rows int
}

func (v view) at(y int) []byte { return v.pix[y*v.stride:][:v.row] }

// from returns the n rows of v from row y on.
func (v view) from(y, n int) view {
	v.pix, v.rows = v.pix[y*v.stride:], n
	return v
}

// horizontal resamples the rows of src to those of dst with the weights r.x. The rows of dst have
// no gap between them, and slack bytes follow them.
func (r *Resampler) horizontal(dst, src view) {
	y := 0
	if r.simd.horizontal && !r.plain {
		y = r.horizontalSIMD(dst, src)
	}
	for ; r.x.bounded && y+1 < dst.rows; y += 2 {
		i := horizontalTwo(dst.at(y), dst.at(y+1), src.at(y), src.at(y+1), &r.x)
		horizontalRow(dst.at(y), src.at(y), &r.x, i)
		horizontalRow(dst.at(y+1), src.at(y+1), &r.x, i)
	}
	for ; y < dst.rows; y++ {
		horizontalRow(dst.at(y), src.at(y), &r.x, 0)
	}
}

// vertical resamples the columns of src, whose first row is row y0 of the source, to those of
// dst with the weights r.y.
func (r *Resampler) vertical(dst, src view, y0 int, clamp bool) {
	for y := range dst.rows {
		r.verticalRow(dst.at(y), src, y, y0, clamp)
	}
}

// verticalRow resamples the columns of src, whose first row is row y0 of the source, to output y.
func (r *Resampler) verticalRow(dst []byte, src view, y, y0 int, clamp bool) {
	k := r.y.k[y*r.y.taps:][:r.y.n[y]]
	from := src.pix[(int(r.y.lo[y])-y0)*src.stride:]
	if r.plain || !r.simd.verticalRow(dst, from, src.stride, k) {
		verticalRow(dst, from, src.stride, k, clamp)
	}
}

// upright resamples the columns of src, then the rows of what results, in strips of as many rows
// as may be stored. Of each row only the columns that the window needs are computed; they keep
// their places.
func (r *Resampler) upright(dst, src view, clamp bool) {
	x0, x1 := int(r.x.lo[0]), r.x.end()
	src.pix = src.pix[3*x0:]
	src.row = 3 * (x1 - x0)
	stride := 3 * x1
	rows := min(max(r.limit()/stride, 1), dst.rows)
	r.rows = reuse.Slice(r.rows, rows*stride+dst.row+2*slack)
	stored := view{pix: r.rows, stride: stride, row: stride, rows: 1}
	columns := view{pix: r.rows[3*x0:], stride: stride, row: src.row, rows: 1}
	one := view{pix: r.rows[rows*stride+slack:], stride: dst.row, row: dst.row, rows: 1}
	for y := range dst.rows {
		r.verticalRow(columns.at(y%rows), src, y, 0, clamp)
		if y%rows != rows-1 && y != dst.rows-1 {
			continue
		}
		for i := range y%rows + 1 {
			r.horizontal(one, stored.from(i, 1))
			copy(dst.at(y-y%rows+i), one.at(0))
		}
	}
}

// alternate does both passes without the intermediate image: each source row is resampled
// horizontally and added to the sums of the outputs that it is part of, which are few when an
// image shrinks. src starts at row y0 of the source.
func (r *Resampler) alternate(dst, src view, y0 int) {
	r.rows = reuse.Slice(r.rows, dst.row+slack)
	one := view{pix: r.rows, stride: dst.row, row: dst.row, rows: 1}
	open := 0 // the outputs before it are complete
	next := 0 // the outputs from it on have not begun
	for y := range src.rows {
		r.horizontal(one, src.from(y, 1))
		at := int32(y0 + y)
		for next < dst.rows && r.y.lo[next] <= at {
			next++
			r.sums = slide(r.sums, open, next, dst.row)
		}
		for i := open; i < next; i++ {
			if j := at - r.y.lo[i]; j < r.y.n[i] {
				addRow(r.sums[(i-open)*dst.row:][:dst.row], one.at(0), r.y.k[i*r.y.taps+int(j)])
			}
		}
		done := open
		for done < next && r.y.lo[done]+r.y.n[done] <= at+1 {
			storeRow(dst.at(done), r.sums[(done-open)*dst.row:][:dst.row])
			done++
		}
		if done > open {
			copy(r.sums, r.sums[(done-open)*dst.row:])
			r.sums = r.sums[:(next-done)*dst.row]
			open = done
		}
	}
}

// slide makes room for one more open output at the end of sums and starts it.
func slide(sums []int32, open, next, row int) []int32 {
	n := (next - open) * row
	if cap(sums) < n {
		grown := make([]int32, n, 2*n)
		copy(grown, sums[:n-row])
		sums = grown
	}
	sums = sums[:n]
	for i := n - row; i < n; i++ {
		sums[i] = half
	}
	return sums
}
