package stage

import (
	"crypto/sha256"
	"encoding/binary"
	"iter"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
)

// entries splits rows into those of one input entry each: the replicas of an entry stand together
// in ascending order, and two entries of one name are told apart by a replica number that does
// not rise.
func entries(all []premix.Sample) iter.Seq[[]premix.Sample] {
	return func(yield func([]premix.Sample) bool) {
		for i := 0; i < len(all); {
			j := i + 1
			for j < len(all) && all[j].Name == all[i].Name && all[j].Replica > all[j-1].Replica {
				j++
			}
			if !yield(all[i:j:j]) {
				return
			}
			i = j
		}
	}
}

// pick returns the row of a replica among those of an entry, or nil.
func pick(entry []premix.Sample, replica int) *premix.Sample {
	for i := range entry {
		if entry[i].Replica == replica {
			return &entry[i]
		}
	}
	return nil
}

// faultOf returns the first faulty row of an entry among the replicas, or nil if the entry is good
// in each of them.
func faultOf(entry []premix.Sample, replicas []int) *premix.Sample {
	for _, r := range replicas {
		if s := pick(entry, r); s != nil && s.Fault != nil {
			return s
		}
	}
	return nil
}

// digestOf identifies the first n entries of rows, in their order; −1: all of them.
func digestOf(all []premix.Sample, n int64) (digest [32]byte) {
	for e := range entries(all) {
		if n == 0 {
			break
		}
		n--
		digest = dataset.JoinDigest(digest, entryHash(&e[0]), 1)
	}
	return digest
}

// entryHash covers what the output depends on: name, bytes and label. The place and the times of
// an entry take no part.
func entryHash(s *premix.Sample) [32]byte {
	b := make([]byte, 0, 256)
	b = binary.AppendUvarint(b, uint64(len(s.Name)))
	b = append(b, s.Name...)
	b = append(b, s.Digest[:]...)
	b = append(b, labelOf(s)...)
	return sha256.Sum256(b)
}
