package dataset

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
)

// Inputs is the content of inputs.json: where the input of a split was, and what it was. It is
// written before the first shard. It depends on places, so the promise of identical bytes does not
// cover it.
type Inputs struct {
	// Digest, GoodDigest and ClassList are those of [InputSummary].
	Digest     string `json:"digest"`
	GoodDigest string `json:"good_digest,omitempty"`
	ClassList  string `json:"class_list,omitempty"`
	// RunID is the random name of the run that claimed the output.
	RunID string `json:"run"`
	// Replicas are those that were begun; −1 is the one whose shards have no number in their names.
	Replicas []int `json:"replicas"`
	// Roots is the list of inputs as the job got it: []source.Input.
	Roots      json.RawMessage  `json:"inputs"`
	Containers []InputContainer `json:"containers"`
	// Labels are the lists of images and classes of the inputs, and Accept the doubts about them that were
	// settled: without them the inputs are not understood again.
	Labels []source.Input `json:"labels,omitempty"`
	Accept []string       `json:"accept,omitempty"`
	// Listing is a hash of what the launcher saw of the inputs without opening them: names, sizes and times, and
	// of what it was asked. A later run with the same one needs to read nothing again. Empty: it did not list them.
	Listing string `json:"listing,omitempty"`
	// Warnings are what of the labels may surprise, a line each.
	Warnings []string `json:"warnings,omitempty"`
}

// LoadInputs reads inputs.json of a split. The result is never nil. The error is fs.ErrNotExist if
// there is no such file. If the content is damaged ([Damaged]), the result has the fields that
// could be read.
func LoadInputs(ctx context.Context, out, split string) (*Inputs, error) {
	in := new(Inputs)
	uri := Meta(out, split, InputsFile)
	data, err := blob.ReadAll(ctx, uri, blob.MaxMeta)
	if err != nil {
		return in, err
	}
	if err := json.Unmarshal(data, in); err != nil {
		return in, fmt.Errorf("%s: %w", uri, err)
	}
	return in, nil
}

// SaveInputs writes inputs.json of a split.
func SaveInputs(ctx context.Context, out, split string, in *Inputs) error {
	data, err := Encode(in)
	if err != nil {
		return err
	}
	return blob.WriteFile(ctx, Meta(out, split, InputsFile), jsonSeal.seal(data))
}

// A Chunk is the result of the peaks stage for one unit of its work.
type Chunk struct {
	// Container is the name of the container. First and Last are its first and last entry, for
	// messages.
	Container, First, Last string
	// Entries = Good + Ignored + Excluded + Failed.
	Entries, Good, Ignored, Excluded, Failed int64
	// Digest covers all entries but the ignored ones, in their order, joined by [JoinDigest]:
	// equal digests mean equal contents, however a container is cut into chunks.
	Digest [32]byte
	// CacheID is the name of its file in the peaks cache.
	CacheID string
}

// An InputContainer is a class folder or a file of the input, with the counts of its entries.
type InputContainer struct {
	Name     string `json:"name"`
	Entries  int64  `json:"entries"`
	Good     int64  `json:"good"`
	Ignored  int64  `json:"ignored"`
	Excluded int64  `json:"excluded"`
	Failed   int64  `json:"failed"`
	Digest   string `json:"digest"` // 64 hex digits
}

// Containers sums up chunks by container. The chunks of a container must be adjacent, as they are
// in canonical order. The result does not depend on how a container is cut.
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

// Chunk is the inverse of [Containers]: the container as one chunk. If Digest is not 64 hex digits,
// the chunk has a digest of zeros, and there is an error.
func (c *InputContainer) Chunk() (Chunk, error) {
	chunk := Chunk{Container: c.Name, Entries: c.Entries, Good: c.Good, Ignored: c.Ignored, Excluded: c.Excluded, Failed: c.Failed}
	raw, err := hex.DecodeString(c.Digest)
	if err != nil || len(raw) != len(chunk.Digest) {
		return chunk, fmt.Errorf("digest %q of %s", c.Digest, c.Name)
	}
	chunk.Digest = [32]byte(raw)
	return chunk, nil
}

// JoinDigest returns the digest of a sequence of entries. a is the digest of its beginning, b that
// of its end, which has n entries. The digest of one entry is a hash, that of no entry is zero. The
// result depends on the order of the entries, but not on where the sequence is cut:
//
//	digest(x₁ … xₙ) = x₁·Bⁿ⁻¹ + x₂·Bⁿ⁻² + … + xₙ  modulo 2²⁵⁶ − 189
//
// with B = ⌊2²⁵⁶·(√5−1)/2⌋, big endian. n must not be negative.
func JoinDigest(a, b [32]byte, n int64) [32]byte {
	switch {
	case a == [32]byte{} && n > 0 && belowPrime(b):
		return b
	case n == 1:
		return appendDigest(a, b)
	}
	return joinDigest(a, b, n)
}

// joinDigest is JoinDigest for any n.
func joinDigest(a, b [32]byte, n int64) [32]byte {
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

// goldenRatio is ⌊2^256·(√5−1)/2⌋ = ⌊(√(5·2^512) − 2^256)/2⌋, a nothing-up-my-sleeve number.
func goldenRatio() *big.Int {
	root := new(big.Int).Sqrt(new(big.Int).Lsh(big.NewInt(5), 512))
	root.Sub(root, new(big.Int).Lsh(big.NewInt(1), 256))
	return root.Rsh(root, 1)
}

// InputDiff compares the containers that an output was made from (old) with those that were read now
// (new). It returns a line for each container that differs, in the order of new, followed by those
// that are gone.
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
