package shard

import (
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/premix/premix"
)

// A Record is one finished sample: the same fields in every format.
type Record struct {
	// Key is unique in the split: the zero-padded position in the replica, with rNNN- before it
	// where there are replicas. ASCII letters, digits, - and _ only.
	Key string
	// Image holds the encoded image, ImageFormat says how: jpg or png.
	Image       []byte
	ImageFormat string
	// W and H are the image's size in pixels. Writers take that of the Spec if both are 0; readers
	// give 0 where the format does not keep it.
	W, H int
	// Label is the class of the greater share, LabelA that of the target, LabelB that of the
	// source; 0-based. Readers give −1 for what a foreign shard does not state.
	Label, LabelA, LabelB int
	// Lam is the weight of LabelA, from the pixels really pasted; LamDrawn is what was drawn.
	Lam, LamDrawn float64
	// Box is the place of the patch in the target, SrcBox that in the source.
	Box, SrcBox premix.Box
	// Peak is the saliency peak of the source's crop, and Flat says that there was none.
	Peak premix.Peak
	Flat bool
	// Method names what was done, Mixed says whether anything was.
	Method string
	Mixed  bool
	// Replica is the epoch that the record belongs to.
	Replica int
	// Target and Source name the input entries. Valid UTF-8.
	Target, Source string
	// Class is the name of the class Label; empty where the format does not keep it.
	Class string
	// Soft is the dense label, one share for each class; empty in the label form pair.
	Soft []float32
}

// Reset clears the record but keeps the capacity of its slices.
func (r *Record) Reset() {
	*r = Record{Image: r.Image[:0], Soft: r.Soft[:0]}
}

// Check reports why a shard of s cannot hold the record: a programming error of the caller, or a
// name that is not valid UTF-8.
func (r *Record) Check(s *Spec) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("shard: record %q: %s", r.Key, fmt.Sprintf(format, args...))
	}
	if err := checkKey(r.Key); err != nil {
		return bad("%v", err)
	}
	if r.ImageFormat != s.ImageFormat {
		return bad("image format %q in a shard of %q", r.ImageFormat, s.ImageFormat)
	}
	if len(r.Image) == 0 {
		return bad("no image")
	}
	for _, l := range [...]struct {
		name  string
		value int
	}{{"label", r.Label}, {"label_a", r.LabelA}, {"label_b", r.LabelB}} {
		if l.value < 0 || l.value >= len(s.Classes) {
			return bad("%s %d is outside the %d classes", l.name, l.value, len(s.Classes))
		}
	}
	if !(r.Lam >= 0 && r.Lam <= 1) {
		return bad("lam %v is outside [0, 1]", r.Lam)
	}
	if math.IsNaN(r.LamDrawn) || math.IsInf(r.LamDrawn, 0) {
		return bad("lam_drawn is %v", r.LamDrawn)
	}
	if r.Replica < 0 {
		return bad("replica %d is negative", r.Replica)
	}
	for _, t := range [...]struct{ name, value string }{
		{"method", r.Method}, {"target", r.Target}, {"source", r.Source}, {"class", r.Class},
	} {
		if !utf8.ValidString(t.value) {
			return bad("%s %q is not valid UTF-8", t.name, t.value)
		}
	}
	want := 0
	if s.Dense() {
		want = len(s.Classes)
	}
	if len(r.Soft) != want {
		return bad("dense label of %d values, want %d", len(r.Soft), want)
	}
	for i, share := range r.Soft {
		if math.IsNaN(float64(share)) {
			return bad("the dense label is NaN for class %d", i)
		}
	}
	return nil
}

const maxKey = 64

func checkKey(key string) error {
	if key == "" || len(key) > maxKey {
		return fmt.Errorf("key of %d bytes, want 1 to %d", len(key), maxKey)
	}
	for _, c := range []byte(key) {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '-', c == '_':
		default:
			return fmt.Errorf("key has the character %q; only ASCII letters, digits, - and _ are safe in all readers", c)
		}
	}
	return nil
}
