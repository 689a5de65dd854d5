package launch

import (
	"context"
	"fmt"
	"math"
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
	// About says that Shards is an estimate, or Chunks where PlannedShards is 0.
	About bool
}

const (
	// maxListed is how many shards a job may have for their records to be listed, some five requests to a store, and how
	// many names of a cache in a store are looked at.
	maxListed = 5000
	// page is how many names a store lists for a request.
	page = 1000
	// sampled is how many shards of a larger job are asked for, at two requests for each that is not there. To
	// list a million records would take a thousand, and hundreds of megabytes.
	sampled = 250
	// asked is how many of them are asked for at once.
	asked = 16
)

// A Counter looks at the cache and the output of a job on a cluster again and again. What cannot be read now
// is as it was at the last look. It must not be used concurrently.
type Counter struct {
	job      *Job
	last     Count
	prefixes []string  // of records that are listed
	digits   string    // with which the names of the cache begin that are looked at: it has more than maxListed without them
	sample   []shardID // of a larger job: those whose record was not there yet
}

type shardID struct {
	dir     string
	replica int
	shard   int64
}

// Counter returns the counter of the job.
func (j *Job) Counter() *Counter { return &Counter{job: j} }

// Count looks once.
func (c *Counter) Count(ctx context.Context) Count {
	j := c.job
	if c.last.PlannedShards == 0 {
		c.chunks(ctx)
		if j.Options.PeaksOnly || !c.planned(ctx) {
			return c.last
		}
	}
	if c.last.About {
		c.ask(ctx)
		return c.last
	}
	shards := int64(0)
	for _, dir := range c.dirs() {
		for _, prefix := range c.prefixes {
			n, _, err := countNames(ctx, dataset.Meta(dir, j.Config.Split, dataset.ShardsDir), prefix, math.MaxInt64, func(name string) bool {
				replica, ok := dataset.RecordReplica(name)
				return ok && slices.Contains(j.Description.Replicas, replica)
			})
			if err != nil {
				return c.last
			}
			shards += n
		}
	}
	c.last.Shards = shards
	return c.last
}

// dirs are the folders of the outputs whose shards are counted: of several formats, that of the first.
func (c *Counter) dirs() (list []string) {
	for _, p := range c.job.Config.EachPart() {
		list = append(list, p.OutputDirs()[0])
	}
	return list
}

// chunks counts the files of the cache. Of more than maxListed in a store only those are looked at whose names begin with
// some digits, which are those of a hash.
func (c *Counter) chunks(ctx context.Context) {
	dir := blob.Join(c.job.Description.Cache.URI, c.job.Description.Cache.Fingerprint)
	most := int64(maxListed)
	if blob.IsLocal(dir) {
		most = math.MaxInt64 // a prefix saves nothing
	}
	for {
		n, more, err := countNames(ctx, dir, c.digits, most, func(name string) bool { return strings.HasSuffix(name, ".parquet") })
		if err != nil {
			return
		}
		if !more {
			n <<= 4 * len(c.digits)
			if c.last.About = c.digits != ""; c.last.About {
				n = max(n, c.last.Chunks) // an estimate does not go back
			}
			c.last.Chunks = n
			return
		}
		c.last.Chunks = max(n, c.last.Chunks)
		c.digits += "0"
	}
}

// countNames counts files of a folder by their names, of those that begin with a prefix. more says that there are more
// than most of these, and not all were looked at.
func countNames(ctx context.Context, dir, prefix string, most int64, want func(name string) bool) (n int64, more bool, err error) {
	seen := int64(0)
	for name, err := range blob.NamesWith(ctx, dir, prefix) {
		if err != nil {
			return 0, false, err
		}
		if seen++; seen > most {
			return n, true, nil
		}
		if want(name) {
			n++
		}
	}
	return n, false, nil
}

// recordPrefixes returns what the names of the records of some replicas begin with, in as few requests as may be: each
// prefix takes one for each thousand records, those of other replicas included. Of a folder one prefix is enough.
func recordPrefixes(replicas []int, shards int64, local bool) (best []string) {
	fewest := int64(math.MaxInt64)
	for digits := range replicaDigits + 1 {
		of := int(math.Pow10(replicaDigits - digits)) // replicas with a prefix
		var list []string
		for _, replica := range replicas {
			prefix := fmt.Sprintf("r%03d-", replica)
			if digits < replicaDigits {
				prefix = prefix[:1+digits]
			}
			if !slices.Contains(list, prefix) {
				list = append(list, prefix)
			}
		}
		requests := int64(len(list)) * (int64(of)*shards/page + 1)
		if requests <= fewest {
			best, fewest = list, requests
		}
		if local {
			break
		}
	}
	return best
}

// replicaDigits is the number of digits of a replica in a name: 999 is the largest.
const replicaDigits = 3

// planned says whether the run has planned its shards, and learns how many they are.
func (c *Counter) planned(ctx context.Context) bool {
	j := c.job
	dirs := c.dirs()
	dir := dirs[len(dirs)-1] // which is planned last
	if id, err := stage.RunOf(ctx, dir, j.Config.Split); err != nil || id != j.Description.RunID {
		return false
	}
	config, err := dataset.LoadConfig(ctx, dir, j.Config.Split)
	if err != nil {
		return false
	}
	shards := config.Shape.Shards
	each := shards * int64(len(j.Description.Replicas))
	all := each * int64(len(dirs))
	c.prefixes = recordPrefixes(j.Description.Replicas, shards, blob.IsLocal(dir))
	c.last.About = false
	if c.last.PlannedShards = all; all > maxListed {
		c.last.About = true
		for i := range int64(sampled) {
			at := i * all / sampled // over all outputs and replicas, evenly
			c.sample = append(c.sample, shardID{dirs[at/each], j.Description.Replicas[at%each/shards], at % shards})
		}
	}
	return true
}

// ask looks for the records of the sample that were not there yet. One that cannot be asked for now is asked
// for again.
func (c *Counter) ask(ctx context.Context) {
	j := c.job
	var mu sync.Mutex
	var missing []shardID
	var g errgroup.Group
	g.SetLimit(asked)
	for _, s := range c.sample {
		g.Go(func() error {
			_, err := blob.Stat(ctx, dataset.Meta(s.dir, j.Config.Split, dataset.ShardsDir, dataset.RecordName(s.replica, s.shard)))
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
