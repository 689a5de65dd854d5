package derive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/source"
)

// LoadInputs reads from inputs.json which inputs a split was made from.
func LoadInputs(ctx context.Context, out, split string) ([]source.Input, error) {
	in, err := dataset.LoadInputs(ctx, out, split)
	if err != nil {
		return nil, fmt.Errorf("derive: %w", err)
	}
	var roots []source.Input
	if len(in.Roots) > 0 {
		if err := json.Unmarshal(in.Roots, &roots); err != nil {
			return nil, fmt.Errorf("derive: %s: %w", dataset.Meta(out, split, dataset.InputsFile), err)
		}
	}
	if len(roots) == 0 {
		return nil, fmt.Errorf("derive: %s names no input: tell where it is with --in", dataset.Meta(out, split, dataset.InputsFile))
	}
	return roots, nil
}

// Sources find the entries of an input by name, wherever the input is now.
type Sources struct {
	containers map[string]source.Container
	options    source.Options
	maxBytes   int64
}

// NewSources lists the containers of inputs. Its errors are those of source.Locate; maxBytes
// bounds an entry.
func NewSources(ctx context.Context, inputs []source.Input, o source.Options, maxBytes int64) (*Sources, error) {
	containers, err := source.Locate(ctx, inputs, o)
	if err != nil {
		return nil, err
	}
	s := &Sources{containers: map[string]source.Container{}, options: o, maxBytes: maxBytes}
	for _, c := range containers {
		s.containers[c.Name] = c
	}
	return s, nil
}

// A MissingError says that an input no longer has an entry, or no longer all of it.
type MissingError struct{ Name, Why string }

func (e *MissingError) Error() string { return e.Name + " " + e.Why }

// Fetch returns the encoded bytes of a sample, whose Name and the offset and length of Location
// must be set, in dst's memory if that suffices. The error is a *[MissingError] if the input does
// not have it.
func (s *Sources) Fetch(ctx context.Context, dst []byte, sample *premix.Sample) ([]byte, error) {
	c, ok := s.container(sample.Name)
	if !ok {
		return nil, &MissingError{sample.Name, "is in no folder or file of the input"}
	}
	if seekable := (&source.Chunk{Container: c}).Seekable(); !seekable || sample.Location.Offset < 0 {
		return s.scan(ctx, dst, c, sample.Name)
	}
	at := *sample
	source.Relocate(c, &at)
	if s.maxBytes > 0 && at.Location.Length > s.maxBytes {
		return nil, &MissingError{sample.Name, fmt.Sprintf("has %d bytes, more than the limit of %d", at.Location.Length, s.maxBytes)}
	}
	data, err := source.Fetch(ctx, dst, at.Location)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &MissingError{sample.Name, "is not in the input any more"}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &MissingError{sample.Name, "is shorter than it was, or another image: its file ends early"}
	case err != nil:
		return nil, fmt.Errorf("derive: %s: %w", sample.Name, err)
	}
	return data, nil
}

// container is the one that holds the entry: that of the longest name.
func (s *Sources) container(name string) (source.Container, bool) {
	for at := name; ; {
		i := strings.LastIndexByte(at, '/')
		if i < 0 {
			c, ok := s.containers[""]
			return c, ok
		}
		at = at[:i]
		if c, ok := s.containers[at]; ok {
			return c, true
		}
	}
}

// scan reads a container from its start until the entry comes by.
func (s *Sources) scan(ctx context.Context, dst []byte, c source.Container, name string) ([]byte, error) {
	chunks, err := source.Split(ctx, c, s.options)
	if err != nil {
		return nil, err
	}
	found := fmt.Errorf("found")
	for _, chunk := range chunks {
		err := source.Read(ctx, chunk, s.options, s.maxBytes, func(e source.Entry) error {
			if e.Sample.Name != name || e.Data == nil {
				return nil
			}
			dst = append(dst[:0], e.Data...)
			return found
		})
		if err == found {
			return dst, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, &MissingError{name, "is not in the input any more"}
}
