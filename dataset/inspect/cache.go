package inspect

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
)

// cache describes a folder of peaks: a cache, or what one holds for a fingerprint.
func (r *Report) cache(ctx context.Context, uri string, o *Options) (bool, error) {
	infos, err := cache.Caches(ctx, uri)
	if err != nil {
		return false, fmt.Errorf("inspect: %w", err)
	}
	if len(infos) == 0 { // perhaps the folder of one fingerprint
		if infos, err = cache.Caches(ctx, blob.Dir(uri)); err != nil {
			return false, nil // it was only a guess
		}
		infos = slices.DeleteFunc(infos, func(i cache.Info) bool { return blob.Base(i.URI) != blob.Base(uri) })
	}
	if len(infos) == 0 {
		return false, nil
	}
	r.Kind = KindCache
	for k, i := range infos {
		c := Cache{Fingerprint: i.Fingerprint, Chunks: i.Chunks, Rows: i.Rows, Bytes: i.Bytes, Damaged: i.Damaged}
		if text := bytes.TrimSpace(i.Settings); json.Valid(text) {
			c.Settings = text
		}
		r.Caches = append(r.Caches, c)
		r.Samples += i.Rows
		r.Bytes += i.Bytes
		store := cache.Open(blob.Dir(i.URI), i.Fingerprint, nil)
		files, err := store.List(ctx)
		if err != nil {
			return true, fmt.Errorf("inspect: %w", err)
		}
		failures, err := failed(ctx, store, files)
		if err != nil {
			return true, err
		}
		r.Caches[k].Failed = int64(len(failures))
		if len(infos) == 1 {
			r.Failures = failures
		}
		if k > 0 || len(files) == 0 {
			continue
		}
		// Pictures come from all files alike, as far as there are as many.
		chosen := evenly(max(1, min(o.Pictures, len(files))), len(files))
		for j, at := range chosen {
			most := share(o.Pictures-len(r.first), len(chosen)-j)
			if err := r.cacheRows(ctx, store, files[at].Name(), most, o); err != nil {
				return true, err
			}
		}
	}
	return true, nil
}

// failed reads all files for the images that cannot be used.
func failed(ctx context.Context, store *cache.Store, files []cache.File) ([]premix.Failure, error) {
	found := make([][]premix.Failure, len(files))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i := range files {
		g.Go(func() error {
			chunk, _, err := store.ReadFile(gctx, files[i].Name())
			if errors.Is(err, cache.ErrCorrupt) {
				return nil // counted as damaged
			}
			if err != nil {
				return fmt.Errorf("inspect: %w", err)
			}
			found[i] = failuresOf(chunk)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	failures := slices.Concat(found...)
	slices.SortFunc(failures, func(a, b premix.Failure) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Reason, b.Reason))
	})
	return slices.Compact(failures), nil // other replicas, or an older state of a chunk, have it too
}

// failuresOf lists the images of a chunk that cannot be used, each once however many replicas.
func failuresOf(chunk *cache.Chunk) []premix.Failure {
	var list []premix.Failure
	for i := range chunk.Rows {
		if s := &chunk.Rows[i]; s.Fault != nil {
			list = append(list, premix.Failure{Name: s.Name, Stage: s.FaultStage, Kind: s.Fault.Kind, Reason: s.Fault.Reason})
		}
	}
	return slices.Compact(list)
}

// evenly returns n ≤ of numbers from 0 to of − 1, evenly spread.
func evenly(n, of int) []int {
	at := make([]int, n)
	for i := range at {
		at[i] = i * of / n
	}
	return at
}

// share is the part of n for one of some, rounded up.
func share(n, of int) int { return (n + of - 1) / of }

// cacheFile describes one file of a cache. It reports false if the file is none.
func (r *Report) cacheFile(ctx context.Context, store *cache.Store, name string, o *Options) (bool, error) {
	chunk, meta, err := store.ReadFile(ctx, name)
	if err != nil {
		return false, nil // it was only a guess
	}
	r.Kind = KindCache
	r.Samples = int64(len(chunk.Rows))
	r.Failures = failuresOf(chunk)
	c := Cache{Fingerprint: blob.Base(store.URI()), Chunks: 1, Rows: r.Samples, Failed: int64(len(r.Failures)), Bytes: r.Bytes}
	if infos, err := cache.Caches(ctx, blob.Dir(store.URI())); err == nil { // a file may have been copied out
		for _, i := range infos {
			if text := bytes.TrimSpace(i.Settings); i.Fingerprint == c.Fingerprint && json.Valid(text) {
				c.Settings = text
			}
		}
	}
	r.Caches = []Cache{c}
	r.note("%s, entries %s to %s", meta.Container, path.Base(meta.First), path.Base(meta.Last))
	return true, r.cacheRows(ctx, store, name, o.Pictures, o)
}

// cacheRows tells the first rows of a file, and keeps as many pictures as are asked for.
func (r *Report) cacheRows(ctx context.Context, store *cache.Store, name string, pictures int, o *Options) error {
	chunk, _, err := store.ReadFile(ctx, name)
	if errors.Is(err, cache.ErrCorrupt) {
		r.note("%s is damaged", path.Join(blob.Base(store.URI()), name))
		return nil
	}
	if err != nil {
		return fmt.Errorf("inspect: %w", err)
	}
	params := readParams(r.Caches[0].Settings)
	for i := range chunk.Rows {
		s := &chunk.Rows[i]
		if len(r.Records) < o.records() {
			r.Records = append(r.Records, cacheRecord(s))
		}
		if s.Fault == nil && s.Location.Offset >= 0 && pictures > 0 {
			if data, err := source.Fetch(ctx, nil, s.Location); err == nil {
				r.keepPeak(s, data, params)
				pictures--
			}
		}
	}
	return nil
}
