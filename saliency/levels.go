package saliency

// levels maps the values of ON or OFF to 0…255. Six differences of at most 255 sum to at most
// 1530; the table is larger so that an index needs a mask and no check.
type levels struct {
	max   uint16
	level [2048]uint8
}

// set prepares the table for values of which max is the largest: trunc(255·float32(i/max)), the
// division in float32 and the product in float64, as OpenCV computes it; all 0 if max is 0.
func (l *levels) set(max uint16) {
	l.max = max
	if max == 0 {
		l.level[0] = 0
		return
	}
	m := float32(max)
	for i := range min(int(max)+1, len(l.level)) {
		l.level[i] = uint8(255 * float64(float32(i)/m))
	}
}

func (l *levels) at(v uint16) uint8 { return l.level[v&2047] }

// normalize sets dst to the map that f.on and f.off make.
func (f *fineGrained) normalize(dst []uint8) {
	n := f.w * f.h
	dst, on, off := dst[:n], f.on[:n], f.off[:n]
	for i := range dst {
		dst[i] = f.table[0].at(on[i]) + f.table[1].at(off[i])
	}
}
