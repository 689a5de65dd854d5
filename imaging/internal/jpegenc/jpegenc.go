// Package jpegenc encodes RGB pixels as baseline JPEG: the bytes are those of libjpeg-turbo 3
// with its default settings, and so of Pillow's Image.save(quality=Q), with or without assembly.
// [NewGray] keeps the luma alone, as libjpeg does, but writes no JFIF segment.
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
// that of jccolor.c, jcsample.c, jfdctint.c, jcdctmgr.c and jccoefct.c. The code is not.
package jpegenc

import (
	"encoding/binary"

	"github.com/premix/premix/internal/reuse"
)

// An Encoder encodes images one after the other and reuses its memory. It must not be used by
// several goroutines at once.
type Encoder struct {
	header []byte // SOI to SOS, with room for the size
	sizeAt int    // where height and width stand in header
	step   int    // pixels a side of an MCU: 8, or 16 with halved chroma
	gray   bool   // the file has one component, Y
	quant  [2]quantizer

	// The samples of one row of MCUs, stride bytes a row.
	stride int
	planes [3][]byte
	chroma [2][]byte // two rows of Cb, two of Cr, before they are halved
	row    []byte    // a copy of the last row of pixels

	out   bitWriter
	dc    [3]int32
	block [64]int16

	plain bool // leave the assembly aside; set by tests
}

// New returns an encoder of the given quality, 1 to 100, with chroma in full resolution (4:4:4)
// or halved both ways (4:2:0).
func New(quality int, full bool) *Encoder {
	e := &Encoder{step: 16}
	if full {
		e.step = 8
	}
	e.writeHeader(quality)
	return e
}

// NewGray returns an encoder of the given quality, 1 to 100, whose files have the luma alone.
func NewGray(quality int) *Encoder {
	e := &Encoder{step: 8, gray: true}
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
	at := len(dst) + e.sizeAt
	dst = append(dst, e.header...)
	binary.BigEndian.PutUint16(dst[at:], uint16(h))
	binary.BigEndian.PutUint16(dst[at+2:], uint16(w))

	e.stride = (w + 31) &^ 31
	for i := range e.planes {
		e.planes[i] = reuse.Slice(e.planes[i], e.stride*e.step)
	}
	for i := range e.chroma {
		e.chroma[i] = reuse.Slice(e.chroma[i], 2*e.stride)
	}
	e.dc = [3]int32{}
	e.out = bitWriter{buf: dst}
	for y := 0; y < h; y += e.step {
		e.convert(rgb, w, h, y)
		e.encodeRow(w, min(h-y, e.step))
	}
	e.out.flush()
	dst = append(e.out.buf, 0xff, 0xd9)
	e.out = bitWriter{}
	return dst
}

// encodeRow encodes the MCUs of the samples in planes, which have rows rows of the image.
func (e *Encoder) encodeRow(w, rows int) {
	// Blocks of luma to the right and at the bottom.
	across, down := (w+7)/8, (rows+7)/8
	for x := 0; x < w; x += e.step {
		e.out.reserve()
		if e.step == 8 {
			for c := range e.components() {
				e.encodeBlock(c, x, 0)
			}
			continue
		}
		e.encodeBlock(0, x, 0)
		if x/8+1 < across {
			e.encodeBlock(0, x+8, 0)
		} else {
			e.out.encodeFlat(&luma)
		}
		switch {
		case down == 1:
			e.out.encodeFlat(&luma)
			e.out.encodeFlat(&luma)
		case x/8+1 < across:
			e.encodeBlock(0, x, 8)
			e.encodeBlock(0, x+8, 8)
		default:
			e.encodeBlock(0, x, 8)
			e.out.encodeFlat(&luma)
		}
		e.encodeBlock(1, x/2, 0)
		e.encodeBlock(2, x/2, 0)
	}
}

// encodeBlock encodes the block of component c at x, y of its plane.
func (e *Encoder) encodeBlock(c, x, y int) {
	q, t := &e.quant[min(c, 1)], &luma
	if c > 0 {
		t = &chroma
	}
	samples := e.planes[c][y*e.stride+x:]
	var nonzero uint64
	if haveSIMD && !e.plain {
		nonzero = transformSIMD(&e.block, samples, e.stride, q)
	} else {
		nonzero = transform(&e.block, samples, e.stride, q)
	}
	dc := int32(e.block[0])
	e.out.encode(&e.block, dc-e.dc[c], inZigzag(nonzero), t)
	e.dc[c] = dc
}
