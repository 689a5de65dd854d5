package saliency

// A search keeps the first maximum and the first minimum of the part of a map it has seen.
type search struct {
	hi, lo     int // −1 and 256 before the first pixel
	hiAt, loAt int
}

func newSearch() search { return search{hi: -1, lo: 256} }

// scan searches the pixels i ≤ p < j of f's map.
func (s *search) scan(f *fineGrained, i, j int) {
	on, off := f.on[i:j], f.off[i:j]
	off = off[:len(on)]
	hi, lo := s.hi, s.lo
	for p := range on {
		v := int(f.table[0].at(on[p]) + f.table[1].at(off[p]))
		if v > hi {
			hi, s.hiAt = v, i+p
		}
		if v < lo {
			lo, s.loAt = v, i+p
		}
	}
	s.hi, s.lo = hi, lo
}

// scanBytes searches a part of a map that begins at pixel i.
func (s *search) scanBytes(pix []uint8, i int) {
	hi, lo := s.hi, s.lo
	for p, v := range pix {
		v := int(v)
		if v > hi {
			hi, s.hiAt = v, i+p
		}
		if v < lo {
			lo, s.loAt = v, i+p
		}
	}
	s.hi, s.lo = hi, lo
}

func (s *search) result(w int) Result {
	return Result{Peak: at(s.hiAt, w), Trough: at(s.loAt, w), Flat: s.hi == 0}
}

// search returns the extremes of the map that f.on and f.off make, without writing it.
func (f *fineGrained) search() Result {
	s := newSearch()
	s.scan(f, 0, f.w*f.h)
	return s.result(f.w)
}
