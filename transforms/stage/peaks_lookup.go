package stage

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/premix/premix"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
)

// Status says what the cache had for a chunk.
type Status int

// The answers of the cache.
const (
	Missing  Status = iota // no rows
	Valid                  // rows that agree in name, sizes and times
	Adopted                // place or times differ, sizes and sampled digests agree
	Changed                // the input differs
	Damaged                // unreadable rows
	Extended               // rows of other replicas were there
)

var statusNames = [...]string{"missing", "valid", "adopted", "changed", "damaged", "extended"}

func (s Status) String() string { return statusNames[s] }

// Glance says what the cache has for a chunk as far as the head of its file tells, in all replicas of
// the job. Adopted stands for rows of another place or time, which will be compared with the input
// before they are used.
func Glance(ctx context.Context, job *Job, c source.Chunk) (Status, error) {
	meta, err := job.store().Meta(ctx, c.ID)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Missing, nil
	case errors.Is(err, cache.ErrCorrupt):
		return Damaged, nil
	case err != nil:
		return Missing, err
	}
	if len(missingReplicas(job, meta)) > 0 {
		return Extended, nil
	}
	if meta.Stamp != c.Stamp || meta.URI != c.Container.URI {
		return Adopted, nil
	}
	return Valid, nil
}

// lookUp loads the rows of a chunk if they may be used. Chunks whose names or sizes differ never come
// here, they have another ID. Where the times are the same and only the place differs, some digests
// are compared; where times differ somebody may have edited what is there, and every entry is.
func lookUp(ctx context.Context, job *Job, c source.Chunk) (*rows, Status, error) {
	chunk, meta, err := job.store().Load(ctx, c.ID)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, Missing, nil
	case errors.Is(err, cache.ErrCorrupt):
		return nil, Damaged, nil
	case err != nil:
		return nil, Missing, err
	}
	r := &rows{meta: meta, chunk: chunk}
	if meta.Stamp == c.Stamp && meta.URI == c.Container.URI {
		return r, Valid, nil
	}
	for i := range chunk.Rows {
		source.Relocate(c.Container, &chunk.Rows[i])
	}
	var same bool
	if meta.Stamp == c.Stamp {
		same, err = sameSome(ctx, chunk.Rows)
	} else {
		same, err = sameAll(ctx, job, c, chunk)
	}
	if err != nil || !same {
		return nil, Changed, err
	}
	r.kept = &Kept{meta.Stamp, meta.URI, c.Container}
	r.meta.Stamp, r.meta.URI = c.Stamp, c.Container.URI
	return r, Adopted, nil
}

// sameSome compares the digests of some entries, evenly spread over the rows, with what is there
// now.
func sameSome(ctx context.Context, all []premix.Sample) (bool, error) {
	const probes = 8
	var buf []byte
	step := max(1, len(all)/probes)
	for i := 0; i < len(all); i += step {
		s := &all[i]
		if s.Fault != nil || s.Location.Offset < 0 {
			continue
		}
		data, err := source.Fetch(ctx, buf, s.Location)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if source.DigestOf(data) != s.Digest {
			return false, nil
		}
		buf = data
	}
	return true, nil
}

// sameAll reads a chunk, decodes nothing, and compares what it finds with the rows: names, bytes,
// labels, and defects of the container.
func sameAll(ctx context.Context, job *Job, c source.Chunk, old *cache.Chunk) (bool, error) {
	var want []*premix.Sample
	for e := range byEntry(old.Rows) {
		want = append(want, &e[0])
	}
	differs := errors.New("differs")
	ignored := int64(0)
	next := 0
	err := source.Read(ctx, c, job.Source, job.Decode.MaxBytes, func(e source.Entry) error {
		if e.Ignored {
			ignored++
			return nil
		}
		if next == len(want) || !sameEntry(want[next], &e.Sample) {
			return differs
		}
		next++
		return nil
	})
	if errors.Is(err, differs) {
		return false, nil
	}
	return err == nil && next == len(want) && ignored == old.Ignored, err
}

// sameEntry says whether a row is that of an entry as source.Read yields it.
func sameEntry(row, entry *premix.Sample) bool {
	if row.Name != entry.Name || row.Digest != entry.Digest || row.Label != entry.Label || row.Class != entry.Class {
		return false
	}
	if entry.Fault != nil {
		return row.Fault != nil && *row.Fault == *entry.Fault
	}
	return row.Fault == nil || row.FaultStage == premix.StageDecode || row.FaultStage == premix.StagePeak
}
