package tiff

import "github.com/premix/premix/imaging/internal/raster"

const (
	lzwClear = 256
	lzwEnd   = 257
	lzwSize  = 4096
)

// An lzwTable has what the codes from 258 on stand for: bytes that were written before.
type lzwTable struct{ at, n [lzwSize]int }

// decode undoes the LZW of TIFF: the first bit is the highest, and codes become longer one code
// early. It returns what of src is left.
func (t *lzwTable) decode(m *raster.Meter, dst, src []byte) (rest []byte, err error) {
	if len(src) > 1 && src[0] == 0 && src[1]&1 != 0 {
		return nil, unsupported("LZW compression of the old style")
	}
	var bits uint32
	have, width := 0, 9
	next, prev, prevLen := lzwEnd+1, 0, 0 // prev: where the string before is
	o, looked := 0, 0
	for o < len(dst) {
		for have < width {
			if len(src) == 0 {
				return nil, truncated("samples")
			}
			bits, src, have = bits<<8|uint32(src[0]), src[1:], have+8
		}
		have -= width
		code := int(bits >> have & (1<<width - 1))
		switch {
		case code == lzwClear:
			width, next, prevLen = 9, lzwEnd+1, 0
			if looked++; looked >= 1<<16 {
				if err := m.Spend(looked); err != nil {
					return nil, err
				}
				looked = 0
			}
			continue
		case code == lzwEnd:
			return nil, truncated("samples")
		case code > next || code == next && prevLen == 0:
			return nil, corrupt("LZW: a code that has no meaning yet")
		}
		if prevLen > 0 && next < lzwSize {
			t.at[next], t.n[next] = prev, prevLen+1
			next++
			if next == 1<<width-1 && width < 12 {
				width++
			}
		}
		start := o
		o = t.write(dst, o, code)
		prev, prevLen = start, o-start
		if looked += prevLen; looked >= 1<<16 {
			if err := m.Spend(looked); err != nil {
				return nil, err
			}
			looked = 0
		}
	}
	return src, nil
}

// write writes what a code stands for to dst[o:], as far as it has room, and returns where it ends.
func (t *lzwTable) write(dst []byte, o, code int) int {
	if code < lzwClear {
		dst[o] = byte(code)
		return o + 1
	}
	at, end := t.at[code], min(o+t.n[code], len(dst))
	if at+end-o <= o {
		copy(dst[o:end], dst[at:])
		return end
	}
	for ; o < end; o++ { // the last byte is the first
		dst[o] = dst[at]
		at++
	}
	return end
}
