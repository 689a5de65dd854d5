// Package jpegenc encodes RGB pixels as baseline JPEG: the bytes are those of libjpeg-turbo 3
// with its default settings, and so of Pillow's Image.save(quality=Q), with or without assembly.
// [NewOptimal] gives each image Huffman codes of its own, as Pillow's optimize=True. [NewGray] keeps the luma alone, as libjpeg does, but writes no JFIF segment.
//
// # Arithmetic
//
// RGB becomes Y'CbCr in 16-bit fixed point, chroma is averaged over 2×2 pixels with a rounding
// that alternates from column to column, the forward DCT is the accurate integer one ("islow"),
// quantisation rounds half away from zero, and entropy coding uses the tables of Annex K of
// ITU-T T.81. Beyond the right and lower edge the last column and row are repeated up to the end
// of their block; blocks that only complete an MCU have the DC of the block before and no AC.
//
// # Credit
//
// This software is based in part on the work of the Independent JPEG Group: the arithmetic is
// that of jccolor.c, jcsample.c, jfdctint.c, jcdctmgr.c and jccoefct.c, the choice of codes that of
// jchuff.c. The code is not.
package jpegenc

import (
	"encoding/binary"

	"github.com/premix/premix/internal/reuse"
)

// An Encoder encodes images one after the other and reuses its memory. It must not be used by
// several goroutines at once.
type Encoder struct {
	header []byte // SOI to the frame, with room for the size
	tables []byte // Huffman tables and SOS
	sizeAt int    // where height and width stand in header
	step   int    // pixels a side of an MCU: 8, or 16 with halved chroma
	gray   bool   // the file has one component, Y
	quant  [2]quantizer
	codes  [2]*huffman // of luma and chroma

	counts   *[2]counts // of symbols, where the image gets codes of its own
	counting bool       // whether they are counted, and nothing is written

	// The samples of one row of MCUs, stride bytes a row.
	stride int
	planes [3][]byte
	chroma [2][]byte // two rows of Cb, two of Cr, before they are halved
	row    []byte    // a copy of the last row of pixels

	mcu [6]block
	dc  [3]int32 // of the blocks before
	out bitWriter

	// Leave the assembly aside, that of pixels and that of coded bits; set by tests.
	plain, plainBits bool
}

// A block is quantised coefficients, in natural order, and which are not 0, in the order of the file.
type block struct {
	coefs   [64]int16
	nonzero uint64
}

// New returns an encoder of the given quality, 1 to 100, with chroma in full resolution (4:4:4)
// or halved both ways (4:2:0).
func New(quality int, full bool) *Encoder {
	e := &Encoder{step: 16, codes: [2]*huffman{&luma, &chroma}}
	if full {
		e.step = 8
	}
	e.writeHeader(quality)
	return e
}

// NewOptimal is New with the Huffman codes that are best for each image: the bytes of Pillow's Image.save(optimize=True).
func NewOptimal(quality int, full bool) *Encoder {
	e := New(quality, full)
	e.codes, e.counts = [2]*huffman{{}, {}}, new([2]counts)
	return e
}

// NewGray returns an encoder of the given quality, 1 to 100, whose files have the luma alone.
func NewGray(quality int) *Encoder {
	e := &Encoder{step: 8, gray: true, codes: [2]*huffman{&luma, &chroma}}
	e.writeHeader(quality)
	return e
}

// components returns how many components the file has.
func (e *Encoder) components() int {
	if e.gray {
		return 1
	}
	return 3
}

// Encode appends the image of w×h pixels, packed RGB, to dst and returns the longer slice.
// Width and height are 1 to 65,535.
func (e *Encoder) Encode(dst, rgb []byte, w, h int) []byte {
	e.stride = (w + 31) &^ 31
	for i := range e.planes {
		e.planes[i] = reuse.Slice(e.planes[i], e.stride*e.step)
	}
	for i := range e.chroma {
		e.chroma[i] = reuse.Slice(e.chroma[i], 2*e.stride)
	}
	if e.counts != nil {
		*e.counts = [2]counts{}
		e.counting = true
		e.encodeRows(nil, rgb, w, h)
		e.counting = false
		for i, t := range e.codes {
			t.fit(&e.counts[i])
		}
		e.writeTables()
	}
	at := len(dst) + e.sizeAt
	dst = append(append(dst, e.header...), e.tables...)
	binary.BigEndian.PutUint16(dst[at:], uint16(h))
	binary.BigEndian.PutUint16(dst[at+2:], uint16(w))
	e.out = bitWriter{buf: e.out.buf[:0], plain: e.plainBits}
	dst = e.encodeRows(dst, rgb, w, h)
	e.out.finish()
	return append(e.out.take(dst), 0xff, 0xd9)
}

// encodeRows appends all MCUs but for bits that are no byte yet, or counts their symbols.
func (e *Encoder) encodeRows(dst, rgb []byte, w, h int) []byte {
	e.dc = [3]int32{}
	for y := 0; y < h; y += e.step {
		e.convert(rgb, w, h, y)
		dst = e.encodeRow(dst, w, min(h-y, e.step))
	}
	return dst
}

// encodeRow appends the MCUs of the samples in planes, which have rows rows of the image.
func (e *Encoder) encodeRow(dst []byte, w, rows int) []byte {
	// Blocks of luma to the right and at the bottom.
	across, down := (w+7)/8, (rows+7)/8
	for x := 0; x < w; x += e.step {
		// All blocks are transformed before the first is encoded: so the processor works on several at once.
		if e.step == 8 {
			n := e.components()
			for c := range n {
				e.transform(c, c, x, 0)
			}
			e.encode(n)
			continue
		}
		right := x/8+1 < across
		e.transform(0, 0, x, 0)
		e.transformIf(right, 1, x+8, 0)
		e.transformIf(down > 1, 2, x, 8)
		e.transformIf(down > 1 && right, 3, x+8, 8)
		e.transform(4, 1, x/2, 0)
		e.transform(5, 2, x/2, 0)
		e.encode(6)
	}
	return e.out.take(dst)
}

// transform makes block i of the MCU, of component c, from the samples at x, y of its plane.
func (e *Encoder) transform(i, c, x, y int) {
	b := &e.mcu[i]
	q, samples := &e.quant[min(c, 1)], e.planes[c][y*e.stride+x:]
	if haveSIMD && !e.plain {
		b.nonzero = transformSIMD(&b.coefs, samples, e.stride, q)
	} else {
		b.nonzero = transform(&b.coefs, samples, e.stride, q)
	}
}

// transformIf does so for a block of luma that is in the image. Another one has the DC of the block before and nothing
// else.
func (e *Encoder) transformIf(in bool, i, x, y int) {
	if in {
		e.transform(i, 0, x, y)
	} else {
		e.mcu[i].coefs[0], e.mcu[i].nonzero = e.mcu[i-1].coefs[0], 0
	}
}

// encode writes, or counts, the n blocks of the MCU: of each component one, or four of luma.
func (e *Encoder) encode(n int) {
	e.out.reserve(n)
	for i := range n {
		c := max(i-n/2, 0)
		if n == 3 {
			c = i
		}
		b := &e.mcu[i]
		dc := int32(b.coefs[0])
		if e.counting {
			e.counts[min(c, 1)].add(&b.coefs, dc-e.dc[c], b.nonzero)
		} else {
			e.out.encode(&b.coefs, dc-e.dc[c], b.nonzero, e.codes[min(c, 1)])
		}
		e.dc[c] = dc
	}
}
