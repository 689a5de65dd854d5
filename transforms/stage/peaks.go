package stage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/premix/premix/io/source"
)

// Peaks makes sure that the cache holds the peaks of a chunk in every replica of the job, and
// returns the chunk's summary. Rows that are there and agree with the input are kept; a chunk
// whose place or times changed is adopted when its sizes and some digests agree; everything else
// is computed.
func Peaks(ctx context.Context, job *Job, c source.Chunk) (*Summary, error) {
	if err := Reachable(ctx, job); err != nil {
		return nil, err
	}
	found, status, err := lookUp(ctx, job, c)
	if err != nil {
		return nil, err
	}
	spooled, err := spoolReady(ctx, job, c)
	if err != nil {
		return nil, err
	}
	missing := job.cropReplicas()
	if found != nil {
		missing = missingReplicas(job, found.meta)
	}
	if len(missing) == 0 && spooled {
		sum, err := saveRows(ctx, job, c, found, status)
		if err != nil {
			return nil, err
		}
		countPeaks(status, sum.Entries)
		countBad(sum)
		return sum, nil
	}
	all, status, err := complete(ctx, job, c, found, status, missing, spooled)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Container.Name, err)
	}
	if status != Valid {
		mergeLatest(ctx, job, c, all)
	}
	sum, err := saveRows(ctx, job, c, all, status)
	if err != nil {
		return nil, err
	}
	countPeaks(status, 0)
	return sum, nil
}

// complete computes the rows of the missing replicas and adds the found ones. If the copy of the
// chunk is not there, it computes all replicas, since the copy is made on the way. It returns the
// status that follows from what the input turned out to be.
func complete(ctx context.Context, job *Job, c source.Chunk, found *rows, status Status, missing []int, spooled bool) (*rows, Status, error) {
	replicas := job.cropReplicas()
	wanted := missing
	if !spooled {
		wanted = replicas
	}
	all, err := compute(ctx, job, c, wanted)
	if err != nil || found == nil {
		return all, status, err
	}
	if !all.sameInput(found) {
		// Replaced with size and time kept: nothing that the cache had can be used.
		if len(wanted) < len(replicas) {
			all, err = compute(ctx, job, c, replicas)
		}
		return all, Changed, err
	}
	all.merge(found)
	all.kept = found.kept
	if len(missing) > 0 {
		status = Extended
	}
	return all, status, nil
}

// mergeLatest adds the rows of other replicas that another run has saved meanwhile.
func mergeLatest(ctx context.Context, job *Job, c source.Chunk, r *rows) {
	chunk, meta, err := job.store().Load(ctx, c.ID)
	if err != nil || meta.Stamp != c.Stamp || meta.URI != c.Container.URI {
		return
	}
	if latest := (&rows{meta: meta, chunk: chunk}); r.sameInput(latest) {
		r.merge(latest)
	}
}

// saveRows saves the rows of a chunk, unless the cache has them as they are, and summarizes them.
func saveRows(ctx context.Context, job *Job, c source.Chunk, r *rows, status Status) (*Summary, error) {
	sum := summarize(job, c, r)
	if status == Valid {
		return sum, nil
	}
	err := job.store().Save(ctx, c.ID, r.meta, r.chunk)
	if status == Adopted && (errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS)) {
		// The cache is shared and may only be read. The rows in it suffice: the later stages find them
		// there, and the summary tells where the images are now.
		sum.Kept = r.kept
		return sum, nil
	}
	return sum, err
}
