package saliency

import "encoding/binary"

// levels maps the values of ON or OFF to 0…255. Six differences of at most 255 sum to at most
// 1530; the table is larger so that an index needs a mask and no check.
type levels struct {
	max   uint16
	level [maxLevels + 8]uint8
}

const maxLevels = 2048

// set prepares the table for values of which max is the largest. The level of v is
// trunc(255·float32(v/max)), the division in float32 and the product in float64, as OpenCV
// computes it; all are 0 if max is 0.
//
// That is ⌊255·v/max⌋, since the error of the division is too small to reach another integer,
// except where 255·v/max is an integer itself and the quotient was rounded down.
func (l *levels) set(max uint16) {
	l.max = max
	if max == 0 {
		l.level[0] = 0
		return
	}
	end := min(int(max)+1, maxLevels)
	for k, v := 0, 0; v < end; k++ {
		next := ((k+1)*int(max) + 254) / 255 // the first value of level k+1
		if next*255 == (k+1)*int(max) && 255*float64(float32(next)/float32(max)) < float64(k+1) {
			next++
		}
		for ; v < min(next, end); v += 8 {
			binary.LittleEndian.PutUint64(l.level[v:], uint64(k)*0x0101010101010101)
		}
		v = min(next, end)
	}
}

func (l *levels) at(v uint16) uint8 { return l.level[v&(maxLevels-1)] }

// normalize sets dst to the map that f.on and f.off make.
func (f *fineGrained) normalize(dst []uint8) {
	n := f.w * f.h
	dst, on, off := dst[:n], f.on[:n], f.off[:n]
	for i := range dst {
		dst[i] = f.table[0].at(on[i]) + f.table[1].at(off[i])
	}
}
