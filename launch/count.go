package launch

import (
	"context"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/transforms/stage"
)

// A Count says how far a job on a cluster is, by what it has written: the counters of its workers are
// not seen until it ends.
type Count struct {
	Chunks, Shards, PlannedShards int64
	// About says that Shards is an estimate.
	About bool
}

const (
	// maxListed is how many shards a job may have for their records to be listed: five requests to a store.
	maxListed = 5000
	// sampled is how many shards of a larger job are asked for, at two requests for each that is not there. To
	// list a million records would take a thousand, and hundreds of megabytes.
	sampled = 250
	// asked is how many of them are asked for at once.
	asked = 16
)

// A Counter looks at the cache and the output of a job on a cluster again and again. What cannot be read now
// is as it was at the last look. It must not be used concurrently.
type Counter struct {
	job    *Job
	last   Count
	sample []shardID // of a larger job: those whose record was not there yet
}

type shardID struct {
	replica int
	shard   int64
}

// Counter returns the counter of the job.
func (j *Job) Counter() *Counter { return &Counter{job: j} }

// Count looks once.
func (c *Counter) Count(ctx context.Context) Count {
	j := c.job
	if c.last.PlannedShards == 0 {
		if n, ok := countFiles(ctx, blob.Join(j.Description.Cache.URI, j.Description.Cache.Fingerprint), func(name string) bool {
			return strings.HasSuffix(name, ".parquet")
		}); ok {
			c.last.Chunks = n
		}
		if j.Options.PeaksOnly || !c.planned(ctx) {
			return c.last
		}
	}
	if c.last.About {
		c.ask(ctx)
		return c.last
	}
	if n, ok := j.shards(ctx, j.Config.OutputDirs()[0]); ok {
		c.last.Shards = n
	}
	return c.last
}

// shards counts the shards of the job that an output has, by the names of their records. ok is false if they cannot
// be listed now.
func (j *Job) shards(ctx context.Context, dir string) (n int64, ok bool) {
	return countFiles(ctx, dataset.Meta(dir, j.Config.Split, dataset.ShardsDir), func(name string) bool {
		replica, ok := dataset.RecordReplica(name)
		return ok && slices.Contains(j.Description.Replicas, replica)
	})
}

// countFiles counts files of a folder by their names. ok is false if it cannot be listed now.
func countFiles(ctx context.Context, dir string, want func(name string) bool) (n int64, ok bool) {
	list, err := blob.List(ctx, dir)
	for _, o := range list {
		if want(blob.Base(o.URI)) {
			n++
		}
	}
	return n, err == nil
}

// planned says whether the run has planned its shards, and learns how many they are.
func (c *Counter) planned(ctx context.Context) bool {
	j := c.job
	dir := j.Config.OutputDirs()[0]
	if id, err := stage.RunOf(ctx, dir, j.Config.Split); err != nil || id != j.Description.RunID {
		return false
	}
	config, err := dataset.LoadConfig(ctx, dir, j.Config.Split)
	if err != nil {
		return false
	}
	shards := config.Shape.Shards
	all := shards * int64(len(j.Description.Replicas))
	if c.last.PlannedShards = all; all > maxListed {
		c.last.About = true
		for i := range int64(sampled) {
			at := i * all / sampled // over all replicas, evenly
			c.sample = append(c.sample, shardID{j.Description.Replicas[at/shards], at % shards})
		}
	}
	return true
}

// ask looks for the records of the sample that were not there yet. One that cannot be asked for now is asked
// for again.
func (c *Counter) ask(ctx context.Context) {
	j := c.job
	dir := j.Config.OutputDirs()[0]
	var mu sync.Mutex
	var missing []shardID
	var g errgroup.Group
	g.SetLimit(asked)
	for _, s := range c.sample {
		g.Go(func() error {
			_, err := blob.Stat(ctx, dataset.Meta(dir, j.Config.Split, dataset.ShardsDir, dataset.RecordName(s.replica, s.shard)))
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				missing = append(missing, s)
			}
			return nil
		})
	}
	_ = g.Wait() // its functions return no error
	c.sample = missing
	c.last.Shards = (sampled - int64(len(missing))) * c.last.PlannedShards / sampled
}
