package jpeg

import (
	"bytes"
	"math/bits"
)

// A bomb is a file that takes as long as possible to decode.
type bomb struct {
	name string
	make func(side int) []byte // for an image of so many pixels a side
}

// A bitWriter writes coded data.
type bitWriter struct {
	out  []byte
	bits uint64
	n    int
}

func (w *bitWriter) put(v uint64, n int) {
	w.bits, w.n = w.bits<<n|v, w.n+n
	for ; w.n >= 8; w.n -= 8 {
		b := byte(w.bits >> (w.n - 8))
		if w.out = append(w.out, b); b == 0xff {
			w.out = append(w.out, 0)
		}
	}
}

// finish fills the last byte.
func (w *bitWriter) finish() []byte {
	if w.n > 0 {
		w.put(1<<(8-w.n)-1, 8-w.n)
	}
	return w.out
}

// A bombMaker has what the scans of an image of one or three components without subsampling need.
type bombMaker struct {
	side, comps int
	out         []byte
}

func newBomb(sof0 byte, side, comps int) *bombMaker {
	var frame []byte
	for i := range comps {
		frame = append(frame, byte(i+1), 0x11, 0)
	}
	return &bombMaker{side, comps, join(soi, dqt0, sof(sof0, 8, side, side, frame...))}
}

func (b *bombMaker) blocks() int { return ceil(b.side, 8) * ceil(b.side, 8) }

func (b *bombMaker) add(parts ...[]byte) { b.out = append(b.out, join(parts...)...) }

// sos announces a scan of component c, or of all where c is 0.
func (b *bombMaker) sos(c, ss, se, ah, al int) {
	comps := []byte{byte(c), 0}
	if c == 0 {
		comps = nil
		for i := range b.comps {
			comps = append(comps, byte(i+1), 0)
		}
	}
	s := append([]byte{byte(len(comps) / 2)}, comps...)
	b.add(segment(mSOS, append(s, byte(ss), byte(se), byte(ah<<4|al))...))
}

// skip codes all blocks of a component as holding nothing in the band of an AC scan, with eobTable.
func (b *bombMaker) skip() {
	var w bitWriter
	for n := b.blocks(); n > 0; {
		run := min(bits.Len(uint(n))-1, 14)
		w.put(uint64(run), 4)
		w.put(uint64(min(n, 2<<run-1)-1<<run), run)
		n -= min(n, 2<<run-1)
	}
	b.add(w.finish())
}

// eobTable has the runs of 2^0 to 2^14 blocks, as codes of 4 bits.
func eobTable() []byte {
	var vals []byte
	for run := range 15 {
		vals = append(vals, byte(run<<4))
	}
	return dht(0x10, []byte{0, 0, 0, 15}, vals...)
}

// flat codes a scan of the DC coefficients of all components, which are 0, or its refinement.
func (b *bombMaker) flat() {
	b.add(make([]byte, ceil(b.comps*b.blocks(), 8)))
}

var dcTable = dht(0, []byte{1, 1}, 0, 1)

func huffmanBombs() []bomb {
	return []bomb{
		{"runs", func(side int) []byte { // every pass costs some bytes
			b := newBomb(0xc2, side, 3)
			b.add(dcTable, eobTable())
			b.sos(0, 0, 0, 0, 0)
			b.flat()
			for k := range 63 {
				for c := range 3 {
					b.sos(c+1, k+1, k+1, 0, 0)
					b.skip()
				}
			}
			return append(b.out, eoi...)
		}},
		{"refined-zeros", func(side int) []byte { // and looks at every coefficient
			b := newBomb(0xc2, side, 3)
			b.add(dcTable, eobTable())
			b.sos(0, 0, 0, 0, 0)
			b.flat()
			for al := 13; al >= 0; al-- {
				for c := range 3 {
					b.sos(c+1, 1, 63, (al+1)%14, al)
					b.skip()
				}
			}
			return append(b.out, eoi...)
		}},
		{"passes-forgiven", func(side int) []byte { // the same refinement again and again, which is damage
			b := newBomb(0xc2, side, 3)
			b.add(dcTable, eobTable())
			b.sos(0, 0, 0, 0, 0)
			b.flat()
			for range 85 {
				for c := range 3 {
					b.sos(c+1, 1, 63, 1, 0)
					b.skip()
				}
			}
			return append(b.out, eoi...)
		}},
		{"direct-refined", func(side int) []byte { // bits of the DC coefficient
			b := newBomb(0xc2, side, 3)
			b.add(dcTable)
			for al := 13; al >= 0; al-- {
				b.sos(0, 0, 0, (al+1)%14, al)
				b.flat()
			}
			for range 60 {
				b.sos(0, 0, 0, 0, 0)
				b.flat()
			}
			return append(b.out, eoi...)
		}},
		{"smoothed", func(side int) []byte { // nothing but DC: every block is smoothed
			b := newBomb(0xc2, side, 3)
			b.add(dcTable)
			b.sos(0, 0, 0, 0, 1)
			b.flat()
			return append(b.out, eoi...)
		}},
		{"smoothed-passes", func(side int) []byte { // four components, and some passes before
			b := newBomb(0xc2, side, 4)
			b.add(dcTable)
			for range 2 {
				b.sos(0, 0, 0, 0, 0)
				b.flat()
			}
			return append(b.out, eoi...)
		}},
		{"refined", func(side int) []byte { // every coefficient is refined
			b := newBomb(0xc2, side, 1)
			b.add(dcTable, dht(0x10, []byte{1}, 1))
			b.sos(0, 0, 0, 0, 0)
			b.flat()
			b.sos(1, 1, 63, 0, 4)
			b.add(bytes.Repeat([]byte{0x55}, ceil(2*63*b.blocks(), 8)))
			b.add(dht(0x10, []byte{1}, 0)) // an end of block, and then a bit for each coefficient
			for al := 3; al >= 0; al-- {
				b.sos(1, 1, 63, al+1, al)
				b.add(make([]byte, 8*b.blocks()))
			}
			return append(b.out, eoi...)
		}},
		{"dense", func(side int) []byte { // every coefficient of the only scan is 1 or -1
			b := newBomb(0xc0, side, 3)
			b.add(dcTable, dht(0x10, []byte{1}, 1))
			b.sos(0, 0, 63, 0, 0)
			var w bitWriter
			for range b.comps * b.blocks() {
				w.put(0, 1)
				for range 7 {
					w.put(0b01_01_01_01_01_01_01_01_01, 18)
				}
			}
			b.add(w.finish(), eoi)
			return b.out
		}},
		{"restarts", func(side int) []byte { return restartBomb(0xc0, side) }},
		{"scans-of-a-dot", func(side int) []byte {
			b := newBomb(0xc2, 8, 1)
			b.add(dcTable, eobTable())
			b.sos(0, 0, 0, 0, 0)
			b.flat()
			for range 432 * side {
				b.sos(1, 1, 63, 0, 0)
				b.add([]byte{0x0f})
			}
			return append(b.out, eoi...)
		}},
		{"tables", func(side int) []byte {
			b := newBomb(0xc0, side, 1)
			b.out = append(b.out, bytes.Repeat(dcTable, 480*side)...)
			return append(b.out, eoi...)
		}},
		{"junk", func(side int) []byte {
			b := newBomb(0xc0, side, 1)
			b.out = append(b.out, bytes.Repeat([]byte{0xff, 0, 1, 0xff}, 2800*side)...)
			return append(b.out, eoi...)
		}},
		{"junk-behind", func(side int) []byte {
			b := newBomb(0xc0, 8, 1)
			b.add(dcTable, eobTable())
			b.sos(0, 0, 63, 0, 0)
			b.add([]byte{0x07, 0xff, 0xd0})
			b.out = append(b.out, bytes.Repeat([]byte{0xff, 0, 1, 0xff}, 2800*side)...)
			return append(b.out, eoi...)
		}},
	}
}

// restartBomb restarts at every MCU.
func restartBomb(sof0 byte, side int) []byte {
	b := newBomb(sof0, side, 3)
	b.add(segment(mDRI, 0, 1), dcTable, eobTable())
	b.sos(0, 0, 63, 0, 0)
	for i := range b.blocks() {
		b.out = append(b.out, 0x00, 0x01, 0xff, mRST0+byte(i&7))
	}
	b.out = b.out[:len(b.out)-2]
	return append(b.out, eoi...)
}

// progressiveArith begins a progressive arithmetic-coded image with a scan of DC coefficients that are all 0.
func progressiveArith(side int) *bombMaker {
	b := newBomb(0xca, side, 1)
	b.sos(0, 0, 0, 0, 0)
	c := newArithCoder()
	for range b.blocks() {
		c.dcZero()
	}
	b.add(c.finish())
	return b
}

func arithmeticBombs() []bomb {
	// scan is a coded scan of blocks of the same content.
	scan := func(blocks int, dc bool, k, se, step, value int) []byte {
		c := newArithCoder()
		for range blocks {
			if dc {
				c.dcZero()
			}
			c.acs(k, se, step, value)
		}
		return c.finish()
	}
	sequential := func(comps, step, value int) func(int) []byte {
		return func(side int) []byte {
			b := newBomb(0xc9, side, comps)
			b.sos(0, 0, 63, 0, 0)
			b.add(scan(b.blocks(), true, 1, 63, step, value), eoi)
			return b.out
		}
	}
	return []bomb{
		{"arith-zeros", sequential(1, 63, 1)},
		{"arith-ones", sequential(1, 1, 1)},
		{"arith-large", sequential(1, 1, 1<<13-1)},
		{"arith-passes", func(side int) []byte {
			b := progressiveArith(side)
			data := scan(b.blocks(), false, 1, 63, 63, 1)
			for range 63 {
				b.sos(1, 1, 63, 0, 0)
				b.add(data)
			}
			return append(b.out, eoi...)
		}},
		{"arith-refined", func(side int) []byte {
			b := progressiveArith(side)
			b.sos(1, 1, 63, 0, 13)
			b.add(scan(b.blocks(), false, 1, 63, 1, 1))
			for al := 12; al >= 0; al-- {
				b.sos(1, 1, 63, al+1, al)
				c := newArithCoder()
				for range b.blocks() {
					for k := 1; k < 64; k++ {
						c.encode(&c.ac[3*k-1], false)
					}
				}
				b.add(c.finish())
			}
			return append(b.out, eoi...)
		}},
		{"arith-restarts", func(side int) []byte { return restartBomb(0xc9, side) }},
		{"arith-empty", func(side int) []byte {
			b := newBomb(0xc9, side, 3)
			b.sos(0, 0, 63, 0, 0)
			return append(b.out, eoi...)
		}},
		{"arith-empty-passes", func(side int) []byte {
			b := newBomb(0xca, side, 3)
			b.add(segment(mDRI, 0, 1))
			for range 64 {
				b.sos(0, 0, 0, 0, 0)
				b.add([]byte{0})
			}
			return append(b.out, eoi...)
		}},
	}
}
