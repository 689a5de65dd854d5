package stage

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/premix/premix/io/blob"
)

// Reach lists what the workers of a cluster check before they start hours of work: do they see the places that
// the launcher sees? A path may exist on one host only, and credentials for a bucket may be missing on another.
// The launcher writes a marker to each place that the job writes to. Every worker process reads it back, and
// writes its own, before its first piece of work.
type Reach struct {
	Host    string   // where the launcher runs
	Markers []Marker // objects that the launcher wrote
	Inputs  []string // local folders and files that the launcher read
	// Records are objects in the outputs that say that the job works on them. They are removed with the
	// markers.
	Records []string
	// Detached says that the launcher may have ended before the job does. Then the job itself removes a
	// temporary cache.
	Detached bool
}

// A Marker is an object in a place that Flag names on the command line.
type Marker struct{ Flag, Place, URI string }

const (
	markerPrefix = ".reach-"
	// markerAge is the age from which a marker counts as left by a launcher that was killed.
	markerAge = 30 * 24 * time.Hour
)

// AddMarker adds a place that workers write to, which the command line calls by flag. folder is
// a folder in it that may hold the marker.
func (r *Reach) AddMarker(flag, place, folder, runID string) {
	r.Markers = append(r.Markers, Marker{flag, place, blob.Join(folder, markerPrefix+runID)})
}

// PlaceMarkers writes the markers of a job.
func PlaceMarkers(ctx context.Context, job *Job) error {
	for _, m := range job.Reach.Markers {
		if err := blob.WriteFile(ctx, m.URI, []byte(job.RunID)); err != nil {
			return err
		}
	}
	return nil
}

// RemoveMarkers removes the records and markers of a job, the markers of its workers, and old markers
// of other jobs.
func RemoveMarkers(ctx context.Context, job *Job) error {
	var errs []error
	for _, uri := range job.Reach.Records {
		if err := blob.Remove(ctx, uri); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	for _, m := range job.Reach.Markers {
		folder := strings.TrimSuffix(m.URI, "/"+blob.Base(m.URI))
		link, err := blob.LinkBelow(m.Place, folder)
		errs = append(errs, err)
		list, err := blob.List(ctx, folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		errs = append(errs, err)
		for _, o := range list {
			name := blob.Base(o.URI)
			mine := strings.HasPrefix(name, blob.Base(m.URI))
			// Below a link, only what this job made is its own.
			if mine || link == "" && strings.HasPrefix(name, markerPrefix) && time.Since(o.ModTime) > markerAge {
				if err := blob.Remove(ctx, o.URI); err != nil && !errors.Is(err, fs.ErrNotExist) {
					errs = append(errs, err)
				}
			}
		}
	}
	return errors.Join(errs...)
}

// reached holds the runs whose places this process has seen.
var reached sync.Map

// Reachable returns a refusal if this process does not see what the launcher saw. A process looks once.
func Reachable(ctx context.Context, job *Job) error {
	if len(job.Reach.Markers) == 0 && len(job.Reach.Inputs) == 0 {
		return nil
	}
	if _, ok := reached.Load(job.RunID); ok {
		return nil
	}
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	for _, in := range job.Reach.Inputs {
		if _, err := blob.Stat(ctx, in); errors.Is(err, fs.ErrNotExist) {
			return refuse(CodeUsage, "--in %s exists on %s, where premix was started, but not on %s, where a worker runs: give a URL, or a mount that all hosts share", in, job.Reach.Host, host)
		} else if err != nil {
			return unreachable("--in", in, host, err)
		}
	}
	for _, m := range job.Reach.Markers {
		if err := m.check(ctx, job, host); err != nil {
			return err
		}
	}
	reached.Store(job.RunID, true)
	return nil
}

// check reads a marker back, and writes and removes another one next to it.
func (m Marker) check(ctx context.Context, job *Job, host string) error {
	text, err := blob.ReadAll(ctx, m.URI, 1<<10)
	switch {
	case errors.Is(err, fs.ErrNotExist) && job.claimed(ctx):
		return nil // the job has ended, removed its markers, and runs again
	case errors.Is(err, fs.ErrNotExist), err == nil && string(text) != job.RunID:
		return refuse(CodeUsage, "%s %s: premix wrote a file there on %s, and the worker on %s does not see it: give a URL, or a mount that all hosts share", m.Flag, m.Place, job.Reach.Host, host)
	case err != nil:
		return unreachable(m.Flag, m.Place, host, err)
	}
	var r [8]byte
	rand.Read(r[:])
	own := m.URI + "-" + hex.EncodeToString(r[:])
	if err := blob.WriteFile(ctx, own, []byte(job.RunID)); err != nil {
		return unreachable(m.Flag, m.Place, host, err)
	}
	if err := blob.Remove(ctx, own); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unreachable(m.Flag, m.Place, host, err)
	}
	return nil
}

// claimed says whether the gate of this job has claimed all outputs.
func (j *Job) claimed(ctx context.Context) bool {
	for i := range j.Outputs {
		if run, err := RunOf(ctx, j.Outputs[i].Dir, j.Split); err != nil || run != j.RunID {
			return false
		}
	}
	return len(j.Outputs) > 0
}

// unreachable is a refusal if another try is useless, and otherwise the error itself.
func unreachable(flag, place, host string, err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, blob.ErrNoBucket) {
		return refuse(CodeUsage, "%s %s: the worker on %s cannot use it: %v", flag, place, host, err)
	}
	return fmt.Errorf("%s %s: checked by the worker on %s: %w", flag, place, host, err)
}
