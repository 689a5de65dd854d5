package stage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
)

// The ways in which the mix stage gets pixels back.
const (
	SpoolRef    = "ref"    // the entry is read again where it is
	SpoolBytes  = "bytes"  // a copy of the entry, for containers without random access
	SpoolPixels = "pixels" // the crop itself, so that every image is decoded once
)

// spoolMode is how the pixels of a chunk come back.
func spoolMode(job *Job, seekable bool) string {
	switch {
	case job.Spool.URI == "", job.PlanOnly: // no pixels are wanted
		return SpoolRef
	case job.Spool.Mode == SpoolCrops:
		return SpoolCrops
	case job.Spool.Mode == SpoolPixels:
		return SpoolPixels
	case job.Spool.Mode == SpoolBytes, !seekable:
		return SpoolBytes
	}
	return SpoolRef
}

// CopyKey names what a chunk held when its copy was made: a copy that an interrupted run left is
// used only where the input is still the same.
func CopyKey(id, stamp string) string { return id + "-" + stamp }

// CopyName is the name of the copy of a chunk, for its key. Crops depend on the peaks' fingerprint
// and on the replicas, so they are part of it.
func CopyName(job *Job, key, mode string) string {
	if mode == SpoolPixels || job.External != nil {
		r := job.cropReplicas() // a file of peaks may fail an image in one replica alone
		return fmt.Sprintf("%s-%s-r%d-%d.%s", job.Cache.Fingerprint, key, r[0], r[len(r)-1], mode)
	}
	return fmt.Sprintf("%s-%s.%s", job.Cache.Fingerprint, key, mode)
}

func spoolPath(job *Job, id, stamp, mode string) string {
	return blob.Join(job.Spool.URI, CopyName(job, CopyKey(id, stamp), mode))
}

// spoolReady reports whether the copy of a chunk that the mix stage will need exists. Of kept crops that is another question:
// see cropsLacking.
func spoolReady(ctx context.Context, job *Job, c source.Chunk) (bool, error) {
	mode := spoolMode(job, c.Seekable())
	if mode == SpoolRef || mode == SpoolCrops {
		return true, nil
	}
	path := spoolPath(job, c.ID, c.Stamp, mode)
	if k := keptAt(path); k != nil {
		k.done()
		return true, nil
	}
	_, err := blob.Stat(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// A spool collects the copies of a chunk while it is read: those of its good entries, in their
// order, without gaps, so that an entry's place follows from the sizes of those before it.
// Entries may finish in any order; their memory is given back when they are written.
type spool struct {
	w       blob.Writer
	crops   *cache.CropWriter // instead of w, where crops are kept
	left    int64             // that the crops may take
	full    func() error      // what is said where they take more
	content string            // of the chunk, when crops end
	mu      sync.Mutex
	pending map[int]spooled
	next    int
	err     error
}

type spooled struct {
	of      *premix.Sample
	data    []byte
	release func()
}

// newSpool begins the copy of a chunk, whose crops are made in some replicas. It returns nil if no copy is needed or it exists
// already.
func newSpool(ctx context.Context, job *Job, c source.Chunk, replicas []int) (*spool, error) {
	if spoolMode(job, c.Seekable()) == SpoolCrops {
		w, left, err := writeKept(ctx, job, c, replicas)
		if err != nil {
			return nil, err
		}
		full := func() error { return noRoom(job, c.Container.Name) }
		return &spool{crops: w, left: left, full: full, pending: map[int]spooled{}}, nil
	}
	ready, err := spoolReady(ctx, job, c)
	if err != nil || ready {
		return nil, err
	}
	mode := spoolMode(job, c.Seekable())
	path := spoolPath(job, c.ID, c.Stamp, mode)
	if mode == SpoolPixels && job.Slots == 0 {
		p := poolFor(job.Workers, job.MaxMemory)
		return &spool{w: newKept(ctx, p, path, job.cropBytes()), pending: map[int]spooled{}}, nil
	}
	w, err := blob.Create(ctx, path)
	if err != nil {
		return nil, err
	}
	return &spool{w: w, pending: map[int]spooled{}}, nil
}

// put takes over the copy of an entry, of which a row is given, and which is empty for a bad one. The spool owns data from then on,
// and calls release once the data is written.
func (s *spool) put(entry int, of *premix.Sample, data []byte, release func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending[entry] = spooled{of, data, release}
	for {
		e, ok := s.pending[s.next]
		if !ok {
			return s.err
		}
		delete(s.pending, s.next)
		s.next++
		switch {
		case s.err != nil:
		case s.crops != nil:
			if s.err = s.crops.Add(e.of.Digest, e.of.Width, e.of.Height, e.data); s.err == nil && s.crops.Bytes() > s.left {
				s.err = s.full()
			}
		case len(e.data) > 0:
			_, s.err = s.w.Write(e.data)
		}
		e.release()
		putBuffer(e.data)
	}
}

// finish commits the copy, or removes what was written of it after an error.
func (s *spool) finish(ctx context.Context, err error) error {
	if s == nil {
		return err
	}
	for _, e := range s.pending {
		e.release()
	}
	if err == nil {
		err = s.err
	}
	switch {
	case err != nil && s.crops != nil:
		return errors.Join(err, s.crops.Abort())
	case err != nil:
		return errors.Join(err, s.w.Abort())
	case s.crops != nil:
		return s.crops.Commit(ctx, s.content)
	}
	return s.w.Commit()
}

// spoolSize is the number of bytes that the copy of an entry has.
func spoolSize(job *Job, mode string, s *premix.Sample) int64 {
	if mode == SpoolPixels || mode == SpoolCrops {
		return int64(len(job.cropReplicas()) * job.cropBytes())
	}
	return s.Location.Length
}

// removeSpool removes the copies of a finished job.
func removeSpool(ctx context.Context, job *Job) error {
	if job.Spool.URI == "" {
		return nil
	}
	ForgetCopies(job)
	return blob.RemoveAll(ctx, job.Spool.URI)
}

// Copies returns the names of the copies that an earlier run of the job left, whole ones only.
func Copies(ctx context.Context, job *Job) (map[string]bool, error) {
	names := map[string]bool{}
	if job.Spool.URI == "" {
		return names, nil
	}
	objects, err := blob.List(ctx, job.Spool.URI)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, o := range objects {
		names[blob.Base(o.URI)] = true
	}
	return names, nil
}

// SweepSpool removes the copies that the job does not use: those of other settings or replicas, and
// crops unless the spool mode is pixels.
func SweepSpool(ctx context.Context, job *Job) error {
	names, err := Copies(ctx, job)
	if err != nil {
		return err
	}
	for name := range names {
		if isCopy(job, name, SpoolBytes) || job.Spool.Mode == SpoolPixels && isCopy(job, name, SpoolPixels) {
			continue
		}
		if err := blob.Remove(ctx, blob.Join(job.Spool.URI, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// isCopy reports whether a name is that of the copy of some chunk in this job.
func isCopy(job *Job, name, mode string) bool {
	before, after, _ := strings.Cut(CopyName(job, "*", mode), "*")
	return strings.HasPrefix(name, before) && strings.HasSuffix(name, after)
}
