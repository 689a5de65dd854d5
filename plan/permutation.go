package plan

import "math/bits"

// rounds is the number of rounds of the Feistel network.
const rounds = 8

// A Permutation is the order of a replica: a bijection of [0,n) keyed by seed and replica, of
// which any element can be computed without the others.
//
// It is a balanced Feistel network on the smallest even number of bits w with 2^w ≥ n, walked
// until it comes out below n (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002);
// fewer than four steps are taken on average. A round maps the halves (L, R) to
//
//	(R, L xor F(R + key))   with F the finaliser of SplitMix64, its low w/2 bits taken
//
// The key of round i is word i of the stream (seed, replica, 0, PurposePermutation). Such a
// network reaches even permutations only, which would show in the order of a handful of images;
// so bit 0 of word 8 says whether positions 0 and 1 change places in the end.
type Permutation struct {
	n    uint64
	half uint // bits of one half
	keys [rounds]uint64
	odd  uint64 // 1: positions 0 and 1 change places
}

// NewPermutation is the permutation of [0,n) of a replica. n must not be negative.
func NewPermutation(n int64, seed uint64, replica int) Permutation {
	p := Permutation{n: uint64(n), half: 1}
	if n > 1 {
		p.half = uint(bits.Len64(uint64(n-1))+1) / 2
	}
	s := newStream(seed, replica, 0, PurposePermutation)
	for i := range p.keys {
		p.keys[i] = s.Uint64()
	}
	if n > 1 {
		p.odd = s.Uint64() & 1
	}
	return p
}

// At is the position of the image with the given ordinal. Both are in [0,n); it panics on an
// ordinal outside.
func (p *Permutation) At(ordinal int64) int64 {
	x := p.check(ordinal)
	for {
		mask := uint64(1)<<p.half - 1
		l, r := x>>p.half, x&mask
		for _, k := range &p.keys {
			l, r = r, l^(finalise(r+k)&mask)
		}
		if x = l<<p.half | r; x < p.n {
			return int64(p.swap(x))
		}
	}
}

// Inverse is the ordinal of the image at the given position: At(Inverse(i)) = i.
func (p *Permutation) Inverse(position int64) int64 {
	x := p.swap(p.check(position))
	for {
		mask := uint64(1)<<p.half - 1
		l, r := x>>p.half, x&mask
		for i := rounds - 1; i >= 0; i-- {
			l, r = r^(finalise(l+p.keys[i])&mask), l
		}
		if x = l<<p.half | r; x < p.n {
			return int64(x)
		}
	}
}

// swap exchanges 0 and 1 if the permutation is to be odd.
func (p *Permutation) swap(x uint64) uint64 {
	if x < 2 {
		return x ^ p.odd
	}
	return x
}

// check keeps an index from outside from walking a cycle that never comes below n.
func (p *Permutation) check(i int64) uint64 {
	if uint64(i) >= p.n {
		panic("plan: index outside the permutation")
	}
	return uint64(i)
}

// finalise is the output function of SplitMix64 (Steele, Lea and Flood 2014; Stafford's mix 13).
func finalise(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
