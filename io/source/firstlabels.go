package source

import (
	"context"
	"errors"
	"fmt"

	"github.com/premix/premix"
)

// firstEntries is how many entries of an input are looked at before any work begins.
const firstEntries = 16

var errSeen = errors.New("seen enough")

// firstLabels reads the first entries of a container whose labels are numbers, and refuses the
// input if all of them are outside of the class list: a wrong --classes, --label-key or
// --label-offset should not show up only after the peaks of all images. One good label is enough,
// so that it seldom reads more than one entry.
func (c *Catalog) firstLabels(ctx context.Context, in Input, k Container, o Options) error {
	labels := c.Labels(nil)
	if labels.Target == nil {
		return nil
	}
	ch := Chunk{Container: k, Offset: k.Offset, End: k.Offset + k.Size}
	switch k.Layout {
	case layoutTar, layoutRecord:
	case layoutParquet:
		chunks, err := Split(ctx, k, Options{ChunkImages: 1}) // the first row group
		if err != nil {
			return err
		}
		ch = chunks[0]
	default:
		return nil // labels are names, of folders or of a list
	}
	bad, why := 0, ""
	err := Read(ctx, ch, o, 0, func(e Entry) error {
		s := &e.Sample
		if e.Ignored || s.Fault != nil || s.Label < 0 || s.Class != "" && labels.Own == nil {
			return nil
		}
		_, err := labels.Of(s)
		fault := premix.AsFault(err)
		if fault == nil {
			bad = 0
			return errSeen
		}
		if bad++; bad == 1 {
			why = fmt.Sprintf("%s has the %s", s.Name, fault.Reason)
		}
		if bad == firstEntries {
			return errSeen
		}
		return nil
	})
	switch {
	case err != nil && !errors.Is(err, errSeen):
		return err
	case bad == firstEntries:
		return usagef("--in %s: none of the first %d labels is in the class list: %s; is --classes, --label-key or --label-offset wrong?", in.URI, bad, why)
	}
	return nil
}
