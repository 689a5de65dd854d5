package jpeg

// lookBits is how many bits the lookup tables resolve at once.
const lookBits = 10

// Entries of a lookup table, indexed by the next lookBits bits:
//
//	bits 0–5    number of bits to drop
//	bits 8–14   number of coefficients to skip, or runEOB
//	bit  15     set: bits 16–31 are the value of a coefficient, whose own bits are counted too
//	            clear: bits 16–23 are the symbol; its value has not been read
//
// 0 is the entry of codes longer than lookBits, or of none.
const (
	entryValue = 1 << 15
	runEOB     = 127
)

// A tableKind says which symbols are resolved to values.
type tableKind uint8

const (
	tableDC     tableKind = iota + 1 // differences
	tableAC                          // runs and values, end of block
	tableSymbol                      // nothing
)

// A huffTable decodes one Huffman code.
type huffTable struct {
	look    [1 << lookBits]uint32
	maxCode [17]int32 // largest code of each length, −1 if there is none
	offset  [17]int32 // index of the value of code c of length l is c + offset[l]
	vals    [256]uint8

	kind   tableKind // 0: not built
	counts [16]uint8

	pairs  [1 << lookBits]uint64 // where paired, for many blocks: see pairBlocks
	paired bool
	fresh  bool // built since [Decoder.worthPairs] looked at it
}

// build makes t the table that def defines. It returns false where the definition is impossible
// (jdhuff.c, jpeg_make_d_derived_tbl).
func (t *huffTable) build(def *huffDef, kind tableKind) bool {
	if t.kind == kind && t.counts == def.counts && t.vals == def.vals {
		return true
	}
	t.kind, t.paired, t.fresh = 0, false, true
	n, code := 0, 0
	for l, c := range def.counts {
		n += int(c)
		code += int(c)
		// No code is all ones.
		if c > 0 && code >= 1<<(l+1) {
			return false
		}
		code <<= 1
	}
	if n > 256 {
		return false
	}
	if kind == tableDC {
		for _, v := range def.vals[:n] {
			if v > 15 {
				return false
			}
		}
	}
	t.counts, t.vals = def.counts, def.vals
	clear(t.look[:])
	c, k := int32(0), int32(0)
	for l := 1; l <= 16; l++ {
		t.offset[l] = k - c
		for range def.counts[l-1] {
			if l <= lookBits {
				t.fill(def.vals[k], uint32(c), l, kind)
			}
			c++
			k++
		}
		t.maxCode[l] = -1
		if def.counts[l-1] > 0 {
			t.maxCode[l] = c - 1
		}
		c <<= 1
	}
	t.kind = kind
	return true
}

// fill writes the entries of one code of l bits.
func (t *huffTable) fill(sym uint8, code uint32, l int, kind tableKind) {
	run, s := uint32(0), int(sym)
	if kind == tableAC {
		run, s = uint32(sym>>4), int(sym&15)
	}
	rest := lookBits - l
	e := t.look[code<<rest : (code+1)<<rest]
	for j := range e {
		switch {
		case kind == tableAC && sym == 0:
			e[j] = runEOB<<8 | entryValue | uint32(l)
		case kind == tableDC && s == 0:
			e[j] = entryValue | uint32(l)
		case kind != tableSymbol && s > 0 && l+s <= lookBits:
			v := extend(uint64(j)<<(64-rest), uint(s))
			e[j] = uint32(uint16(v))<<16 | entryValue | run<<8 | uint32(l+s)
		default:
			e[j] = uint32(sym)<<16 | uint32(l)
		}
	}
}

// extend returns the value of the first s bits, 1 ≤ s ≤ 16, whose first one is the sign: 0 for
// negative values (T.81, figure F.12).
func extend(bits uint64, s uint) int32 {
	negative := int32(^bits>>32) >> 31
	return int32(bits>>((64-s)&63)) + negative&(1-1<<(s&31))
}

// table builds the table for a scan, from the defaults where the image defines none and is
// sequential: frames of motion JPEG leave out the tables of T.81 section K.3.
func (d *Decoder) table(t *[4]huffTable, defs *[4]huffDef, i uint8, kind tableKind) error {
	if i > 3 || !defs[i].set {
		return corrupt("Huffman table %d is not defined", i)
	}
	if !t[i].build(&defs[i], kind) {
		return corrupt("impossible Huffman table %d", i)
	}
	return nil
}
