package source

import (
	"errors"

	"github.com/premix/premix"
	"github.com/premix/premix/io/tarfile"
)

// label finds the sample's label: under the given key of its json, in its cls, in its json, or
// in the folder of its key.
func (c *sample) label(labels webdatasetLabels) (label, error) {
	key := labels.Options.Key
	switch {
	case labels.Folders:
		class, inside := labels.classOf(c.key)
		switch {
		case !inside:
			return label{}, errOutside
		case class != "":
			return nameLabel(class)
		}
	case c.labelFault != nil:
		return label{}, c.labelFault
	case c.hasCls && key == "":
		return clsLabel(c.cls)
	case c.hasJS:
		return c.jsonLabel(key)
	}
	return c.pairLabel(key)
}

// jsonLabel is the label under a key of the json member.
func (c *sample) jsonLabel(key string) (label, error) {
	l, err := jsonLabel(c.json, key)
	if err == errNoKey {
		err = premix.Faultf(premix.NoLabel, "the json member has no label under %s: name its key with --label-key", keyText(key))
	}
	return l, err
}

// pairedLabel takes a member that may hold the label, and has dots in its extension (target.cls). It is that of
// the sample if there is one image, whose extension has dots too, and one such member, and none without dots.
func (r *sampleReader) pairedLabel(m tarfile.Member, ext, last string) error {
	c, kind := &r.cur, 0
	dst, plain := &c.cls, c.hasCls
	if last != "cls" {
		kind, dst, plain = 1, &c.json, c.hasJS
	}
	if c.paired[kind]++; c.paired[kind] > 1 || plain {
		return nil
	}
	before := c.labelFault
	err := r.text(m, ext, dst)
	if c.gap == 0 { // the archive is whole here, and the member matters only if no other has the label
		c.pairFault, c.labelFault = c.labelFault, before
	}
	return err
}

// pairLabel is the label of an image whose sample has no member called cls or json: that of the only one which
// ends in these, as in input.jpg and target.cls. In photo.2.jpg and photo.2.cls the dot is in the key.
func (c *sample) pairLabel(key string) (label, error) {
	before, _ := cutDots(c.ext)
	alone := before != "" && len(c.images) == 1 && !c.labels[before]
	switch n := c.paired[0] + c.paired[1]; {
	case n == 1 && alone && c.pairFault != nil:
		return label{}, c.pairFault
	case n == 1 && alone && c.paired[0] == 1 && key == "":
		return clsLabel(c.cls)
	case n == 1 && alone && c.paired[1] == 1:
		return c.jsonLabel(key)
	case n > 1 && alone:
		return label{}, premix.Faultf(premix.NoLabel, "no label: %d members of the sample %s end in cls or json, and which holds the label is not known: write one json member, and name the field with --label-key", n, shorten(c.key))
	case len(c.labels) > 0:
		return label{}, premix.Faultf(premix.NoLabel, "no label: %s; or write one json member beside it, and name the field with --label-key", c.dotReason(c.ext))
	}
	return label{}, premix.Faultf(premix.NoLabel, "no label: no cls and no json member stands beside the image; members that stand apart are not joined")
}

// errOutside says that a sample is not below the folder of the split, or of the classes.
var errOutside = errors.New("outside of the folders that are used")

func keyText(key string) string {
	if key == "" {
		return "“label” or “cls”"
	}
	return "“" + key + "”"
}
