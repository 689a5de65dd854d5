package tiff

import (
	"compress/flate"
	"compress/zlib"
	"errors"
	"io"
	"math/bits"

	"golang.org/x/image/ccitt"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/reuse"
)

// decompress fills dst with the samples of rows rows. What follows them in src is not looked at.
func (d *Decoder) decompress(dst, src []byte, rows int) error {
	h := &d.h
	if err := d.meter.Spend(len(dst)); err != nil {
		return err
	}
	fax := h.compression == fax3 || h.compression == fax4
	if h.reversed && !fax {
		d.reversed = reuse.Slice(d.reversed, len(src))
		for i, b := range src {
			d.reversed[i] = bits.Reverse8(b)
		}
		src = d.reversed
	}
	var err error
	all := src
	switch h.compression {
	case none:
		src = src[copy(dst, src):]
	case packBits:
		src, err = unpackBits(dst, src)
	case lzw:
		if d.lzw == nil {
			d.lzw = new(lzwTable)
		}
		src, err = d.lzw.decode(d.meter, dst, src)
	case deflate:
		src, err = d.unzip(dst, src)
	default:
		src, err = d.readFax(dst, src, rows)
	}
	if err != nil {
		return err
	}
	if h.predictor {
		if err := d.unpredict(dst); err != nil {
			return err
		}
	}
	return d.feed(len(all) - len(src))
}

// feed counts bytes of the file that became samples. Strips and tiles may lie in the same bytes, but not
// so often that a small file makes a lot of work.
func (d *Decoder) feed(n int) error {
	const often, least = 4, 16 << 20
	d.fed += int64(n)
	if limit := often*int64(len(d.h.data)) + least; d.fed > limit {
		return premix.Faultf(premix.TooLarge, "tiff: strips or tiles lie in the same bytes: together they have more than %d, the limit is %d times the file", limit, often)
	}
	return nil
}

// readAll fills dst from r, in parts.
func (d *Decoder) readAll(dst []byte, r io.Reader) error {
	const part = 1 << 18
	before := d.reader.Len()
	for len(dst) > 0 {
		n, err := io.ReadFull(r, dst[:min(len(dst), part)])
		if err != nil {
			return err
		}
		dst = dst[n:]
		if err := d.meter.Spend(before - d.reader.Len()); err != nil {
			return err
		}
		before = d.reader.Len()
	}
	return nil
}

// unzip returns what of src is left.
func (d *Decoder) unzip(dst, src []byte) (rest []byte, err error) {
	d.reader.Reset(src)
	if d.inflate == nil {
		d.inflate, err = zlib.NewReader(&d.reader)
	} else {
		err = d.inflate.(zlib.Resetter).Reset(&d.reader, nil)
	}
	if err == nil {
		err = d.readAll(dst, d.inflate)
	}
	var damage flate.CorruptInputError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, truncated("samples")
	case errors.As(err, &damage), errors.Is(err, zlib.ErrHeader), errors.Is(err, zlib.ErrDictionary), errors.Is(err, zlib.ErrChecksum):
		return nil, corrupt("%v", err)
	}
	return src[len(src)-d.reader.Len():], err
}

// readFax reads fax data, whose black is 1 as in libtiff, and returns what of src is left.
func (d *Decoder) readFax(dst, src []byte, rows int) (rest []byte, err error) {
	h := &d.h
	d.reader.Reset(src)
	order, kind := ccitt.MSB, ccitt.Group4
	if h.reversed {
		order = ccitt.LSB
	}
	if h.compression == fax3 {
		kind = ccitt.Group3
	}
	o := ccitt.Options{Invert: true, Align: h.aligned}
	err = d.readAll(dst, ccitt.NewReader(&d.reader, order, kind, h.blockW, rows, &o))
	switch {
	case err == nil || d.meter.Err() != nil:
		return src[len(src)-d.reader.Len():], err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, truncated("samples")
	}
	return nil, corrupt("%v", err)
}

// unpackBits undoes PackBits and returns what of src is left.
func unpackBits(dst, src []byte) (rest []byte, err error) {
	for len(dst) > 0 {
		if len(src) == 0 {
			return nil, truncated("samples")
		}
		n := int(int8(src[0]))
		src = src[1:]
		switch {
		case n >= 0:
			k := copy(dst[:min(len(dst), n+1)], src)
			if k < min(len(dst), n+1) {
				return nil, truncated("samples")
			}
			dst, src = dst[k:], src[k:]
		case n > -128:
			if len(src) == 0 {
				return nil, truncated("samples")
			}
			k := min(len(dst), 1-n)
			for i := range k {
				dst[i] = src[0]
			}
			dst, src = dst[k:], src[1:]
		}
	}
	return src, nil
}

// unpredict adds to each sample the one on its left.
func (d *Decoder) unpredict(samples []byte) error {
	h := &d.h
	n := h.samples / h.planes
	for row := h.rowBytes(); len(samples) >= row && row > 0; samples = samples[row:] {
		if err := d.meter.Spend(row); err != nil {
			return err
		}
		if h.bits == 8 {
			for i := n; i < row; i++ {
				samples[i] += samples[i-n]
			}
			continue
		}
		high := 0
		if h.little() {
			high = 1
		}
		for i := 2 * n; i+1 < row; i += 2 {
			low := int(samples[i+1-high]) + int(samples[i+1-high-2*n])
			samples[i+1-high] = byte(low)
			samples[i+high] += samples[i+high-2*n] + byte(low>>8)
		}
	}
	return nil
}
