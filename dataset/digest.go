package dataset

import (
	"encoding/binary"
	"math/bits"
)

// A limbs is a number below 2^256, the least 64 bits first.
type limbs [4]uint64

// primeGap is 2^256 minus the prime that digests are joined modulo.
const primeGap = 189

var baseLimbs = toLimbs([32]byte(digestBase.FillBytes(make([]byte, 32))))

func toLimbs(b [32]byte) (x limbs) {
	for i := range x {
		x[i] = binary.BigEndian.Uint64(b[24-8*i:])
	}
	return x
}

// belowPrime reports whether a number is one modulo the prime.
func belowPrime(b [32]byte) bool {
	x := toLimbs(b)
	return x[3]&x[2]&x[1] != 1<<64-1 || x[0] < 1<<64-primeGap
}

// appendDigest is a·B + b modulo the prime: [JoinDigest] for one entry, without allocating.
func appendDigest(a, b [32]byte) (joined [32]byte) {
	x, y := toLimbs(a), toLimbs(b)
	var p [8]uint64 // x·B
	for i, u := range x {
		var carry uint64
		for k, v := range baseLimbs {
			hi, lo := bits.Mul64(u, v)
			var c uint64
			lo, c = bits.Add64(lo, p[i+k], 0)
			hi += c
			lo, c = bits.Add64(lo, carry, 0)
			p[i+k], carry = lo, hi+c
		}
		p[i+4] = carry
	}
	// 2^256 is primeGap modulo the prime: the upper half comes down so, and then what runs over.
	var r limbs
	var carry uint64
	for i := range r {
		hi, lo := bits.Mul64(p[i+4], primeGap)
		var c uint64
		lo, c = bits.Add64(lo, p[i], 0)
		hi += c
		lo, c = bits.Add64(lo, carry, 0)
		r[i], carry = lo, hi+c
	}
	var c uint64
	for i := range r {
		r[i], c = bits.Add64(r[i], y[i], c)
	}
	for over := carry + c; over > 0; {
		r[0], c = bits.Add64(r[0], over*primeGap, 0)
		for i := 1; i < 4; i++ {
			r[i], c = bits.Add64(r[i], 0, c)
		}
		over = c
	}
	for i := range r {
		binary.BigEndian.PutUint64(joined[24-8*i:], r[i])
	}
	if !belowPrime(joined) { // then it is less than primeGap above the prime
		return subtractPrime(r)
	}
	return joined
}

// subtractPrime is x minus the prime, which is not above x.
func subtractPrime(x limbs) (b [32]byte) {
	binary.BigEndian.PutUint64(b[24:], x[0]+primeGap)
	return b
}
