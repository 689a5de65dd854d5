// Package raster has what the decoders of imaging share: a meter of their work, which also looks at
// the context, and the colours that several formats have.
package raster

import "context"

// A Meter counts the work of one decoder, in bytes of samples or of input, whichever it goes
// through. The zero Meter has no context and only counts.
type Meter struct {
	ctx  context.Context
	done int64
	next int64 // work after which the context is looked at again
}

// step is the work between two looks at the context: a few milliseconds.
const step = 1 << 20

// NewMeter returns a Meter that stops the work when ctx is done.
func NewMeter(ctx context.Context) *Meter { return &Meter{ctx: ctx} }

// Spend counts n more bytes. It returns the cause if the context is done; that is no fault of the
// picture.
func (m *Meter) Spend(n int) error {
	m.done += int64(n)
	if m.done < m.next || m.ctx == nil {
		return nil
	}
	m.next = m.done + step
	return m.Err()
}

// Context returns the context, for decoders that look at it themselves.
func (m *Meter) Context() context.Context {
	if m.ctx == nil {
		return context.Background()
	}
	return m.ctx
}

// Err returns the cause if the context is done.
func (m *Meter) Err() error {
	if m.ctx == nil || m.ctx.Err() == nil {
		return nil
	}
	return context.Cause(m.ctx)
}

// Done returns the work so far.
func (m *Meter) Done() int64 { return m.done }

// Over lays a sample c of opacity a on white.
func Over(c, a byte) byte {
	return byte((uint32(c)*uint32(a) + 255*(255-uint32(a)) + 127) / 255)
}

// OverPremultiplied lays a sample that is already multiplied by its opacity a on white.
func OverPremultiplied(c, a byte) byte { return byte(min(uint32(c)+255-uint32(a), 255)) }

// A LUT has the colour of each index of a palette, or of each gray value.
type LUT [256][3]byte

// Grays sets the first 1<<bits entries to gray values from black to white, or from white to black.
func (t *LUT) Grays(bits int, inverted bool) {
	last := 1<<bits - 1
	for i := range last + 1 {
		v := byte(i * 255 / last)
		if inverted {
			v = ^v
		}
		t[i] = [3]byte{v, v, v}
	}
}

// Expand writes the colours of a row of packed indexes of 1, 2, 4 or 8 bits, the first in the high
// bits, to dst.
func (t *LUT) Expand(dst, row []byte, bits int) {
	if bits == 8 {
		for i, v := range row[:len(dst)/3] {
			copy(dst[3*i:3*i+3], t[v][:])
		}
		return
	}
	per, mask := 8/bits, byte(1<<bits-1)
	for i := range len(dst) / 3 {
		v := row[i/per] >> (8 - bits - i%per*bits) & mask
		copy(dst[3*i:3*i+3], t[v][:])
	}
}

// CMYK converts one pixel as Pillow does (Convert.c, cmyk2rgb).
func CMYK(dst []byte, c, m, y, k byte) {
	nk := 255 - uint32(k)
	for i, v := range [3]byte{c, m, y} {
		t := uint32(v)*nk + 128
		dst[i] = byte(nk - (t>>8+t)>>8)
	}
}
