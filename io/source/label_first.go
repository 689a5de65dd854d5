package source

import (
	"context"
	"errors"

	"github.com/premix/premix"
)

// firstEntries is how many labels of an input are looked at before any work begins, and firstNone how
// many images if they have none: some may really lack theirs.
const (
	firstEntries = 16
	firstNone    = 64
)

var errSeen = errors.New("seen enough")

// firstLabels reads the first entries of an input whose labels are beside the images, and
// refuses the input if none of them has a label, or all labels are outside of the class list: a
// wrong --split, --classes, --label-key or --label-offset should not show up only after the peaks of
// all images. One good label is enough, so that it seldom reads more than one entry.
func (c *Catalog) firstLabels(ctx context.Context, d *discovery, o Options) error {
	in, k := d.in, d.Containers[0]
	chunks, whole, err := layoutOf(k.Layout).first(ctx, k)
	if len(chunks) == 0 || err != nil {
		return inContainer(in, k, err)
	}
	only := whole && len(d.Containers) == 1 // no other container, nor a lost end of this one
	labels := c.Labels(nil)
	bad, none := 0, 0
	var first *premix.Sample
	var why *premix.Fault
	look := func(e Entry) error {
		s := &e.Sample
		fault := s.Fault
		switch {
		case e.Ignored:
			return nil
		case fault != nil:
			if s.FaultStage != premix.StageLabel || fault.Kind != premix.NoLabel {
				only = false
				return nil
			}
			none++
		case labels.Target == nil, s.Class != "" && o.Classes != nil && (s.Label < 0 || labels.Own == nil):
			c.exampleOf(k, s)
			return errSeen // no list yet, or a choice: other names are left out
		default:
			_, err := labels.Of(s)
			if fault = premix.AsFault(err); fault == nil {
				c.exampleOf(k, s)
				return errSeen
			}
			bad++
		}
		if first == nil {
			sample := *s
			first, why = &sample, fault
		}
		if bad == firstEntries || none == firstNone {
			return errSeen
		}
		return nil
	}
	for i := 0; i < len(chunks) && err == nil; i++ {
		err = Read(ctx, chunks[i], o, 0, look)
	}
	switch {
	case err != nil && !errors.Is(err, errSeen) && DoubtOf(err) == nil:
		return inContainer(in, k, err)
	case bad == 0 && (none == firstNone || none > 0 && only && err == nil):
		return usagef("--in %s: none of the first %d images of %s has a label (%s): images without labels, as those of a test split, cannot be mixed; take another --split, or name the label with --label-key",
			in.URI, none, k.Name, why.Reason)
	case bad == firstEntries:
		return usagef("--in %s: none of the first %d labels is in the class list: %s: %s; is --classes, --label-key or --label-offset wrong?", in.URI, bad, first.Name, why.Reason)
	}
	return nil
}

// firstOfFile is the chunk for the first labels of a file of samples. Its end does not count as that
// of the container: it may be cut off.
func firstOfFile(c Container) []Chunk {
	return []Chunk{{Container: c, Offset: c.Offset, End: c.Offset + c.Size}}
}

// inContainer says in which container a mistake of the user's is.
func inContainer(in Input, k Container, err error) error {
	if usage := (*UsageError)(nil); errors.As(err, &usage) {
		return usagef("--in %s: %s: %s", in.URI, k.Name, usage.Message)
	}
	return err
}
