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
	cacheURI, temporary, err := cachePlace(c, f.options.PeaksOnly)
	if err != nil {
		return nil, err
	}
	run, err := runInfo(c, f.options.Command, f.start)
	if err != nil {
		return nil, err
	}
	spool := "" // the place for copies for the mix stage
	if !f.options.PeaksOnly {
		spool = blob.Join(c.Out, dataset.MetaDir, ".spool-"+c.Split)
	}
	d, err := c.Job(pipeline.Start{
		Catalog: f.catalog, ClassesOf: f.classesOf, Versions: map[string]string{"premix": Version}, RunID: NewRunID(), Run: run,
		CacheURI: cacheURI, TemporaryCache: temporary, SpoolURI: spool, SpoolMode: stage.SpoolRef, Slots: f.cluster.Slots,
	})
	if err != nil {
		return nil, err
	}
	j := &Job{Config: c, Catalog: f.catalog, Description: d, Start: f.start, Options: f.options, cluster: f.cluster}
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
func cachePlace(c *pipeline.Config, peaksOnly bool) (uri string, temporary bool, err error) {
	place := c.Cache
	if c.Plan != "" {
		place = pipeline.NoCache
	}
	switch place {
	case pipeline.NoCache:
		if peaksOnly {
			return "", false, usagef("premix peaks fills a cache; --cache none makes no sense")
		}
		return ownCache(c), true, nil
	case "":
		dir, err := cache.DefaultDir()
		if err != nil {
			return "", false, usagef("%v, or --cache none", err)
		}
		return dir, false, nil
	}
	return place, false, nil
}

// ownCache is the cache of an output whose peaks are kept nowhere else.
func ownCache(c *pipeline.Config) string {
	return blob.Join(c.Out, dataset.MetaDir, ".peaks-"+c.Split)
}

// runInfo is run.json: when, where and how this run was started.
func runInfo(c *pipeline.Config, command []string, start time.Time) (json.RawMessage, error) {
	host, _ := os.Hostname()
	execution := map[string]any{}
	for _, o := range pipeline.Options(c) {
		if o.Scope == pipeline.Execution {
			execution[o.Name] = o.Value.String()
		}
	}
	return json.MarshalIndent(map[string]any{
		"started": start.UTC().Format(time.RFC3339), "host": host, "command": command, "version": VersionText(),
		"cpus": runtime.NumCPU(), "execution": execution,
	}, "", "  ")
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
