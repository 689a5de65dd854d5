package saliency

// A search keeps the first maximum and the first minimum of the part of a map it has seen.
type search struct {
	hi, lo     int // −1 and 256 before the first pixel
	hiAt, loAt int
}

func newSearch() search { return search{hi: -1, lo: 256} }

// over reports whether no further pixel can change the result.
func (s *search) over() bool { return s.hi == 255 && s.lo == 0 }

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

// search returns the extremes of the map that f.on and f.off make, without writing the map.
func (f *fineGrained) search() Result {
	s := newSearch()
	n := f.w * f.h
	for i := 0; i < n && !s.over(); {
		i += f.calm(i, &s)
		j := min(i+calmBlock, n)
		f.scan(&s, i, j)
		i = j
	}
	return s.result(f.w)
}

// calmBlock is how many pixels at a time are scanned or found to hold no new extreme.
const calmBlock = 32

// scan searches the pixels i ≤ p < j.
func (f *fineGrained) scan(s *search, i, j int) {
	if i >= j {
		return
	}
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
