package jpeg

// An arithEncoder is the encoder of T.81 section D.1, in the form of libjpeg's jcarith.c.
type arithEncoder struct {
	c, a           int64
	stacked, zeros int // bytes 0xff, and zeros, that wait for a carry
	ct, last       int
	out            []byte
}

func newArithEncoder() *arithEncoder { return &arithEncoder{a: 0x10000, ct: 11, last: -1} }

// flushZeros writes the zeros that wait.
func (e *arithEncoder) flushZeros() {
	for ; e.zeros > 0; e.zeros-- {
		e.out = append(e.out, 0)
	}
}

// byteOut takes the next byte of the code, with its carry.
func (e *arithEncoder) byteOut(v int) {
	switch {
	case v > 0xff:
		if e.last >= 0 {
			e.flushZeros()
			e.emit(e.last + 1)
		}
		e.zeros += e.stacked // they became 0
		e.stacked, e.last = 0, v&0xff
	case v == 0xff:
		e.stacked++
	default:
		if e.last == 0 {
			e.zeros++
		} else if e.last > 0 {
			e.flushZeros()
			e.emit(e.last)
		}
		if e.stacked > 0 {
			e.flushZeros()
			for ; e.stacked > 0; e.stacked-- {
				e.emit(0xff)
			}
		}
		e.last = v
	}
}

func (e *arithEncoder) emit(v int) {
	e.out = append(e.out, byte(v))
	if v == 0xff {
		e.out = append(e.out, 0)
	}
}

// encode encodes a decision with the statistics bin st.
func (e *arithEncoder) encode(st *uint8, v bool) {
	sv := *st
	s := &arithStates[sv&0x7f]
	qe := int64(s.qe)
	e.a -= qe
	if v != (sv&0x80 != 0) {
		if e.a >= qe {
			e.c += e.a
			e.a = qe
		}
		*st = sv&0x80 ^ s.lps ^ s.switchLess
	} else {
		if e.a >= 0x8000 {
			return
		}
		if e.a < qe {
			e.c += e.a
			e.a = qe
		}
		*st = sv&0x80 ^ s.mps
	}
	for e.a < 0x8000 {
		e.a <<= 1
		e.c <<= 1
		if e.ct--; e.ct == 0 {
			e.byteOut(int(e.c >> 19))
			e.c &= 0x7ffff
			e.ct += 8
		}
	}
}

// finish returns the bytes of the segment.
func (e *arithEncoder) finish() []byte {
	t := (e.a - 1 + e.c) &^ 0xffff
	if t < e.c {
		t += 0x8000
	}
	e.c = t << e.ct
	e.byteOut(int(e.c >> 19))
	e.byteOut(int(e.c >> 11 & 0xff))
	e.byteOut(0) // moves the last byte out
	return e.out
}

// An arithCoder encodes blocks of one component with table 0.
type arithCoder struct {
	*arithEncoder
	dc    [64]uint8
	ac    [256]uint8
	fixed uint8
}

func newArithCoder() *arithCoder {
	return &arithCoder{arithEncoder: newArithEncoder(), fixed: uint8(len(arithStates) - 1)}
}

// dcZero encodes a difference of 0 after another.
func (c *arithCoder) dcZero() { c.encode(&c.dc[0], false) }

// acs encodes coefficients k to se, of which every step-th is value and the others are 0, as an AC scan
// or the rest of a block of a sequential scan.
func (c *arithCoder) acs(k, se, step, value int) {
	for ; k+step-1 <= se; k++ {
		st := 3 * (k - 1)
		c.encode(&c.ac[st], false)
		for range step - 1 {
			c.encode(&c.ac[st+1], false)
			st += 3
			k++
		}
		c.encode(&c.ac[st+1], true)
		c.encode(&c.fixed, false)
		c.magnitude(st+2, k, value-1)
	}
	if k <= se {
		c.encode(&c.ac[3*(k-1)], true)
	}
}

// magnitude encodes v ≥ 0, the size of coefficient k less 1.
func (c *arithCoder) magnitude(st, k, v int) {
	m := 0
	if v > 0 {
		c.encode(&c.ac[st], true)
		m = 1
		if rest := v >> 1; rest > 0 {
			c.encode(&c.ac[st], true)
			m, st = 2, 217
			if k <= 5 {
				st = 189
			}
			for rest >>= 1; rest > 0; rest >>= 1 {
				c.encode(&c.ac[st], true)
				m, st = m<<1, st+1
			}
		}
	}
	c.encode(&c.ac[st], false)
	for m >>= 1; m > 0; m >>= 1 {
		c.encode(&c.ac[st+14], m&v != 0)
	}
}
