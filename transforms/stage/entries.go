package stage

import (
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"slices"

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

// rowOf returns the row of a replica among those of an entry, or nil. Most often the rows are of all replicas from some
// one on, in order.
func rowOf(entry []premix.Sample, replica int) *premix.Sample {
	if at := replica - entry[0].Replica; at >= 0 && at < len(entry) && entry[at].Replica == replica {
		return &entry[at]
	}
	for i := range entry {
		if entry[i].Replica == replica {
			return &entry[i]
		}
	}
	return nil
}

// faultOf returns the faulty row of an entry in the first of the replicas that has one, or nil if the entry is good in
// each of them. The replicas ascend.
func faultOf(entry []premix.Sample, replicas []int) (first *premix.Sample) {
	for i := range entry {
		s := &entry[i]
		if s.Fault == nil || first != nil && first.Replica <= s.Replica {
			continue
		}
		if _, ok := slices.BinarySearch(replicas, s.Replica); ok {
			first = s
		}
	}
	return first
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
