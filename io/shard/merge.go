package shard

import (
	"cmp"
	"fmt"
	"slices"
)

// Merge returns the sets sorted by split and replica. It is an error if two sets are of the same
// split and replica, or if they differ in what all splits of an output share: the name, the
// classes, and the size of the images. [SameForm] checks more.
func Merge(sets []Set) ([]Set, error) {
	sets = slices.Clone(sets)
	slices.SortStableFunc(sets, func(a, b Set) int {
		return cmp.Or(cmp.Compare(a.Spec.Split, b.Spec.Split), cmp.Compare(a.Spec.Replica, b.Spec.Replica))
	})
	for i := range sets {
		s := &sets[i].Spec
		if err := s.Check(); err != nil {
			return nil, err
		}
		if i == 0 {
			continue
		}
		p := &sets[i-1].Spec
		switch {
		case s.Split == p.Split && s.Replica == p.Replica:
			return nil, fmt.Errorf("shard: split %s is listed twice", s.SplitName("-"))
		case s.Name != p.Name:
			return nil, fmt.Errorf("shard: split %s is of the data set %q, %s of %q", s.SplitName("-"), s.Name, p.SplitName("-"), p.Name)
		case !slices.Equal(s.Classes, p.Classes):
			return nil, fmt.Errorf("shard: the classes of the splits %s and %s differ", s.SplitName("-"), p.SplitName("-"))
		case s.Size != p.Size:
			return nil, fmt.Errorf("shard: images of split %s are of size %v, of %s %v", s.SplitName("-"), s.Size, p.SplitName("-"), p.Size)
		}
	}
	return sets, nil
}

// SameForm reports an error if the sets, as Merge sorts them, differ in label form or image
// format, for formats that keep one schema for all splits.
func SameForm(sets []Set) error {
	for i := 1; i < len(sets); i++ {
		s, p := &sets[i].Spec, &sets[i-1].Spec
		if s.LabelForm != p.LabelForm || s.ImageFormat != p.ImageFormat {
			return fmt.Errorf("shard: split %s holds %s with %s labels, %s %s with %s: one schema is needed for all splits",
				s.SplitName("-"), s.ImageFormat, s.LabelForm, p.SplitName("-"), p.ImageFormat, p.LabelForm)
		}
	}
	return nil
}
