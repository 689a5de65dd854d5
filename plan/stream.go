package plan

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/premix/premix"
)

// A Purpose tells draws for the same image apart, so that drawing more for one purpose moves
// nothing else: two methods see the same pairs and the same λ. The numbers are part of every
// output's bytes; they are never changed or used again.
type Purpose uint8

// The purposes.
const (
	PurposePermutation Purpose = 1 // the order of a replica
	PurposeMix         Purpose = 2 // whether a sample is mixed
	PurposeMethod      Purpose = 3 // by which of several methods
	PurposeLambda      Purpose = 4 // λ
	PurposeCentre      Purpose = 5 // the centre of a box that has no peak: column, then row
	PurposeCorner      Purpose = 6 // the top left corner of a patch put anywhere: column, then row
	PurposeCrop        Purpose = 7 // the mirroring, then the place of the crop
)

// A Stream is a sequence of random numbers that is a pure function of (seed, replica, ordinal,
// purpose): block k of a stream is Philox4x32-10 of
//
//	key     seed low word, seed high word
//	counter ordinal low word, ordinal high word, replica, purpose<<24 | k
//
// and a block gives two 64-bit words, words 0 and 1 of the output (low word first), then 2 and 3.
// A stream holds 2^24 blocks. Copies run on independently and equally.
type Stream struct {
	key  [2]uint32
	ctr  [4]uint32
	next uint64 // second half of the last block
	have bool
}

// newStream starts the stream of a purpose for an image, whose ordinal counts the images of the
// input in their canonical order. Replica must be in [0,2^32).
func newStream(seed uint64, replica int, ordinal uint64, p Purpose) *Stream {
	return &Stream{
		key: [2]uint32{uint32(seed), uint32(seed >> 32)},
		ctr: [4]uint32{uint32(ordinal), uint32(ordinal >> 32), uint32(replica), uint32(p) << 24},
	}
}

// DigestStream starts a stream that hangs on an image's bytes instead of its place, so that the
// same image gets the same crop in whatever input it lies. The digest is first turned into 128
// bits by Philox4x32-10 with the crop seed as its key (words big endian, most significant
// first, as the counter), whose first half then serves as ordinal and second half as seed.
func DigestStream(cropSeed uint64, replica int, d premix.Digest, p Purpose) *Stream {
	var ctr [4]uint32
	for i := range ctr {
		ctr[i] = binary.BigEndian.Uint32(d[4*i:])
	}
	w := philox(ctr, [2]uint32{uint32(cropSeed), uint32(cropSeed >> 32)})
	return newStream(word(w[2], w[3]), replica, word(w[0], w[1]), p)
}

func word(lo, hi uint32) uint64 { return uint64(lo) | uint64(hi)<<32 }

// Uint64 is the next 64-bit word.
func (s *Stream) Uint64() uint64 {
	if s.have {
		s.have = false
		return s.next
	}
	w := philox(s.ctr, s.key)
	s.ctr[3]++ // 2^24 blocks: far above what a rejection sampler can use
	s.next, s.have = word(w[2], w[3]), true
	return word(w[0], w[1])
}

// Float64 is the next word as a number in [0,1): its upper 53 bits times 2^-53.
func (s *Stream) Float64() float64 { return float64(s.Uint64()>>11) * 0x1p-53 }

// Intn is a whole number in [0,n), every one equally likely: Lemire's multiplication with
// rejection ("Fast Random Integer Generation in an Interval", 2019), in 64 bits on every
// architecture. It panics unless n > 0.
func (s *Stream) Intn(n int) int {
	if n <= 0 {
		panic(fmt.Sprintf("plan: Intn(%d)", n))
	}
	hi, lo := bits.Mul64(s.Uint64(), uint64(n))
	if lo < uint64(n) {
		for low := -uint64(n) % uint64(n); lo < low; {
			hi, lo = bits.Mul64(s.Uint64(), uint64(n))
		}
	}
	return int(hi)
}
