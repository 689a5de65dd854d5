package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/premix/premix/io/blob"
	"golang.org/x/sync/errgroup"
)

// DefaultDir is the cache that local runs share: premix/peaks in the user's cache directory.
func DefaultDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place for the peaks cache (%w): choose one with --cache DIR", err)
	}
	return filepath.Join(dir, "premix", "peaks"), nil
}

// An Entry is the file of one chunk.
type Entry struct {
	ID      string
	Bytes   int64
	ModTime time.Time
}

// List returns the chunks of the store, sorted by ID; none if the store does not exist yet.
func (s *Store) List(ctx context.Context) ([]Entry, error) {
	list, err := blob.List(ctx, s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	var entries []Entry
	for _, o := range list {
		if id, ok := strings.CutSuffix(blob.Base(o.URI), suffix); ok && !o.Dir && o.Special == "" && validName(id) {
			entries = append(entries, Entry{ID: id, Bytes: o.Size, ModTime: o.ModTime})
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.ID, b.ID) })
	return entries, nil
}

// An Info describes what a cache holds for one fingerprint.
type Info struct {
	Fingerprint string
	URI         string
	// Settings is the JSON text that the fingerprint was computed from; nil if it is missing.
	Settings []byte
	Chunks   int
	Rows     int64
	Bytes    int64
	// Damaged counts the chunks that cannot be read; their rows are not in Rows.
	Damaged int
	// Used is when it was used last, to the day; Written when its newest chunk was written.
	Used, Written time.Time
}

// Caches describes the cache at uri, sorted by fingerprint; nothing if there is none. Directories
// that are not part of a cache are left out.
func Caches(ctx context.Context, uri string) ([]Info, error) {
	list, err := blob.List(ctx, uri)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	var infos []Info
	for _, o := range list {
		if !o.Dir || !validName(blob.Base(o.URI)) {
			continue
		}
		info, err := describe(ctx, uri, blob.Base(o.URI))
		if err != nil {
			return nil, err
		}
		if info.Settings != nil {
			infos = append(infos, info)
		}
	}
	return infos, nil
}

// maxSettings bounds the settings that are read, in bytes.
const maxSettings = 1 << 20

func describe(ctx context.Context, uri, fingerprint string) (Info, error) {
	s := Open(uri, fingerprint, nil)
	info := Info{Fingerprint: fingerprint, URI: s.dir}
	settings := blob.Join(s.dir, settingsFile)
	o, err := blob.Stat(ctx, settings)
	if err == nil {
		info.Used = o.ModTime
		info.Settings, err = blob.ReadAll(ctx, settings, maxSettings)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, blob.ErrLimit) {
		return info, nil
	}
	if err != nil {
		return info, fmt.Errorf("cache: %w", err)
	}
	entries, err := s.List(ctx)
	if err != nil {
		return info, err
	}
	rows := make([]int64, len(entries))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, e := range entries {
		info.Chunks++
		info.Bytes += e.Bytes
		if e.ModTime.After(info.Written) {
			info.Written = e.ModTime
		}
		g.Go(func() (err error) {
			rows[i], err = s.rows(gctx, e.ID)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return info, err
	}
	for _, n := range rows {
		if n < 0 {
			info.Damaged++
		} else {
			info.Rows += n
		}
	}
	return info, nil
}

// rows returns the number of rows of a chunk, −1 if its file is damaged.
func (s *Store) rows(ctx context.Context, id string) (int64, error) {
	uri, err := s.file(id)
	if err != nil {
		return 0, err
	}
	data, err := blob.ReadAll(ctx, uri, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist): // pruned meanwhile
		return 0, nil
	case errors.Is(err, blob.ErrLimit):
		return -1, nil
	case err != nil:
		return 0, fmt.Errorf("cache: %w", err)
	}
	n, err := countRows(data)
	if err != nil {
		return -1, nil
	}
	return n, nil
}

// Prune removes what the cache at uri holds for fingerprints that were not used for olderThan and
// are not among keep, and returns it. Only files that a cache consists of are removed.
func Prune(ctx context.Context, uri string, olderThan time.Duration, keep ...string) ([]Info, error) {
	infos, err := Caches(ctx, uri)
	if err != nil {
		return nil, err
	}
	before := time.Now().Add(-olderThan)
	var removed []Info
	for _, info := range infos {
		if slices.Contains(keep, info.Fingerprint) || info.Used.After(before) || info.Written.After(before) {
			continue
		}
		if err := Open(uri, info.Fingerprint, nil).clear(ctx); err != nil {
			return removed, err
		}
		removed = append(removed, info)
	}
	return removed, nil
}

// clear removes the files of a store, the settings last: what is left after a failure is still
// known for a cache.
func (s *Store) clear(ctx context.Context) error {
	entries, err := s.List(ctx)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(entries)+1)
	for _, e := range entries {
		names = append(names, e.ID+suffix)
	}
	for _, name := range append(names, settingsFile) {
		if err := blob.Remove(ctx, blob.Join(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cache: %w", err)
		}
	}
	if blob.IsLocal(s.dir) {
		if _, err := blob.SweepTemp(ctx, s.dir, time.Hour); err != nil {
			return fmt.Errorf("cache: %w", err)
		}
		_ = os.Remove(s.dir) // stays if it holds files that are not ours
	}
	return nil
}
