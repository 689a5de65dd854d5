package dataset

import (
	"encoding/hex"
	"fmt"
	"math/bits"
	"slices"
)

// A Chunk is what the peaks stage says of one unit of its work.
type Chunk struct {
	// Container names the container, First and Last its entries, for messages.
	Container, First, Last string
	// Entries = Good + Ignored + Excluded + Failed.
	Entries, Good, Ignored, Excluded, Failed int64
	// Digest is the sum of the hashes of its rows modulo 2^256, big endian: equal sums mean equal
	// contents however a container is cut into chunks.
	Digest [32]byte
	// CacheID is the name of its file in the peaks cache.
	CacheID string
}

// An InputContainer is a class folder or a file of the input, and what became of its entries.
type InputContainer struct {
	Name     string `json:"name"`
	Entries  int64  `json:"entries"`
	Good     int64  `json:"good"`
	Ignored  int64  `json:"ignored"`
	Excluded int64  `json:"excluded"`
	Failed   int64  `json:"failed"`
	Digest   string `json:"digest"` // 64 hex digits
}

// Containers sums up chunks by container. Chunks of a container must be adjacent, as they are in
// canonical order; how it is cut does not matter.
func Containers(chunks []Chunk) []InputContainer {
	out := make([]InputContainer, 0, len(chunks))
	var digest [32]byte
	for i, c := range chunks {
		if i == 0 || c.Container != chunks[i-1].Container {
			out = append(out, InputContainer{Name: c.Container})
			digest = [32]byte{}
		}
		digest = AddDigest(digest, c.Digest)
		s := &out[len(out)-1]
		s.Entries += c.Entries
		s.Good += c.Good
		s.Ignored += c.Ignored
		s.Excluded += c.Excluded
		s.Failed += c.Failed
		s.Digest = hex.EncodeToString(digest[:])
	}
	return out
}

// AddDigest adds two digests modulo 2^256.
func AddDigest(a, b [32]byte) [32]byte {
	var carry uint64
	for i := 24; i >= 0; i -= 8 {
		var s uint64
		s, carry = bits.Add64(be64(a[i:]), be64(b[i:]), carry)
		for k := range 8 {
			a[i+k] = byte(s >> (56 - 8*k))
		}
	}
	return a
}

func be64(b []byte) uint64 {
	var v uint64
	for _, c := range b[:8] {
		v = v<<8 | uint64(c)
	}
	return v
}

// InputDiff compares what was read with what an output was made of, and returns a line for each
// container that differs, in the order of new, those that are gone at the end.
func InputDiff(old, new []InputContainer) []string {
	before := make(map[string]InputContainer, len(old))
	for _, c := range old {
		before[c.Name] = c
	}
	var lines []string
	for _, c := range new {
		o, ok := before[c.Name]
		delete(before, c.Name)
		switch {
		case !ok:
			lines = append(lines, fmt.Sprintf("%s: new, %d images", c.Name, c.Good))
		case o.Digest == c.Digest && o.Good == c.Good && o.Failed == c.Failed && o.Excluded == c.Excluded:
		case o.Good != c.Good:
			lines = append(lines, fmt.Sprintf("%s: %d → %d images", c.Name, o.Good, c.Good))
		case o.Failed != c.Failed:
			lines = append(lines, fmt.Sprintf("%s: %d → %d failures", c.Name, o.Failed, c.Failed))
		default:
			lines = append(lines, fmt.Sprintf("%s: %d images as before, but not the same ones", c.Name, c.Good))
		}
	}
	for _, c := range old {
		if _, gone := before[c.Name]; gone {
			lines = append(lines, fmt.Sprintf("%s: gone, had %d images", c.Name, c.Good))
		}
	}
	return slices.Clip(lines)
}
