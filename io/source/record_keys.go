package source

import (
	"cmp"
	"errors"
	"sort"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/tfexample"
)

// recordKeys name the features that make an entry.
type recordKeys struct {
	Image   string // the encoded image
	Label   string // an integer, or a name
	Class   string // a name beside an integer; may be empty
	ByName  bool   // the name counts, and not the integer
	Offset  int    // the label of the first class
	Assumed bool   // Offset is only what the feature usually has: nothing in the data confirms it
}

// The names that features go by. TF-slim counts labels from 1, all others from 0.
var (
	imageKeys = []string{"image/encoded", "image", "image_raw", "image/raw", "encoded", "jpeg", "jpg", "png", "img"}
	labelKeys = []string{"image/class/label", "label", "class", "cls", "target", "y"}
)

const (
	slimLabel  = "image/class/label"
	slimSynset = "image/class/synset"
)

// detectKeys finds the features that make an entry in one example; fields that it cannot find are
// empty.
func detectKeys(ex *tfexample.Example, o Options) *recordKeys {
	k := &recordKeys{}
	for _, name := range imageKeys {
		if kind, ok := ex.Kind(name); ok && kind == tfexample.Bytes {
			k.Image = name
			break
		}
	}
	for i := 0; i < ex.Len() && k.Image == ""; i++ {
		if name, kind := ex.Feature(i); kind == tfexample.Bytes {
			if v, _, err := ex.Bytes(name); err == nil && imaging.Sniff(v) != imaging.Unknown {
				k.Image = name
			}
		}
	}
	for _, name := range keysOr(o.LabelKey, labelKeys...) {
		if kind, ok := ex.Kind(name); ok && (kind == tfexample.Ints || kind == tfexample.Bytes) {
			k.Label = name
			break
		}
	}
	if kind, ok := ex.Kind(slimSynset); ok && kind == tfexample.Bytes && k.Label == slimLabel {
		k.Class = slimSynset
	}
	if k.Label == slimLabel {
		k.Offset, k.Assumed = 1, true
	}
	if o.LabelOffset != nil {
		k.Offset, k.Assumed = *o.LabelOffset, false
	}
	return k
}

// featuresOf lists the names of an example's features, for messages.
func featuresOf(ex *tfexample.Example) string {
	var names []string
	for i := range ex.Len() {
		name, kind := ex.Feature(i)
		names = append(names, shorten(name)+" ("+kind.String()+")")
	}
	sort.Strings(names)
	if len(names) > 12 {
		names = append(names[:12], "…")
	}
	return cmp.Or(strings.Join(names, ", "), "none")
}

// entry makes an entry of an example. The offset in its location is that in the message. The
// error is a *UsageError, if the features contradict what the keys suppose.
func (k *recordKeys) entry(s premix.Sample, ex *tfexample.Example, maxBytes int64) (Entry, error) {
	if k.Image == "" {
		return failf(s, premix.StageScan, premix.Unsupported, "no feature holds an image; there are %s", featuresOf(ex)), nil
	}
	data, at, err := ex.Bytes(k.Image)
	switch {
	case err != nil:
		return failf(s, premix.StageScan, premix.Corrupt, "%v", err), nil
	case len(data) == 0:
		return failf(s, premix.StageScan, premix.Empty, "the feature %s is empty", k.Image), nil
	case int64(len(data)) > maxBytes:
		return failf(s, premix.StageScan, premix.TooLarge, "%d bytes, the limit is %d", len(data), maxBytes), nil
	}
	l, err := k.labelOf(ex)
	switch {
	case premix.AsFault(err) != nil:
		return fail(s, premix.StageLabel, err), nil
	case err != nil:
		return Entry{}, err
	}
	s.Location.Offset, s.Location.Length = int64(at), int64(len(data))
	s.Label, s.Class = l.index, l.class
	s.Digest = DigestOf(data)
	return Entry{Sample: s, Data: data}, nil
}

func (k *recordKeys) labelOf(ex *tfexample.Example) (label, error) {
	kind, there := ex.Kind(k.Label)
	switch {
	case k.Label == "" || !there:
		return label{}, premix.Faultf(premix.NoLabel, "no feature %s holds a label; there are %s", cmp.Or(k.Label, "label"), featuresOf(ex))
	case kind == tfexample.Bytes:
		v, err := ex.Text(k.Label)
		if err != nil {
			return label{}, premix.Faultf(premix.BadLabel, "%v", err)
		}
		l, err := textLabel(v)
		if err == nil && !k.Assumed { // TF-slim writes integers
			err = l.shift(k.Offset)
		}
		return l, err
	}
	v, err := ex.Int(k.Label)
	if errors.Is(err, tfexample.ErrMissing) {
		return label{}, premix.Faultf(premix.NoLabel, "%v", err)
	}
	if err != nil {
		return label{}, premix.Faultf(premix.BadLabel, "%v", err)
	}
	if v < 0 {
		return indexLabel(v)
	}
	if k.ByName {
		name, err := ex.Text(k.Class)
		switch {
		case err != nil:
			return label{}, premix.Faultf(premix.NoLabel, "%v", err)
		case strings.TrimSpace(name) == "":
			return label{}, premix.Faultf(premix.NoLabel, "feature %s names no class", k.Class)
		}
		return nameLabel(name)
	}
	if v < int64(k.Offset) {
		if k.Assumed { // to go on would shift all other labels by one, unnoticed
			return label{}, usagef("the label is %d, although %s usually counts from %d: add --label-offset 0 if labels count from 0 here, or --label-offset %d if this one is wrong",
				v, k.Label, k.Offset, k.Offset)
		}
		return label{}, premix.Faultf(premix.BadLabel, "%s is %d where labels count from %d", k.Label, v, k.Offset)
	}
	l, err := indexLabel(v - int64(k.Offset))
	if err == nil && k.Class != "" {
		if name, err := ex.Text(k.Class); err == nil {
			l.class = escape(strings.TrimSpace(name))
		}
	}
	return l, err
}
