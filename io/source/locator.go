package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// A Locator reads entries of an input again, by name. The input may have been moved since the names
// were noted: only the names below the roots must be the same. It is safe for concurrent use.
type Locator struct {
	params     LocatorParams
	containers map[string]Container
}

// LocatorParams say how a [Locator] reads.
type LocatorParams struct {
	MaxBytes int64   // bounds the size of an entry; 0: no limit
	Source   Options // for scanning containers
	// Copy, if set, returns where a copy of an entry is whose container has no random access. If it is
	// nil, Fetch scans the container from its start to the entry, which is right for few entries.
	Copy func(ctx context.Context, c Container, name string) (premix.Location, error)
	// Whole changes how an entry is read that is a file of its own: to its end, but at most one
	// byte more than the length that was asked for. So a caller that compares digests sees that the
	// file has another length now. Otherwise exactly that length is read.
	Whole bool
}

// NewLocator returns a Locator for the containers of an input, as [Locate] or [Discover] lists them.
func NewLocator(containers []Container, p LocatorParams) *Locator {
	l := &Locator{params: p, containers: make(map[string]Container, len(containers))}
	for _, c := range containers {
		l.containers[c.Name] = c
	}
	return l
}

// An EntryReason says why an input does not have an entry as it was asked for.
type EntryReason int

const (
	NoContainer EntryReason = iota // no container of the input has such entries
	BadLength                      // a negative length was asked for
	BadOffset                      // a negative offset was asked for, in a container with random access
	TooLong                        // the length that was asked for is above the limit
	Gone                           // the container has no such entry
	Short                          // the entry ends before the length that was asked for
	Changed                        // the entry is another image now; for callers that compare digests
)

// An EntryError says that an input does not have an entry as it was asked for.
type EntryError struct {
	Name   string
	Reason EntryReason
	What   string // the reason in words that follow the name
	Err    error  // the error of reading, if there is one
}

func (e *EntryError) Error() string { return e.Name + " " + e.What }

func (e *EntryError) Unwrap() error { return e.Err }

// Fetch returns the encoded bytes of a sample, in dst's memory if that suffices. Name, and Offset
// and Length of Location must be set. The bytes may be those of another image: the caller compares
// digests. The error is an *[EntryError] if the input does not have the entry, else one of the
// environment.
func (l *Locator) Fetch(ctx context.Context, dst []byte, s *premix.Sample) ([]byte, error) {
	c, ok := l.container(s.Name)
	at, limit := s.Location, l.params.MaxBytes
	random, drawn := (&Chunk{Container: c}).Seekable(), c.Layout == layoutSynth
	switch {
	case !ok:
		return nil, &EntryError{Name: s.Name, Reason: NoContainer, What: "is in no folder or file of the input"}
	case l.params.Copy == nil && (!random || at.Offset < 0):
		return l.scan(ctx, dst, c, s.Name)
	case at.Length < 0 && !drawn:
		return nil, &EntryError{Name: s.Name, Reason: BadLength, What: fmt.Sprintf("cannot have %d bytes", at.Length)}
	case limit > 0 && at.Length > limit:
		return nil, &EntryError{Name: s.Name, Reason: TooLong, What: fmt.Sprintf("has %d bytes, more than the limit of %d", at.Length, limit)}
	case random && at.Offset < 0 && !drawn:
		return nil, &EntryError{Name: s.Name, Reason: BadOffset, What: fmt.Sprintf("cannot begin at byte %d", at.Offset)}
	}
	moved := *s
	if random {
		Relocate(c, &moved)
	} else if copied, err := l.params.Copy(ctx, c, s.Name); err == nil {
		moved.Location = copied
	} else {
		return nil, err
	}
	own := random && !drawn && c.Layout != layoutZip && moved.Location.URI != c.URI
	data, err := l.read(ctx, dst, moved.Location, own && l.params.Whole)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &EntryError{s.Name, Gone, "is not in the input any more", err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &EntryError{s.Name, Short, "is shorter than it was, or another image: its file ends early", err}
	}
	return data, err
}

// read reads an entry; whole asks for that to the end of its file, see [LocatorParams].
func (l *Locator) read(ctx context.Context, dst []byte, at premix.Location, whole bool) ([]byte, error) {
	if !whole || at.Offset != 0 {
		return Fetch(ctx, dst, at)
	}
	r, err := blob.Open(ctx, at.URI)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := bytes.NewBuffer(dst[:0])
	_, err = b.ReadFrom(io.LimitReader(r, at.Length+1))
	return b.Bytes(), err
}

// container returns the one that has the entry: of those whose names are folders of its name, the one
// with the longest name.
func (l *Locator) container(name string) (Container, bool) {
	for {
		name = name[:max(0, strings.LastIndexByte(name, '/'))]
		if c, ok := l.containers[name]; ok || name == "" {
			return c, ok
		}
	}
}

// scan reads a container from its start to the entry.
func (l *Locator) scan(ctx context.Context, dst []byte, c Container, name string) ([]byte, error) {
	chunks, err := Split(ctx, c, l.params.Source)
	if err != nil {
		return nil, err
	}
	found := errors.New("found")
	for _, chunk := range chunks {
		err := Read(ctx, chunk, l.params.Source, l.params.MaxBytes, func(e Entry) error {
			if e.Sample.Name != name || e.Data == nil {
				return nil
			}
			dst = append(dst[:0], e.Data...)
			return found
		})
		if err == found {
			return dst, nil
		}
		if err != nil && DoubtOf(err) == nil {
			return nil, err
		}
	}
	return nil, &EntryError{Name: name, Reason: Gone, What: "is not in the input any more"}
}
