package jpeg

// Entries of a table of pairs, indexed by the next lookBits bits, for decoding without branches:
//
//	bits 0–5    number of bits to drop
//	bits 8–13   those of the code
//	bits 16–21  63 minus those of the value that follows it
//	bits 24–31  number of coefficients to skip, or pairEnd, pairLong, pairNever
//	bits 32–39  from there on, where a second value belongs: 0 where there is none
//	bits 40–47  where the next symbol begins: 64 after the end of the block
//	bits 48–63  the second value
//
// An entry has a second symbol, which may be the end of the block, where all its bits are among those of the index.
// Entries of DC have no zeros to skip and no second symbol; 0 stands for codes that are longer, or of none.
const (
	pairEnd   = 64  // the block ends
	pairLong  = 128 // the code is longer, or of none
	pairNever = 255 // code and value have more than maxSymbol bits, which no encoder writes
)

// maxSymbol is how many bits a symbol and its value take at most: there are 56 for two.
const maxSymbol = 28

// pairBlocks is how many blocks there are at least for which tables of pairs are made: those of one image, or of several that
// follow each other and have the same tables, as small pictures often do. Each takes as much time as some ten blocks.
var pairBlocks int64 = 256

// A blockTables is what decodes a block of an MCU. The assembly knows the first three.
type blockTables struct {
	dc, ac *huffTable
	pred   *int32
	c      *component
}

// setTables sets those of the blocks of an MCU of the only scan.
func (d *Decoder) setTables() {
	p := &d.p
	d.pairs = haveBits && !p.arith && d.worthPairs()
	d.perMCU = 0
	for _, ci := range p.scan[:p.nscan] {
		c := &d.comps[ci]
		t := blockTables{dc: &d.dc[c.dcTab&3], ac: &d.ac[c.aTab&3], pred: &c.pred, c: c}
		if d.pairs {
			t.dc.pairUp()
			t.ac.pairUp()
		}
		n := c.h * c.v
		if p.nscan == 1 {
			n = 1
		}
		for range n {
			d.tables[d.perMCU] = t
			d.perMCU++
		}
	}
}

// worthPairs says whether the image, with those before it that had the same tables, has enough blocks.
func (d *Decoder) worthPairs() bool {
	p := &d.p
	for _, ci := range p.scan[:p.nscan] {
		for _, t := range []*huffTable{&d.dc[d.comps[ci].dcTab&3], &d.ac[d.comps[ci].aTab&3]} {
			if t.fresh {
				t.fresh, d.alike = false, 0
			}
		}
	}
	d.alike += p.layout().blocks
	return d.alike >= pairBlocks
}

// pairUp fills t.pairs, after build.
func (t *huffTable) pairUp() {
	if t.paired {
		return
	}
	t.paired = true
	absent := uint64(pairLong) << 24
	if t.kind == tableDC {
		absent = 0
	}
	for i := range t.pairs {
		t.pairs[i] = absent
	}
	code, k := 0, 0
	for l := 1; l <= lookBits; l++ {
		for range t.counts[l-1] {
			e := single(t.kind, t.vals[k], l)
			rest := lookBits - l
			for i := code << rest; i < (code+1)<<rest; i++ {
				t.pairs[i] = e
			}
			code++
			k++
		}
		code <<= 1
	}
	if t.kind == tableDC {
		return
	}
	for i, e := range t.pairs {
		used := e & 63
		if used >= lookBits || e>>24&255 > 15 {
			continue
		}
		next := t.look[uint(i)<<used&(1<<lookBits-1)]
		if next&entryValue == 0 || uint64(next&63) > lookBits-used {
			continue
		}
		e += uint64(next & 63)
		e &^= 255 << 40
		if run := uint64(next >> 8 & 127); run == runEOB {
			e |= 64 << 40
		} else {
			e |= (1+run)<<32 | (2+run)<<40 | uint64(next>>16)<<48
		}
		t.pairs[i] = e
	}
}

// single is the entry of a symbol whose code has l bits.
func single(kind tableKind, sym uint8, l int) uint64 {
	run, s := uint64(sym>>4), int(sym&15)
	switch {
	case kind == tableDC:
		run = 0
	case s == 0 && run != 15:
		run = pairEnd
	}
	if l+s > maxSymbol {
		if kind == tableDC {
			return 0
		}
		run = pairNever
	}
	return 1<<40 | run<<24 | uint64(63-s)<<16 | uint64(l)<<8 | uint64(l+s)
}
