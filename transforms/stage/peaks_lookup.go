package stage

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
)

// Status says what the cache had for a chunk.
type Status int

// The answers of the cache.
const (
	Missing  Status = iota // no rows
	Valid                  // rows of what the place is known to have
	Adopted                // place or times differ, sizes and digests agree
	Changed                // the input differs
	Damaged                // unreadable rows
	Extended               // rows of other replicas were there
	Outdated               // failures of an earlier reader, which are made anew
)

var statusNames = [...]string{"missing", "valid", "adopted", "changed", "damaged", "extended", "outdated"}

func (s Status) String() string { return statusNames[s] }

// find looks for a chunk in the cache.
func find(ctx context.Context, job *Job, c source.Chunk) (*cache.Held, error) {
	return job.Store().Find(ctx, c.ID, c.Stamp, c.Container.URI, job.cropReplicas())
}

// Glance says what the cache has for a chunk as far as the names of its files tell, in all replicas of
// the job. With verify it reads the files: a damaged one counts as missing, and failures of an earlier reader are seen.
// Adopted stands for rows of another place or time, which will be compared with the input before they are used.
func Glance(ctx context.Context, job *Job, c source.Chunk, verify bool) (Status, error) {
	held, err := find(ctx, job, c)
	if err != nil {
		return Missing, err
	}
	contents, known := held.Contents(), false
	if here := held.Here(); len(here) == 1 {
		contents, known = here, true
	}
	some, all, old := false, false, false
	for _, content := range contents {
		refused := false
		if verify {
			if err := held.Verify(ctx, content, func(s premix.Stage) { refused = refused || source.Refused(s) }); err != nil {
				return Missing, err
			}
		}
		replicas := held.Replicas(content)
		some = some || len(replicas) > 0
		switch {
		case len(cache.Lacking(job.cropReplicas(), replicas)) > 0:
		case refused && !held.ReadBy(content, source.Reader):
			old = true
		default:
			all = true
		}
	}
	switch {
	case all && known:
		return Valid, nil
	case all:
		return Adopted, nil
	case held.Damaged():
		return Damaged, nil
	case old:
		return Outdated, nil
	case some:
		return Extended, nil
	}
	return Missing, nil
}

// lookUp loads the rows of a chunk that may be used, in the replicas of the job that are there. Chunks whose
// names or sizes differ never come here, they have another ID. Where a place was compared before, its mark
// tells. Where another place has the same times, some digests are compared; where times differ somebody may
// have edited what is there, and every entry is.
func lookUp(ctx context.Context, job *Job, c source.Chunk) (*rows, Status, error) {
	held, err := find(ctx, job, c)
	if err != nil {
		return nil, Missing, err
	}
	here, stamped := held.Here(), held.Stamped()
	if len(here) == 1 {
		if r, err := loadRows(ctx, job, c, held, here[0]); err != nil || r != nil {
			return r, Valid, err
		}
	}
	var list []*rows
	for _, content := range held.Contents() {
		r, err := loadRows(ctx, job, c, held, content)
		if err != nil {
			return nil, Missing, err
		}
		if r != nil {
			list = append(list, r)
		}
	}
	switch {
	case len(list) == 0 && held.Damaged():
		return nil, Damaged, nil
	case len(list) == 0 && len(held.Contents()) > 0:
		return nil, Outdated, nil
	case len(list) == 0:
		return nil, Missing, nil
	case len(here) == 0 && len(stamped) == 1 && slices.ContainsFunc(list, func(r *rows) bool { return r.content == stamped[0] }):
		return adoptSome(ctx, list, stamped[0])
	}
	r, err := adoptWhole(ctx, job, c, list)
	switch {
	case r != nil:
		r.unmarked = true
		return r, Adopted, nil
	case held.Damaged():
		return nil, Damaged, err
	}
	return nil, Changed, err
}

// adoptSome returns the rows of a content if some of their digests are those of what is there now.
func adoptSome(ctx context.Context, list []*rows, content string) (*rows, Status, error) {
	r := list[slices.IndexFunc(list, func(r *rows) bool { return r.content == content })]
	same, err := sameSome(ctx, r.chunk.Rows)
	if err != nil || !same {
		return nil, Changed, err
	}
	r.unmarked = true
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

// adoptWhole reads a chunk, decodes nothing, and returns the rows that agree with what it finds: names, bytes,
// labels, and defects of the container; nil if there are none.
func adoptWhole(ctx context.Context, job *Job, c source.Chunk, list []*rows) (*rows, error) {
	want := map[*rows][]*premix.Sample{}
	for _, r := range list {
		for e := range byEntry(r.chunk.Rows) {
			want[r] = append(want[r], &e[0])
		}
	}
	differs := errors.New("differs")
	ignored, outside := int64(0), map[string]int64(nil)
	next := 0
	err := source.Read(ctx, c, job.Source, job.Decode.MaxBytes, func(e source.Entry) error {
		if e.Ignored {
			ignored++
			outside = countOutside(outside, c.Container.Name, &e)
			return nil
		}
		sized(&e.Sample, e.Data)
		list = slices.DeleteFunc(list, func(r *rows) bool { return next == len(want[r]) || !sameEntry(want[r][next], &e.Sample) })
		if next++; len(list) == 0 {
			return differs
		}
		return nil
	})
	if errors.Is(err, differs) || source.DoubtOf(err) != nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(r *rows) bool { return next == len(want[r]) && ignored == r.chunk.Ignored })
	if i < 0 {
		return nil, nil
	}
	list[i].meta.Outside = outside // not a part of the content
	return list[i], nil
}

// sized gives an entry that is a whole object its length, which tells where the copies of later entries begin.
func sized(s *premix.Sample, data []byte) {
	if data != nil && s.Location.Length < 0 {
		s.Location.Length = int64(len(data))
	}
}

// sameEntry says whether a row is that of an entry as source.Read yields it.
func sameEntry(row, entry *premix.Sample) bool {
	if row.Name != entry.Name || row.Digest != entry.Digest || row.Label != entry.Label || row.Class != entry.Class {
		return false
	}
	if row.Location.Offset != entry.Location.Offset || row.Location.Length != entry.Location.Length {
		return false
	}
	if entry.Fault != nil {
		return row.Fault != nil && *row.Fault == *entry.Fault
	}
	return row.Fault == nil || row.FaultStage == premix.StageDecode || row.FaultStage == premix.StagePeak
}
