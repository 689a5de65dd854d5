package tiff

import (
	"github.com/premix/premix"
	"github.com/premix/premix/imaging/jpeg"
	"github.com/premix/premix/internal/reuse"
)

// jpegMemory bounds what the decoder of JPEG may hold for a strip or tile, beside its data.
func (h *Header) jpegMemory() int64 {
	w, ht := int64(h.blockW+64), int64(h.blockH+64)
	return 11*w*ht + 512*w + 1<<20
}

// usualTables is more than the tables of encoders have, which are four of Huffman codes and two of quantisation.
const usualTables = 4 << 10

// readJPEG decodes a strip or tile that is a JPEG. Its tables may be elsewhere in the file. The
// colours of pixels come to d.colours; those of a plane, which is gray, go to dst.
func (d *Decoder) readJPEG(dst, src []byte, rows int) error {
	h := &d.h
	// Tables are read again for each strip or tile.
	if err := d.feed(len(src) + max(0, len(h.tables.values)-usualTables)); err != nil {
		return err
	}
	data, err := d.join(src)
	if err != nil {
		return err
	}
	if err := d.meter.Spend(len(data) + len(dst)); err != nil {
		return err
	}
	c, err := jpeg.DecodeHeader(data)
	if err != nil {
		return err
	}
	model := map[int]jpeg.ColorModel{photoRGB: jpeg.RGB, photoYCbCr: jpeg.YCbCr, photoCMYK: jpeg.PlainCMYK}[h.photo]
	want := h.samples
	if h.planes > 1 || h.samples == 1 {
		model, want = jpeg.Gray, 1
	}
	switch {
	case c.W != h.blockW || c.H < rows || c.H > h.blockH:
		return corrupt("a JPEG of %d×%d pixels where a strip or tile has %d×%d", c.W, c.H, h.blockW, rows)
	case c.Components != want:
		return corrupt("a JPEG of %d bands, there must be %d", c.Components, want)
	case c.Memory() > h.jpegMemory()+int64(len(data)):
		return premix.Faultf(premix.TooLarge, "tiff: a JPEG that takes %d bytes to decode", c.Memory())
	}
	d.colours, _, err = d.jpeg.DecodeContext(d.meter.Context(), d.colours, data, jpeg.Options{Model: model, Spent: &d.steps})
	if err != nil {
		return err
	}
	if h.planes > 1 {
		for i := range dst {
			dst[i] = d.colours[3*i]
		}
	}
	return nil
}

// join puts the tables before the data.
func (d *Decoder) join(src []byte) ([]byte, error) {
	tables := d.h.tables
	if tables.n == 0 {
		return src, nil
	}
	const soi, eoi = "\xff\xd8", "\xff\xd9"
	t := tables.values
	if len(t) < 4 || string(t[:2]) != soi || string(t[len(t)-2:]) != eoi || len(src) < 2 || string(src[:2]) != soi {
		return nil, corrupt("tables or data of a JPEG do not begin or end as they must")
	}
	t = t[:len(t)-2]
	d.joined = reuse.Slice(d.joined, len(t)+len(src)-2)
	copy(d.joined[copy(d.joined, t):], src[2:])
	return d.joined, nil
}
