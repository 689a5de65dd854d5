package source

import (
	"errors"

	"github.com/premix/premix"
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
		l, err := jsonLabel(c.json, key)
		if err != errNoKey {
			return l, err
		}
		return label{}, premix.Faultf(premix.NoLabel, "the json member has no label under %s: name its key with --label-key", keyText(key))
	}
	if len(c.labels) > 0 {
		return label{}, premix.Faultf(premix.NoLabel, "no label: %s", c.dotReason(c.ext))
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
