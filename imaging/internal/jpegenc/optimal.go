package jpegenc

import "math/bits"

// counts are how often each symbol of the two codes of a kind of component occurs.
type counts struct {
	dc [16]int
	ac [256]int
}

// add counts the symbols of a block.
func (n *counts) add(block *[64]int16, dc int32, nonzero uint64) {
	n.dc[size(dc)&15]++
	run := 1 // the position after the last coefficient
	for nonzero &^= 1; nonzero != 0; nonzero &= nonzero - 1 {
		z := bits.TrailingZeros64(nonzero)
		zeros := z - run
		n.ac[0xf0] += zeros >> 4
		n.ac[(zeros&15<<4|size(int32(block[zigzag[z&63]&63])))&255]++
		run = z + 1
	}
	if run < 64 {
		n.ac[0]++
	}
}

// size is how many bits the value of a coefficient has.
func size(c int32) int {
	s := c >> 31
	return bits.Len32(uint32((c ^ s) - s))
}

// fit makes h the best codes for the symbols.
func (h *huffman) fit(n *counts) {
	h.dcSpec = bestCode(h.dcSpec[:0], n.dc[:])
	h.acSpec = bestCode(h.acSpec[:0], n.ac[:])
	h.dc, h.ac = [16]uint32{}, [256]uint32{}
	setCodes(h.dc[:], h.dcSpec)
	setCodes(h.ac[:], h.acSpec)
}

// bestCode appends the table of the best code for symbols that occur count times, as a DHT segment has it: Huffman's
// algorithm, with a symbol more, so that no code is all ones; of equal counts the higher symbol comes first, and codes
// longer than 16 bits are shortened as in figure K.3 of T.81 (jchuff.c, jpeg_gen_optimal_table). It must have these ties: there
// are many best codes.
func bestCode(dst []byte, count []int) []byte {
	const none = -1
	var symbol, left, length, next [257]int // of symbols that occur; next leads through those of one tree
	n := 0
	for s, c := range count {
		if c > 0 {
			symbol[n], left[n], next[n] = s, c, none
			n++
		}
	}
	symbol[n], left[n], next[n] = 256, 1, none
	n++
	for range n - 1 {
		// The two trees that occur least.
		a, b := none, none
		for i, c := range left[:n] {
			switch {
			case c == 0: // part of another tree
			case a == none || c <= left[a]:
				a, b = i, a
			case b == none || c <= left[b]:
				b = i
			}
		}
		left[a] += left[b]
		left[b] = 0
		last := a
		for i := a; i != none; i = next[i] {
			length[i]++
			last = i
		}
		next[last] = b
		for i := b; i != none; i = next[i] {
			length[i]++
		}
	}
	var lengths [257]int // how many codes of each
	for _, l := range length[:n] {
		lengths[l]++
	}
	for l := len(lengths) - 1; l > 16; l-- {
		for lengths[l] > 0 {
			j := l - 2
			for lengths[j] == 0 {
				j--
			}
			lengths[l] -= 2
			lengths[l-1]++
			lengths[j+1] += 2
			lengths[j]--
		}
	}
	longest := 16
	for lengths[longest] == 0 {
		longest--
	}
	lengths[longest]-- // of the symbol more
	for _, k := range lengths[1:17] {
		dst = append(dst, byte(k))
	}
	for l := 1; l < len(lengths); l++ {
		for i, s := range symbol[:n] {
			if length[i] == l && s < 256 {
				dst = append(dst, byte(s))
			}
		}
	}
	return dst
}
