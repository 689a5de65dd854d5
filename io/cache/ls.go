package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// An Info describes what a cache holds for one fingerprint.
type Info struct {
	Fingerprint string
	URI         string
	// Settings is the JSON text that the fingerprint was computed from; nil if it is missing.
	Settings []byte
	Chunks   int   // of whatever content
	Rows     int64 // each once, although two files may have it
	Bytes    int64
	// Crops is the number of crops that are kept, and CropFiles that of their files; Bytes has those too. A fingerprint has
	// either rows or crops.
	Crops     int64
	CropFiles int
	// Damaged counts the chunks of which a file cannot be read; its rows are not in Rows.
	Damaged int
	// Used is when it was used last, to the day; Written when its newest file was written.
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
		if info.Settings != nil || info.Chunks > 0 || info.CropFiles > 0 {
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
	known := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, blob.ErrLimit) {
		return info, fmt.Errorf("cache: %w", err)
	}
	l, err := s.list(ctx)
	if err != nil && known {
		return info, err
	}
	var files []File
	if err == nil {
		files = l.all()
		info.countCrops(ctx, s, l)
	}
	if !known {
		// Only names that nobody else gives tell that the folder is of a cache: an earlier version removed
		// the settings, and left the files that it does not know.
		files = slices.DeleteFunc(files, func(f File) bool { return f.Content == "" })
	}
	return info, info.count(ctx, s, files)
}

// count reads the files for their rows.
func (i *Info) count(ctx context.Context, s *Store, files []File) error {
	rows := make([]int64, len(files))
	chunks := map[string]bool{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for k := range files {
		f := &files[k]
		chunks[f.ID] = true
		i.Bytes += f.Bytes
		if f.ModTime.After(i.Written) {
			i.Written = f.ModTime
		}
		g.Go(func() (err error) {
			rows[k], err = s.rows(gctx, f.name)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	i.Chunks = len(chunks)
	type group struct{ id, content string }
	seen := map[group][]int{} // replicas
	damaged := map[string]bool{}
	for k, f := range files {
		switch n := rows[k]; {
		case n < 0:
			damaged[f.ID] = true
			i.Damaged = len(damaged)
		case f.Content == "":
			i.Rows += n
		default: // every entry has a row in each replica
			at := group{f.ID, f.Content}
			i.Rows += n / int64(len(f.Replicas)) * int64(len(Lacking(f.Replicas, seen[at])))
			seen[at] = append(seen[at], f.Replicas...)
		}
	}
	return nil
}

// countCrops reads the tables of files of crops.
func (i *Info) countCrops(ctx context.Context, s *Store, l *listing) {
	for _, files := range l.crops {
		bad := false
		for _, f := range files {
			i.CropFiles++
			i.Bytes += f.Bytes
			if f.ModTime.After(i.Written) {
				i.Written = f.ModTime
			}
			if c, err := OpenCrops(ctx, s.Path(&f)); err == nil {
				i.Crops += c.Crops()
			} else {
				bad = true
			}
		}
		if bad {
			i.Damaged++
		}
	}
}

// rows returns the number of rows of a file, −1 if it is damaged.
func (s *Store) rows(ctx context.Context, name string) (int64, error) {
	_, data, err := s.read(ctx, name)
	switch {
	case errors.Is(err, fs.ErrNotExist): // pruned meanwhile
		return 0, nil
	case errors.Is(err, ErrCorrupt):
		return -1, nil
	case err != nil:
		return 0, err
	}
	n, err := countRows(data)
	if err != nil {
		return -1, nil
	}
	return n, nil
}

// Prune removes what the cache at uri holds for fingerprints that were not used for olderThan and
// are not among keep, and returns it. Only files that a cache consists of are removed, and the temporaries
// that killed runs left in any of its directories. Nothing is removed from a directory that is a symbolic
// link: the error for the first one, a *[blob.LinkError], comes after the others are pruned.
func Prune(ctx context.Context, uri string, olderThan time.Duration, keep ...string) ([]Info, error) {
	infos, err := Caches(ctx, uri)
	if err != nil {
		return nil, err
	}
	if err := sweepAll(ctx, uri, infos); err != nil {
		return nil, err
	}
	before := time.Now().Add(-olderThan)
	var removed []Info
	var linked error
	for _, info := range infos {
		s := Open(uri, info.Fingerprint, nil)
		if slices.Contains(keep, info.Fingerprint) || info.Used.After(before) || info.Written.After(before) {
			continue
		}
		err := s.clear(ctx, info.Settings != nil, min(tempAge, olderThan))
		if link := (*blob.LinkError)(nil); errors.As(err, &link) {
			linked = cmp.Or(linked, err)
			continue
		}
		if err != nil {
			return removed, err
		}
		removed = append(removed, info)
	}
	return removed, linked
}

// sweepAll removes the temporaries in the directories of a cache, and in those that have nothing else: of runs
// that were killed before they had written anything.
func sweepAll(ctx context.Context, uri string, infos []Info) error {
	if !blob.IsLocal(uri) {
		return nil
	}
	list, err := blob.List(ctx, uri)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cache: %w", err)
	}
	for _, o := range list {
		if !o.Dir || !validName(blob.Base(o.URI)) {
			continue
		}
		ours := slices.ContainsFunc(infos, func(i Info) bool { return i.Fingerprint == blob.Base(o.URI) })
		if !ours {
			if inside, err := blob.List(ctx, o.URI); err != nil || len(inside) > 0 {
				continue
			}
		}
		removed, err := blob.SweepDir(ctx, o.URI, tempAge)
		if err != nil && ours {
			return fmt.Errorf("cache: %w", err)
		}
		if removed > 0 && !ours {
			blob.RemoveEmpty(ctx, o.URI)
		}
	}
	return nil
}

// clear removes the files of a store, the settings last: what is left after a failure is still
// known for a cache. known says that it has settings: without them files of earlier versions are not known for
// such. Temporaries from an age on are removed too.
func (s *Store) clear(ctx context.Context, known bool, age time.Duration) error {
	l, err := s.list(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, marks := range l.marks {
		for _, m := range marks {
			names = append(names, m.name)
		}
	}
	for _, files := range l.crops { // no other program gives such names
		for _, f := range files {
			names = append(names, f.name)
		}
	}
	for _, f := range l.all() {
		if known || f.Content != "" {
			names = append(names, f.name)
		}
	}
	for _, name := range append(names, settingsFile) {
		if err := blob.RemoveBelow(ctx, s.root, blob.Join(s.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cache: %w", err)
		}
	}
	if blob.IsLocal(s.dir) {
		if _, err := blob.SweepDir(ctx, s.dir, age); err != nil {
			return fmt.Errorf("cache: %w", err)
		}
		blob.RemoveEmpty(ctx, s.dir) // stays if it holds files that are not ours
	}
	return nil
}
