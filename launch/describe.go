package launch

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
)

// describe makes the job, with the description that its workers get.
func describe(ctx context.Context, f *found) (*Job, error) {
	c := &f.config
	runID := NewRunID()
	cacheURI, temporary, err := cachePlace(c, f.options.PeaksOnly, runID)
	if err != nil {
		return nil, err
	}
	run, err := runInfo(c, f.options.Command, f.start)
	if err != nil {
		return nil, err
	}
	var runs []json.RawMessage
	for _, p := range c.Parts {
		r, err := runInfo(p, f.options.Command, f.start)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	spool := "" // the place for copies for the mix stage
	if !f.options.PeaksOnly {
		if spool, err = scratch(c, spoolName(c), runID); err != nil {
			return nil, err
		}
	}
	begin := pipeline.Start{
		Catalog: f.catalog, ClassesOf: f.classesOf, Versions: map[string]string{"premix": Version}, RunID: runID, Run: run, Runs: runs,
		CacheURI: cacheURI, TemporaryCache: temporary, SpoolURI: spool, SpoolMode: stage.SpoolRef, Slots: f.cluster.Slots,
	}
	d, err := c.Job(begin)
	if err != nil {
		return nil, err
	}
	d.Build = f.workers
	j := &Job{Config: c, Catalog: f.catalog, Description: d, Start: f.start, Options: f.options, begin: begin, cluster: f.cluster}
	return j, j.checkSplits(ctx)
}

// checkSplits compares the shape of this split with those of the others in each output, as far as
// it is known before the peaks.
func (j *Job) checkSplits(ctx context.Context) error {
	if j.Options.PeaksOnly || j.Catalog.Classes == nil {
		return nil
	}
	for _, o := range j.Description.Outputs {
		format, err := formats.ByName(o.Format)
		if err != nil {
			return err
		}
		o.Spec.Classes = j.Catalog.Classes
		if err := dataset.Agree(ctx, o.Dir, format, o.Spec); err != nil {
			return err
		}
	}
	return nil
}

// cachePlace is where peaks are kept.
func cachePlace(c *pipeline.Config, peaksOnly bool, runID string) (uri string, temporary bool, err error) {
	place := c.Cache
	if c.Plan != "" {
		place = pipeline.NoCache
	}
	switch place {
	case pipeline.NoCache:
		if peaksOnly {
			return "", false, usagef("--cache none with premix peaks, which only fills the cache: leave it out")
		}
		uri, err := scratch(c, ownCacheName(c), runID)
		return uri, true, err
	case "":
		dir, err := cache.DefaultDir()
		if err != nil {
			return "", false, usagef("%v, or --cache none", err)
		}
		return dir, false, nil
	}
	return place, false, nil
}

// ownCacheName is the name of the cache of an output whose peaks are kept nowhere else.
func ownCacheName(c *pipeline.Config) string { return ".peaks-" + c.Split }

// spoolName is the name of the folder of copies of pixels.
func spoolName(c *pipeline.Config) string { return ".spool-" + c.Split }

// scratch is the place of a folder that a run makes in its output and removes at its end. A later run
// finds it by its name. Where the way to it leads over a symbolic link, or something else has the name, it
// is a new folder of this run alone, so that nothing is removed that someone else has put there.
func scratch(c *pipeline.Config, name, runID string) (string, error) {
	uri := blob.Join(c.Out, dataset.MetaDir, name)
	link, err := blob.LinkBelow(c.Out, uri)
	if err != nil || !blob.IsLocal(c.Out) {
		return uri, err
	}
	fi, err := os.Lstat(uri)
	if link != "" || err == nil && !fi.IsDir() {
		return uri + "-" + runID, nil
	}
	return uri, nil
}

// isOwn reports whether a place is a folder of one run alone.
func isOwn(uri, runID string) bool { return strings.HasSuffix(uri, "-"+runID) }

// runInfo is run.json: when, where and how this run was started. Secrets of the command line are left out.
func runInfo(c *pipeline.Config, command []string, start time.Time) (json.RawMessage, error) {
	host, _ := os.Hostname()
	execution := map[string]any{}
	for _, o := range pipeline.Options(c) {
		if o.Scope == pipeline.Execution {
			execution[o.Name] = blob.Redact(o.Value.String())
		}
	}
	info := map[string]any{
		"started": start.UTC().Format(time.RFC3339), "host": host, "command": WithoutSecrets(command), "version": VersionText(),
		"cpus": runtime.NumCPU(), "execution": execution,
	}
	if c.Variant != "" {
		info["variant"] = c.Variant
	}
	return json.MarshalIndent(info, "", "  ")
}

// NewRunID is a random name for a run.
func NewRunID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// jobName is the name of the job on a cluster: the same for every start on one output, so that
// Dataflow, which takes one job of a name at a time, refuses a second one.
func jobName(c *pipeline.Config) string {
	place := sha256.Sum256([]byte(c.Out + "\n" + c.Cache + "\n" + c.Split))
	return "premix-" + strings.ReplaceAll(c.Name+"-"+c.Split, "_", "-") + "-" + hex.EncodeToString(place[:4])
}
