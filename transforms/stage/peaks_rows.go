package stage

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/osfile"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
)

// rows are the peaks of a chunk, with addresses of where it is now.
type rows struct {
	content  string
	meta     cache.Meta // of the chunk as it is now; Replicas are those of the rows
	chunk    *cache.Chunk
	files    []string // of the cache, that have the rows; of fresh ones, those of an earlier reader
	kept     int64    // entries of fresh rows that were not computed anew
	unmarked bool     // the cache does not know yet that this place has the content
}

// metaOf describes a chunk as it is now.
func metaOf(c source.Chunk, replicas []int, entries, ignored int64) cache.Meta {
	return cache.Meta{
		Container: c.Container.Name, First: c.First, Last: c.Last, Stamp: c.Stamp, URI: c.Container.URI,
		Replicas: replicas, Entries: entries, Ignored: ignored, Schema: cache.Schema,
	}
}

// loadRows loads what the cache has of a content, and relates it to the present place; nil if that is nothing,
// or has failures of an earlier reader, or of a version that did not say what losses weigh.
func loadRows(ctx context.Context, job *Job, c source.Chunk, held *cache.Held, content string) (*rows, error) {
	r, err := held.Load(ctx, content, job.cropReplicas())
	if err != nil || r == nil {
		return nil, err
	}
	if outdated(held, r) || slices.ContainsFunc(r.Chunk.Rows, func(s premix.Sample) bool { return source.Unweighed(&s) }) {
		return nil, nil
	}
	for i := range r.Chunk.Rows {
		source.Relocate(c.Container, &r.Chunk.Rows[i])
	}
	meta := metaOf(c, r.Meta.Replicas, r.Meta.Entries, r.Meta.Ignored)
	meta.Outside = r.Meta.Outside
	return &rows{
		content: content, meta: meta, chunk: r.Chunk, files: r.Files,
	}, nil
}

// outdated reports whether rows have failures of an earlier reader.
func outdated(held *cache.Held, r *cache.Rows) bool {
	return hasRefused(r.Chunk) && !held.ReadBy(r.Content, source.Reader)
}

// hasRefused reports whether a chunk has failures of reading.
func hasRefused(c *cache.Chunk) bool {
	return slices.ContainsFunc(c.Rows, func(s premix.Sample) bool { return source.Refused(s.FaultStage) })
}

// A heritage is what the cache has of a chunk whose failures are of an earlier reader, in all of some replicas.
type heritage struct {
	good  map[string][]premix.Sample // the rows of entries that did not fail in reading, by name
	files map[string][]string        // those of a content
}

// inherit finds the heritage of a chunk.
func inherit(ctx context.Context, job *Job, c source.Chunk, replicas []int) (*heritage, error) {
	held, err := find(ctx, job, c)
	if err != nil {
		return nil, err
	}
	h := &heritage{map[string][]premix.Sample{}, map[string][]string{}}
	for _, content := range held.Contents() {
		r, err := held.Load(ctx, content, replicas)
		if err != nil {
			return nil, err
		}
		if r == nil || !outdated(held, r) || len(cache.Lacking(replicas, r.Meta.Replicas)) > 0 {
			continue
		}
		h.files[content] = r.Files
		for e := range byEntry(r.Chunk.Rows) {
			if len(e) == len(replicas) && !source.Refused(e[0].FaultStage) {
				h.good[e[0].Name] = e
			}
		}
	}
	return h, nil
}

// missingReplicas returns the replicas that the job needs and the rows lack.
func missingReplicas(job *Job, r *rows) []int {
	if r == nil {
		return job.cropReplicas()
	}
	return cache.Lacking(job.cropReplicas(), r.meta.Replicas)
}

// only returns the rows in some of their replicas, in memory of their own.
func (r *rows) only(replicas []int) *rows {
	part := *r
	part.chunk = &cache.Chunk{Ignored: r.chunk.Ignored}
	part.meta.Replicas = slices.DeleteFunc(slices.Clone(r.meta.Replicas), func(k int) bool { return !slices.Contains(replicas, k) })
	part.chunk.Rows = slices.DeleteFunc(slices.Clone(r.chunk.Rows), func(s premix.Sample) bool { return !slices.Contains(replicas, s.Replica) })
	return &part
}

// merge adds rows of the same content in other replicas.
func (r *rows) merge(other *rows) error {
	all, err := cache.Merge(r.chunk.Rows, other.chunk.Rows)
	if err != nil {
		return err
	}
	r.chunk.Rows = all
	r.meta.Replicas = slices.Sorted(slices.Values(slices.Concat(r.meta.Replicas, other.meta.Replicas)))
	r.files = slices.Sorted(slices.Values(slices.Concat(r.files, other.files)))
	return nil
}

// saveRows adds fresh rows to the cache, and marks that the place of adopted ones has their content, or that today's
// reader makes the failures of an earlier one too. Who may only read the cache does without these marks.
func saveRows(ctx context.Context, job *Job, c source.Chunk, r *rows, fresh bool) (err error) {
	there := fresh && len(r.files) > 0
	switch {
	case there || !fresh && r.unmarked:
		err = job.Store().Mark(ctx, c.ID, r.content, r.meta)
	case fresh:
		r.files, err = job.Store().Save(ctx, c.ID, r.meta, r.chunk)
	}
	if err == nil && fresh && hasRefused(r.chunk) {
		err = job.Store().MarkReader(ctx, c.ID, r.content, source.Reader)
	}
	if (there || !fresh) && (errors.Is(err, fs.ErrPermission) || osfile.IsReadOnly(err)) {
		err = nil
	}
	return err
}
