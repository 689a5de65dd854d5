package stage

import (
	"encoding/binary"
	"iter"
	"maps"
	"slices"
)

// Counts counts images by label, as labelOf writes labels, in ascending order. It is held as it travels, since a
// thousand labels take 62 kB as a map, and a job of 14 million images has 14,200 of these:
//
//	counts = { U:prefix U:n n bytes U:count }     prefix: bytes shared with the previous label
//
// U is an unsigned varint as in encoding/binary.
type Counts []byte

// CountsOf encodes counts, none of which is negative.
func CountsOf(m map[string]int64) Counts {
	var c Counts
	last := ""
	for _, label := range slices.Sorted(maps.Keys(m)) {
		n := 0
		for n < min(len(last), len(label)) && last[n] == label[n] {
			n++
		}
		c = binary.AppendUvarint(c, uint64(n))
		c = binary.AppendUvarint(c, uint64(len(label)-n))
		c = append(c, label[n:]...)
		c = binary.AppendUvarint(c, uint64(m[label]))
		last = label
	}
	return c
}

// All yields labels and their counts. It ends where the encoding is broken.
func (c Counts) All() iter.Seq2[string, int64] {
	return func(yield func(string, int64) bool) {
		var label []byte
		for rest := c; len(rest) > 0; {
			var n int64
			var ok bool
			if label, n, rest, ok = nextCount(label, rest); !ok || !yield(string(label), n) {
				return
			}
		}
	}
}

// nextCount takes the first count off an encoding; label is the one before.
func nextCount(label []byte, c Counts) (next []byte, n int64, rest Counts, ok bool) {
	var numbers [2]uint64
	for i := range numbers {
		v, k := binary.Uvarint(c)
		if k <= 0 {
			return nil, 0, nil, false
		}
		numbers[i], c = v, c[k:]
	}
	prefix, size := numbers[0], numbers[1]
	if prefix > uint64(len(label)) || size > uint64(len(c)) {
		return nil, 0, nil, false
	}
	label = append(label[:prefix], c[:size]...)
	v, k := binary.Uvarint(c[size:])
	if k <= 0 || int64(v) < 0 {
		return nil, 0, nil, false
	}
	return label, int64(v), c[int(size)+k:], true
}

// whole reports whether the encoding is right to its end, and ascends.
func (c Counts) whole() bool {
	var label []byte
	last := ""
	for rest := c; len(rest) > 0; {
		var ok bool
		if label, _, rest, ok = nextCount(label, rest); !ok || string(label) <= last {
			return false
		}
		last = string(label)
	}
	return true
}

// Total is the number of all images.
func (c Counts) Total() (n int64) {
	for _, count := range c.All() {
		n += count
	}
	return n
}
