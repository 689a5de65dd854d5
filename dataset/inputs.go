package dataset

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
)

// A Chunk is what the peaks stage says of one unit of its work.
type Chunk struct {
	// Container names the container, First and Last its entries, for messages.
	Container, First, Last string
	// Entries = Good + Ignored + Excluded + Failed.
	Entries, Good, Ignored, Excluded, Failed int64
	// Digest is that of its entries but the ignored ones, in their order, as [JoinDigest] joins
	// them: equal digests mean equal contents however a container is cut into chunks.
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
		digest = JoinDigest(digest, c.Digest, c.Entries-c.Ignored)
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

// JoinDigest is the digest of a sequence of entries from that of its beginning, a, and that of its
// end, b, which has n entries. The digest of one entry is the hash of what counts of it, that of
// none is zero. How a sequence is cut does not matter, its order does:
//
//	digest(x₁ … xₙ) = x₁·Bⁿ⁻¹ + x₂·Bⁿ⁻² + … + xₙ  modulo 2²⁵⁶ − 189
//
// with B = ⌊2²⁵⁶·(√5−1)/2⌋, big endian. n must not be negative.
func JoinDigest(a, b [32]byte, n int64) [32]byte {
	var x, y, shift big.Int
	x.SetBytes(a[:])
	if x.Sign() != 0 {
		if n == 1 {
			shift.Set(digestBase)
		} else {
			shift.Exp(digestBase, big.NewInt(n), digestPrime)
		}
		x.Mul(&x, &shift)
	}
	x.Add(&x, y.SetBytes(b[:])).Mod(&x, digestPrime)
	var joined [32]byte
	x.FillBytes(joined[:])
	return joined
}

var (
	// digestPrime is the largest prime below 2^256.
	digestPrime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(189))
	digestBase  = goldenRatio()
)

// goldenRatio is ⌊2^256·(√5−1)/2⌋ = ⌊(√(5·2^512) − 2^256)/2⌋, a number with nothing up its sleeve.
func goldenRatio() *big.Int {
	root := new(big.Int).Sqrt(new(big.Int).Lsh(big.NewInt(5), 512))
	root.Sub(root, new(big.Int).Lsh(big.NewInt(1), 256))
	return root.Rsh(root, 1)
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
