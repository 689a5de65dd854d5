// Package cache keeps the results of the peaks stage: crops and saliency peaks, one Parquet file for
// each chunk of the input. [Open] a [Store] for a fingerprint, then Load and Save chunks; [Caches]
// lists all fingerprints of a cache.
//
//	CACHE/FINGERPRINT/fingerprint.json   the settings that the fingerprint is of, for people
//	CACHE/FINGERPRINT/CHUNK-ID.parquet   the rows of one chunk
//
// The files are a product of their own: every Parquet reader reads them. There is one row for each
// replica of each image, and one for each image that failed, in the order of the entries, replicas
// adjacent. No column is nullable:
//
//	key, name            string   name of the entry in its container, and its path below the root
//	uri                  string   where the bytes were when the chunk was read
//	offset, length       int64    the bytes in that object; length −1 for all of it
//	digest               string   XXH3-128 of the bytes, 32 hexadecimal digits
//	label                int32    class index as the input states it, −1 for none
//	class                string   class name as the input states it, empty for none
//	width, height        int32    of the decoded image
//	replica              int32    the epoch that crop and peak belong to
//	crop_x … crop_h      double   the rectangle of the original that was cropped
//	flip                 boolean  the crop was mirrored
//	peak_row, peak_col, trough_row, trough_col
//	                     int32    in pixels of the crop, −1 for none
//	flat                 boolean  the saliency map has no peak
//	failure_stage, failure_kind, failure_reason
//	                     string   why the image cannot be used; all empty if it can
//
// Names are bytes, and Parquet strings are UTF-8: a byte B that is not part of valid UTF-8 is written
// as the rune U+EF00+B (the encoding that MirBSD calls OPTU-8), and so is each byte of a rune that
// could be taken for one.
//
// Equal chunks give equal files, byte for byte, on every machine. What is known of a chunk as a
// whole is JSON in the key-value metadata of the file, under "premix", with a checksum of the whole
// file.
package cache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// ErrCorrupt is the error for a file that does not belong to the cache, or is damaged. The caller
// computes the chunk again, and Save replaces the file.
var ErrCorrupt = errors.New("not a file of the peaks cache, or damaged")

// Schema is the version of the files. It is a part of the fingerprint.
const Schema = 1

// maxFile bounds the files that are read, in bytes: a chunk of 2,000 images in 300 replicas has a
// quarter of it.
const maxFile = 256 << 20

// A Chunk is what is known of the images of one chunk of the input.
type Chunk struct {
	// Rows are the images, good and failed, in the order of the entries, replicas adjacent.
	Rows []premix.Sample
	// Ignored counts the entries that are not images.
	Ignored int64
}

// Meta describes a chunk as a whole.
type Meta struct {
	Container string `json:"container"` // its name below the root
	First     string `json:"first"`     // the first entry, for messages
	Last      string `json:"last"`
	Stamp     string `json:"stamp"` // of sizes and times, by which a chunk is known to be stale
	URI       string `json:"uri"`   // where the container was
	Replicas  []int  `json:"replicas"`
	Entries   int64  `json:"entries"`
	Ignored   int64  `json:"ignored"`
	Schema    int    `json:"schema"`
}

// A Store is the part of a cache that belongs to one fingerprint. It is safe for concurrent use, by
// many processes.
type Store struct {
	root     string // of the cache
	dir      string
	settings []byte

	mu   sync.Mutex
	used bool // the settings are written, and the time of use
}

// Open returns the part of the cache at uri that belongs to a fingerprint: letters, digits, '-' and
// '_'. settings is the JSON text that the fingerprint was computed from: it is written beside the chunks
// for people, and only [Caches] reads it; nil leaves the file as it is. Open reads and writes nothing.
func Open(uri, fingerprint string, settings []byte) *Store {
	return &Store{root: uri, dir: blob.Join(uri, fingerprint), settings: settings}
}

// URI is the directory of the store.
func (s *Store) URI() string { return s.dir }

const suffix = ".parquet"

// file returns the address of the file of a chunk.
func (s *Store) file(id string) (string, error) {
	if !validName(id) || !validName(blob.Base(s.dir)) {
		return "", fmt.Errorf("cache: %q in %s: names of chunks and fingerprints are letters, digits, '-' and '_'", id, s.dir)
	}
	return blob.Join(s.dir, id+suffix), nil
}

func validName(s string) bool {
	for _, c := range []byte(s) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return s != "" && len(s) <= 128
}

// Load returns a chunk. The error is fs.ErrNotExist if it is not in the cache, and [ErrCorrupt] if
// its file is useless; any other is one of the environment.
func (s *Store) Load(ctx context.Context, id string) (*Chunk, Meta, error) {
	uri, data, err := s.read(ctx, id)
	if err != nil {
		return nil, Meta{}, err
	}
	c, m, err := decode(data)
	if err != nil {
		return nil, Meta{}, fmt.Errorf("cache: %s: %w", uri, err)
	}
	s.touch(ctx)
	return c, m, nil
}

// Meta returns what Load says of a chunk as a whole, with the same errors, and reads none of its rows.
// The checksum of the file is compared.
func (s *Store) Meta(ctx context.Context, id string) (Meta, error) {
	uri, data, err := s.read(ctx, id)
	if err != nil {
		return Meta{}, err
	}
	m, err := decodeMeta(data)
	if err != nil {
		return Meta{}, fmt.Errorf("cache: %s: %w", uri, err)
	}
	return m, nil
}

// read returns the file of a chunk, unchecked.
func (s *Store) read(ctx context.Context, id string) (uri string, data []byte, err error) {
	if uri, err = s.file(id); err != nil {
		return "", nil, err
	}
	data, err = blob.ReadAll(ctx, uri, maxFile)
	if errors.Is(err, blob.ErrLimit) {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if err != nil {
		return "", nil, fmt.Errorf("cache: %w", err)
	}
	return uri, data, nil
}

// Save writes a chunk, replacing an older file. Ignored and Schema of m are set from c and from this
// package.
func (s *Store) Save(ctx context.Context, id string, m Meta, c *Chunk) error {
	uri, err := s.file(id)
	if err != nil {
		return err
	}
	data, err := encode(m, c)
	if err != nil {
		return fmt.Errorf("cache: chunk %s of %s: %w", id, m.Container, err)
	}
	if err := blob.WriteFile(ctx, uri, data); err != nil {
		return s.writeError(err)
	}
	return s.describe(ctx)
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

// describe writes the settings, once.
func (s *Store) describe(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used {
		return nil
	}
	uri := blob.Join(s.dir, settingsFile)
	text := strings.TrimSpace(string(s.settings))
	if text == "" {
		text = "{}"
		if _, err := blob.Stat(ctx, uri); err == nil {
			s.used = true
			return nil
		}
	}
	if err := blob.WriteFile(ctx, uri, []byte(text+"\n")); err != nil {
		return s.writeError(err)
	}
	s.used = true
	return nil
}

// touch writes the settings again where that was done more than a day ago: their time is that of the
// last use, by which Prune goes. A cache that cannot be written can still be read, and who opened it
// without settings only looks at it.
func (s *Store) touch(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used {
		return
	}
	s.used = true
	uri := blob.Join(s.dir, settingsFile)
	if o, err := blob.Stat(ctx, uri); err == nil && time.Since(o.ModTime) < 24*time.Hour {
		return
	}
	if text := strings.TrimSpace(string(s.settings)); text != "" {
		_ = blob.WriteFile(ctx, uri, []byte(text+"\n"))
	}
}
