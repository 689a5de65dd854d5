package stage

import (
	"crypto/sha256"
	"encoding/binary"
	"iter"

	"github.com/premix/premix"
	"github.com/premix/premix/io/cache"
)

// byEntry splits rows into those of one input entry each.
func byEntry(all []premix.Sample) iter.Seq[[]premix.Sample] { return cache.ByEntry(all) }

// firstEntries are the first n of byEntry; −1: all of them.
func firstEntries(all []premix.Sample, n int64) iter.Seq[[]premix.Sample] {
	return func(yield func([]premix.Sample) bool) {
		left := n
		for e := range byEntry(all) {
			if left == 0 || !yield(e) {
				return
			}
			left--
		}
	}
}

// rowOf returns the row of a replica among those of an entry, or nil.
func rowOf(entry []premix.Sample, replica int) *premix.Sample {
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
		if s := rowOf(entry, r); s != nil && s.Fault != nil {
			return s
		}
	}
	return nil
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
