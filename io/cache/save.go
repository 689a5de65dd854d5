package cache

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/premix/premix/io/blob"
)

// Save adds rows of a chunk, which are in the replicas of m, and marks that the place of m has their
// content. It returns the names of the files. A file that is there already has these rows, and stays as it
// is unless it is damaged. Ignored and Schema of m are set from c and from this package.
func (s *Store) Save(ctx context.Context, id string, m Meta, c *Chunk) (files []string, err error) {
	if err := s.check(id); err != nil {
		return nil, err
	}
	content := ContentOf(c)
	if err := complete(c.Rows, m.Replicas); err != nil {
		return nil, fmt.Errorf("cache: chunk %s of %s: %w", id, m.Container, err)
	}
	for _, replicas := range spans(m.Replicas) {
		names, err := s.addSpan(ctx, id, content, replicas, m, c)
		if err != nil {
			return nil, err
		}
		files = append(files, names...)
	}
	return files, s.Mark(ctx, id, content, m)
}

// addSpan writes the rows of replicas that follow each other: into one file, or into several of fewer replicas where
// one would be above the limit. A container that cannot be cut is one chunk, however many images it has.
func (s *Store) addSpan(ctx context.Context, id, content string, replicas []int, m Meta, c *Chunk) (files []string, err error) {
	part, pm := *c, m
	pm.Replicas = replicas
	if len(replicas) < len(m.Replicas) {
		part.Rows = keep(append(c.Rows[:0:0], c.Rows...), replicas)
	}
	f := File{ID: id, Content: content, Replicas: replicas, name: dataName(id, content, replicas[0], replicas[len(replicas)-1])}
	err = s.add(ctx, &f, pm, &part)
	if large := (*tooLargeError)(nil); errors.As(err, &large) && len(replicas) > 1 {
		half := len(replicas) / 2
		for _, some := range [][]int{replicas[:half], replicas[half:]} {
			names, err := s.addSpan(ctx, id, content, some, m, c)
			if err != nil {
				return nil, err
			}
			files = append(files, names...)
		}
		return files, nil
	}
	if err != nil {
		return nil, err
	}
	return []string{f.name}, nil
}

// add writes a file, unless it is there and whole.
func (s *Store) add(ctx context.Context, f *File, m Meta, c *Chunk) error {
	data, err := encode(m, c)
	if err != nil {
		return fmt.Errorf("cache: chunk %s of %s: %w", f.ID, m.Container, err)
	}
	f.Bytes, f.ModTime = int64(len(data)), time.Now()
	if !s.whole(ctx, f) {
		if err := blob.WriteFile(ctx, blob.Join(s.dir, f.name), data); err != nil {
			return s.writeError(err)
		}
	}
	s.mu.Lock()
	if s.listed != nil {
		s.listed.addFile(*f)
	}
	s.mu.Unlock()
	return s.describe(ctx)
}

// whole says whether another run has made a file meanwhile. In a store that would be a request for each
// chunk: there the same rows are written again.
func (s *Store) whole(ctx context.Context, f *File) bool {
	if !blob.IsLocal(s.dir) {
		return false
	}
	_, err := s.open(ctx, f)
	return err == nil
}

// A markText is what a mark says to people; its name says all that is used.
type markText struct {
	Container string `json:"container"`
	URI       string `json:"uri"`
	Stamp     string `json:"stamp"`
}

// Mark says that the place of m has a content. Marks of other contents of the place are removed: the files
// there were changed and kept their times.
func (s *Store) Mark(ctx context.Context, id, content string, m Meta) error {
	if err := s.check(id); err != nil {
		return err
	}
	p := placeOf(m.Stamp, m.URI)
	own := mark{content: content, place: p, name: markName(id, content, p)}
	h, err := s.chunk(ctx, id, func(*Held) bool { return true })
	if err != nil {
		return err
	}
	there := false
	var wrong []string
	for _, other := range h.marks {
		there = there || other == own
		if other.place == p && other.content != content {
			wrong = append(wrong, other.name)
		}
	}
	if !there {
		convert(&m, toText)
		text, err := json.Marshal(markText{m.Container, m.URI, m.Stamp})
		if err != nil {
			return fmt.Errorf("cache: %w", err)
		}
		if err := blob.WriteFile(ctx, blob.Join(s.dir, own.name), append(text, '\n')); err != nil {
			return s.writeError(err)
		}
		s.mark(id, own, true)
	}
	for _, name := range wrong {
		if err := blob.Remove(ctx, blob.Join(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s.writeError(err)
		}
		s.mark(id, mark{name: name}, false)
	}
	return s.describe(ctx)
}

// MarkReader says that a reader with a number has made a content. Unlike a place, a reader may have made many
// contents of a chunk, one for each copy of the input.
func (s *Store) MarkReader(ctx context.Context, id, content string, reader int) error {
	if err := s.check(id); err != nil {
		return err
	}
	p := readerPlace(reader)
	own := mark{content: content, place: p, name: markName(id, content, p)}
	text, err := json.Marshal(struct {
		Reader int `json:"reader"`
	}{reader})
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	if err := blob.WriteFile(ctx, blob.Join(s.dir, own.name), append(text, '\n')); err != nil {
		return s.writeError(err)
	}
	s.mark(id, own, true)
	return nil
}

// mark changes the listing.
func (s *Store) mark(id string, m mark, there bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.listed == nil:
	case there:
		s.listed.addMark(id, m)
	default:
		s.listed.removeMark(id, m.name)
	}
}

// writeError adds which flag helps.
func (s *Store) writeError(err error) error {
	var e *blob.Error
	if !errors.As(err, &e) || errors.Is(err, context.Canceled) {
		return fmt.Errorf("cache: %w", err)
	}
	return fmt.Errorf("cache: %w (the cache is %s: choose another place with --cache DIR, or --cache none)", err, s.root)
}

const settingsFile = "fingerprint.json"

// describe writes the settings, once, and removes what killed runs left.
func (s *Store) describe(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.described {
		return nil
	}
	uri := blob.Join(s.dir, settingsFile)
	text := strings.TrimSpace(string(s.settings))
	if text == "" {
		text = "{}"
		if _, err := blob.Stat(ctx, uri); err == nil {
			s.described = true
			return nil
		}
	}
	if err := blob.WriteFile(ctx, uri, []byte(text+"\n")); err != nil {
		return s.writeError(err)
	}
	s.described, s.touched = true, true
	s.sweep(ctx)
	return nil
}

// touch writes the settings again where that was done more than a day ago: their time is that of the
// last use, by which Prune goes. A cache that cannot be written can still be read, and who opened it
// without settings only looks at it.
func (s *Store) touch(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.TrimSpace(string(s.settings))
	if s.touched || text == "" {
		return
	}
	s.touched = true
	uri := blob.Join(s.dir, settingsFile)
	if o, err := blob.Stat(ctx, uri); err != nil || time.Since(o.ModTime) >= 24*time.Hour {
		_ = blob.WriteFile(ctx, uri, []byte(text+"\n"))
	}
	s.sweep(ctx)
}

// tempAge is the age from which a temporary was left by a run that is dead: files are written from memory,
// within seconds.
const tempAge = time.Hour

// sweep removes temporaries that killed runs left. Who may only read the cache leaves them.
func (s *Store) sweep(ctx context.Context) {
	if blob.IsLocal(s.dir) {
		_, _ = blob.SweepDir(ctx, s.dir, tempAge)
	}
}
