package shard

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/premix/premix"
)

// The label forms: Pair stores two labels and λ, Dense in addition a float32 vector over all
// classes, Dense16 the same as float16.
const (
	Pair    = "pair"
	Dense   = "dense"
	Dense16 = "dense16"
)

// A Spec is what the shards of a split, or of one replica of it, have in common.
type Spec struct {
	Name        string      // of the data set: [a-z0-9_]+
	Split       string      // train, validation, …: [a-z0-9_]+
	Replica     int         // in every name as rNNN; −1: names without it
	Shards      int64       // number of shards
	Classes     []string    // class names in the order of the labels
	LabelForm   string      // Pair, Dense or Dense16
	ImageFormat string      // jpg or png
	Size        premix.Size // of every image
}

// Dense reports whether records carry a vector over all classes.
func (s *Spec) Dense() bool { return s.LabelForm == Dense || s.LabelForm == Dense16 }

// Check reports all that is wrong with the Spec whatever the format.
func (s *Spec) Check() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("shard: "+format, args...))
	}
	if !word(s.Name) {
		bad("name %q must be of a-z, 0-9 and _", s.Name)
	}
	if !word(s.Split) {
		bad("split %q must be of a-z, 0-9 and _", s.Split)
	}
	if s.Replica < -1 {
		bad("replica %d is negative", s.Replica)
	}
	if s.Shards < 1 {
		bad("%d shards, want at least 1", s.Shards)
	}
	if len(s.Classes) == 0 {
		bad("no classes")
	}
	for i, c := range s.Classes {
		if strings.ContainsAny(c, "\r\n") || !utf8.ValidString(c) {
			bad("class %d, %q, is not a single line of UTF-8", i, c)
		}
	}
	switch s.LabelForm {
	case Pair, Dense, Dense16:
	default:
		bad("label form %q, want %s, %s or %s", s.LabelForm, Pair, Dense, Dense16)
	}
	switch s.ImageFormat {
	case "jpg", "png":
	default:
		bad("image format %q, want jpg or png", s.ImageFormat)
	}
	if s.Size.H < 0 || s.Size.W < 0 {
		bad("size %v", s.Size)
	}
	return errors.Join(errs...)
}

func word(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return s != ""
}

// SplitName is the split with its replica as one word joined by sep: train, or train-r003.
func (s *Spec) SplitName(sep string) string {
	if s.Replica < 0 {
		return s.Split
	}
	return fmt.Sprintf("%s%sr%03d", s.Split, sep, s.Replica)
}
