package source

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/webdataset"
)

// A label is a class as an input states it: an index, or a name with index −1.
type label struct {
	index int
	class string
}

// maxLabelBytes bounds members and features that hold labels.
const maxLabelBytes = 1 << 20

// maxLabel bounds class indexes.
const maxLabel = math.MaxInt32

func indexLabel(v int64) (label, error) {
	switch {
	case v == -1:
		return label{}, premix.Faultf(premix.NoLabel, "label -1: the input states no class (a test split?)")
	case v < 0:
		return label{}, premix.Faultf(premix.BadLabel, "label %d is negative", v)
	case v > maxLabel:
		return label{}, premix.Faultf(premix.BadLabel, "label %d is no class index", v)
	}
	return label{index: int(v)}, nil
}

// shift subtracts the index of the first class.
func (l *label) shift(offset int) error {
	if l.index < 0 || offset == 0 {
		return nil
	}
	if l.index -= offset; l.index < 0 {
		return premix.Faultf(premix.BadLabel, "label %d where labels count from %d", l.index+offset, offset)
	}
	return nil
}

// textLabel is the label that a text states: a decimal number without leading zeros is an index,
// everything else a name.
func textLabel(s string) (label, error) {
	s = strings.TrimSpace(s)
	if v, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(v, 10) == s {
		return indexLabel(v)
	}
	return nameLabel(s)
}

func nameLabel(s string) (label, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return label{}, premix.Faultf(premix.NoLabel, "the label is an empty string")
	}
	return label{index: -1, class: escape(s)}, nil
}

// clsLabel reads a cls member: an ASCII integer, as every reader of WebDataset takes it.
func clsLabel(data []byte) (label, error) {
	text := strings.TrimSpace(string(data))
	v, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err == nil:
		return indexLabel(v)
	case text == "":
		return label{}, premix.Faultf(premix.NoLabel, "the cls member is empty")
	case strings.ContainsAny(text, ",[ \n\t"):
		return label{}, premix.Faultf(premix.BadLabel, "cls holds several labels (%s): a sample has one", shorten(text))
	}
	return label{}, premix.Faultf(premix.BadLabel, "cls holds %s, not an integer", shorten(text))
}

// errNoKey says that a json object has no label under the keys that were asked for.
var errNoKey = errors.New("no label key")

// jsonLabel reads the label out of a json member: the value of the given key, or of "label" and
// then "cls" if key is empty. A number is an index and a string a class name. The error is
// errNoKey if the object has none of them.
func jsonLabel(data []byte, key string) (label, error) {
	object, err := webdataset.Fields(data)
	if err != nil {
		return label{}, premix.Faultf(premix.BadLabel, "the json member cannot be read: %v", err)
	}
	for _, k := range keysOr(key, "label", "cls") {
		if v, ok := object[k]; ok {
			return valueLabel(k, v)
		}
	}
	return label{}, errNoKey
}

// keysOr returns the key that a user has given, or else those to try.
func keysOr(key string, usual ...string) []string {
	if key == "" {
		return usual
	}
	return []string{key}
}

func valueLabel(key string, raw json.RawMessage) (label, error) {
	if !json.Valid(raw) { // NaN and the like, or nothing that any reader takes
		return label{}, premix.Faultf(premix.BadLabel, "%s is %s, neither an integer nor a name", key, shorten(string(raw)))
	}
	switch raw[0] {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return label{}, premix.Faultf(premix.BadLabel, "%s: %v", key, err)
		}
		return textLabel(s)
	case '[':
		return label{}, premix.Faultf(premix.BadLabel, "%s is a list (%s): a sample has one label", key, shorten(string(raw)))
	case 'n':
		return label{}, premix.Faultf(premix.NoLabel, "%s is null", key)
	case '{', 't', 'f':
		return label{}, premix.Faultf(premix.BadLabel, "%s is %s, neither an integer nor a name", key, shorten(string(raw)))
	}
	text := string(raw)
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f, ferr := strconv.ParseFloat(text, 64)
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > maxLabel {
			return label{}, premix.Faultf(premix.BadLabel, "%s is %s, not an integer", key, shorten(text))
		}
		v = int64(f)
	}
	return indexLabel(v)
}

// shorten quotes a piece of the input for a message.
func shorten(s string) string {
	const most = 40
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.Quote(s)
}
