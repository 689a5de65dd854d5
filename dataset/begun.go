package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/premix/premix/internal/osfile"
	"github.com/premix/premix/io/blob"
)

// Names in OUT/__premix__ of what keeps other runs out of an output.
const (
	LockFile        = ".lock"  // on a local disk: a file that the run has locked
	StoreLockPrefix = ".lock-" // in a store: an object of each run, written again every minute
	JobPrefix       = ".job-"  // the record of a job on a cluster
)

// StoreLockStale is the age from which the lock of a run in a store counts as left behind.
const StoreLockStale = 5 * time.Minute

// Begun reports whether some run has begun to write to an output: the folder of the description is there,
// if only with the lock of a run that was killed.
func Begun(ctx context.Context, out string) (bool, error) {
	o, err := blob.Stat(ctx, blob.Join(out, MetaDir))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("dataset: %w", err)
	}
	return o.Dir, nil
}

// A Holder says which run works on an output. The zero value means that none does.
type Holder struct {
	Run string // the process, as its lock names it
	Job string // the job on a cluster, as its record names it
}

func (h Holder) String() string {
	switch {
	case h.Run != "":
		return fmt.Sprintf("a run works on it (%s)", h.Run)
	case h.Job != "":
		return fmt.Sprintf("a job on a cluster works on it, unless it was cancelled (%s)", h.Job)
	}
	return "no run works on it"
}

// remedy is what a user can do to complete an output.
func (h Holder) remedy() string {
	switch {
	case h.Run != "":
		return "wait for its end"
	case h.Job != "":
		return "wait for its end, or run the same command again with --break-lock"
	}
	return "run the same command again to continue"
}

// LookHolder looks which run works on an output. It changes nothing.
func LookHolder(ctx context.Context, out string) (Holder, error) {
	var h Holder
	objects, err := blob.List(ctx, blob.Join(out, MetaDir))
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return h, fmt.Errorf("dataset: %w", err)
	}
	for _, o := range objects {
		name := blob.Base(o.URI)
		switch {
		case o.Dir || o.Special != "":
		case name == LockFile && blob.IsLocal(out):
			h.Run = holderOf(o.URI)
		case strings.HasPrefix(name, StoreLockPrefix) && !blob.IsLocal(out) && time.Since(o.ModTime) < StoreLockStale:
			h.Run = firstLine(ctx, o.URI)
		case strings.HasPrefix(name, JobPrefix):
			h.Job = firstLine(ctx, o.URI)
		}
	}
	return h, nil
}

// holderOf is the text of a lock file that a process has locked, empty if none has. The lock that is asked
// for is shared and given back at once.
func holderOf(uri string) string {
	path, err := blob.Abs(uri)
	if err != nil {
		return ""
	}
	f, err := osfile.Open(path, os.O_RDONLY|osfile.NoFollow|osfile.NonBlock, 0)
	if err != nil {
		return ""
	}
	defer f.Close()
	if locked, err := osfile.TryLock(f, true); locked || err != nil {
		return ""
	}
	text := make([]byte, 1<<10)
	n, _ := f.Read(text)
	return lineOf(text[:n])
}

// firstLine is the text of a lock or record. Where it cannot be read, its name has to do.
func firstLine(ctx context.Context, uri string) string {
	text, err := blob.ReadAll(ctx, uri, 1<<12)
	if err != nil {
		return blob.Base(uri)
	}
	return lineOf(text)
}

func lineOf(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if line == "" {
		return "it does not say which"
	}
	return line
}

// A Progress says how far a split is that has no manifest.
type Progress struct {
	Planned bool  // recipe and number of shards are decided
	Shards  int64 // with a record
	Plans   int64 // plan files
	Of      int64 // shards of all replicas that were begun; 0 if that is not known
	Holder  Holder
}

// LookProgress says how far a split is. It lists its files, and reads only config.json and inputs.json.
func LookProgress(ctx context.Context, out, split string) (Progress, error) {
	var p Progress
	var err error
	if p.Holder, err = LookHolder(ctx, out); err != nil {
		return p, err
	}
	config, err := LoadConfig(ctx, out, split)
	if err != nil && Environment(err) {
		return p, err
	}
	p.Planned = !errors.Is(err, fs.ErrNotExist) // a damaged one was written too
	if config != nil {
		inputs, err := LoadInputs(ctx, out, split)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !Damaged(err) {
			return p, fmt.Errorf("dataset: %w", err)
		}
		p.Of = config.Shape.Shards * int64(len(inputs.Replicas))
	}
	for folder, n := range map[string]*int64{ShardsDir: &p.Shards, PlanDir: &p.Plans} {
		objects, err := blob.List(ctx, Meta(out, split, folder))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return p, fmt.Errorf("dataset: %w", err)
		}
		for _, o := range objects {
			name := blob.Base(o.URI)
			if !o.Dir && (folder == ShardsDir && recordName.MatchString(name) || folder == PlanDir && strings.HasSuffix(name, ".parquet")) {
				*n++
			}
		}
	}
	return p, nil
}

// String says it in a clause that follows the name of what is unfinished, with what to do.
func (p Progress) String() string {
	far := "its recipe is not decided yet"
	if p.Planned {
		far = "no shard is done"
		if p.Shards > 0 || p.Of > 0 {
			far = fmt.Sprintf("%d%s are done", p.Shards, ofShards(p.Of))
		}
		if p.Shards == 0 && p.Plans > 0 { // of a run with --plan-only
			far += fmt.Sprintf(", %d are planned", p.Plans)
		}
	}
	return fmt.Sprintf("not finished: %s, and %s: %s", far, p.Holder, p.Holder.remedy())
}

func ofShards(of int64) string {
	if of == 0 {
		return " shards"
	}
	return fmt.Sprintf(" of %d shards", of)
}

// BegunText says what is known of an output that a run began and in which it has planned nothing.
func BegunText(h Holder) string {
	return fmt.Sprintf("a run began it and has mixed nothing yet, and %s: %s", h, h.remedy())
}
