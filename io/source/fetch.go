package source

import (
	"context"
	"fmt"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// Relocate sets the URI of a sample's location to the present place of its container: a cache
// may be older than a move of the input.
func Relocate(c Container, s *premix.Sample) {
	switch c.Layout {
	case layoutFolder, layoutFlat:
		s.Location.URI = blob.Below(c.URI, strings.TrimPrefix(s.Name, c.below("")))
	case layoutSynth:
		s.Location.URI = synthScheme
	default:
		s.Location.URI = c.URI
	}
}

// Fetch reads the bytes of an entry again, in dst's memory if that suffices. It works for
// entries that were Seekable, and for all drawn ones. Its errors are of the environment.
func Fetch(ctx context.Context, dst []byte, l premix.Location) ([]byte, error) {
	if strings.HasPrefix(l.URI, synthScheme) {
		return fetchDrawn(dst, l)
	}
	if l.Offset < 0 {
		return nil, fmt.Errorf("source: %s: an entry of a compressed container cannot be read again by itself", l.URI)
	}
	return blob.ReadRange(ctx, dst, l.URI, l.Offset, l.Length)
}
