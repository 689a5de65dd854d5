package stage

import (
	"encoding/json"
	"slices"
	"sync"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/buildid"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/peakfile"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/sample"
)

// A Job is all that a worker needs to know. It travels inside the DoFns encoded with gob, which
// drops unexported fields, so every field is exported.
type Job struct {
	Build buildid.ID // that its workers must be; zero: the launcher's own process
	sample.Params
	Source   source.Options
	Catalog  CatalogInfo
	External *peakfile.Info // peaks from a file, instead of a detector

	PlanOnly bool    // write plans, and no pixels
	Replay   *Replay // make shards from plans

	Split           string
	Replicas        []int
	ZeroNumbered    bool  // names of replica 0 have its number, as those of all others do
	Shards          int64 // 0: chosen from the number and bytes of images
	SamplesPerShard int64
	Groups          int64 // of a replica; 0: chosen from the number of images and replicas
	Rounds          int64 // that the pipeline was built for; the plan may use fewer
	Limit           int64
	LimitPerClass   int64
	Finders         []Finder  // detectors beside the job's own, for variants
	Variants        []Variant // that samples are made in; none: one, with Params
	Outputs         []Output
	Above           string // the folder above the outputs; empty: there is one output, and it is what --out names

	Cache     CacheInfo
	Crops     CropsInfo
	Spool     SpoolInfo
	Slots     int   // places of a cluster that work at once; 0: a local runner
	Reach     Reach // what workers of a cluster must see
	Locks     []HeldLock
	Workers   int   // images worked on at once in this process; 0: one a core
	MaxMemory int64 // bytes of files, pixels, crops and samples in work in this process; 0: 1 GiB
	OnBad     string
	MaxBad    float64
	Overwrite bool
	Recheck   bool   // compare the content of shards that are there with their records
	RunID     string // of one start of the job: an overwrite happens once for it
	Indexes   Indexes
	Inputs    json.RawMessage
	Run       json.RawMessage
}

// CatalogInfo is what the launcher learned when it listed the inputs.
type CatalogInfo struct {
	Classes    []string // of the output; nil: known only after the scan
	Own        []string // what indexes in the input refer to; nil: unknown
	Choice     bool     // Classes was given: images of other classes are left out
	ListOf     string   // the split of the output whose list Classes is: other classes are refused
	OffsetSaid bool     // the user has said from where labels count
	ByName     bool     // the names of folders say which classes have images
	Ignored    int64
	Failures   []premix.Failure
}

// CacheInfo says where peaks are kept.
type CacheInfo struct {
	URI         string
	Fingerprint string
	Settings    []byte // content of fingerprint.json
	Temporary   bool   // removed after the run
}

// SpoolInfo says how the mix stage gets pixels back.
type SpoolInfo struct {
	Mode string // ref, bytes, pixels or crops
	URI  string // folder of the copies; empty under ref
}

// An Output is one folder of one format.
type Output struct {
	Dir         string
	Format      string
	Spec        shard.Spec // of replica 0; Shards and Classes are filled in from the plan
	Recipe      json.RawMessage
	Fingerprint string
	Part        int             // of the configuration: outputs of one part have the same samples
	Variant     int             // of the job, that makes the samples
	Listing     string          // of the inputs, by the launcher, as [dataset.Inputs] has it
	Run         json.RawMessage // run.json; nil: that of the job
	Versions    map[string]string
}

// Indexes says which index files beside the shards a job writes.
type Indexes struct{ DALI, WIDS, Timm bool }

// names lists them as dataset.FinishParams wants it.
func (x Indexes) names() []string {
	names := []string{}
	for _, n := range []struct {
		name string
		want bool
	}{{"dali", x.DALI}, {"timm", x.Timm}, {"wids", x.WIDS}} {
		if n.want {
			names = append(names, n.name)
		}
	}
	return names
}

// cropReplicas are the replicas whose crops differ: all of the job's under a random geometry,
// only number 0 where every replica has the same crop.
func (j *Job) cropReplicas() []int {
	if j.Geometry.Random() {
		return j.Replicas
	}
	return []int{0}
}

// cropBytes is the size of a crop's pixels.
func (j *Job) cropBytes() int { return 3 * j.Geometry.Size.H * j.Geometry.Size.W }

// stores are those of the jobs that this process works for.
var stores struct {
	sync.Mutex
	of map[storeKey]*cache.Store
}

type storeKey struct{ run, uri, fingerprint string }

// Store is the cache of the job. All stages in a process share it, so that it is listed once.
func (j *Job) Store() *cache.Store {
	return storeOf(storeKey{j.RunID, j.Cache.URI, j.Cache.Fingerprint}, j.Cache.Settings)
}

func storeOf(key storeKey, settings []byte) *cache.Store {
	stores.Lock()
	defer stores.Unlock()
	s := stores.of[key]
	if s == nil {
		if len(stores.of) == maxStores || stores.of == nil {
			stores.of = map[storeKey]*cache.Store{}
		}
		s = cache.Open(key.uri, key.fingerprint, settings)
		stores.of[key] = s
	}
	return s
}

// maxStores bounds the listings that a worker process keeps which serves one job after the other.
const maxStores = 16

// spec completes the Spec of an output with what the plan decided.
func (o *Output) spec(job *Job, g *Global, replica int) shard.Spec {
	s := o.Spec
	s.Shards, s.Classes, s.Replica = g.Shards, g.Classes, -1
	if job.numbered(replica) {
		s.Replica = replica
	}
	return s
}

// numbered reports whether names of a replica have its number.
func (j *Job) numbered(replica int) bool { return replica > 0 || j.ZeroNumbered }

// StopsEarly says whether --limit or --limit-per-class can end the reading of the input before its
// end. Where classes are known only after the scan, none of them is known to be full.
func (j *Job) StopsEarly() bool {
	return j.Limit > 0 && j.LimitPerClass == 0 || j.LimitPerClass > 0 && j.Catalog.Classes != nil
}

// AssertValid returns an error that names an invariant of the job that does not hold.
func (j *Job) AssertValid() error {
	replicas := slices.Compact(slices.Sorted(slices.Values(j.Replicas)))
	switch {
	case len(replicas) == 0 || replicas[0] < 0 || !slices.Equal(replicas, j.Replicas):
		return defect("the replicas of the job are %v, which are not ascending numbers", j.Replicas)
	case min(j.Shards, j.SamplesPerShard, j.Groups, j.Limit, j.LimitPerClass, int64(j.Slots)) < 0:
		return defect("the job has a negative number: shards %d, samples per shard %d, groups %d, limits %d and %d, slots %d",
			j.Shards, j.SamplesPerShard, j.Groups, j.Limit, j.LimitPerClass, j.Slots)
	case j.Shards > 0 && j.SamplesPerShard > 0:
		return defect("the job has both %d shards and %d samples per shard", j.Shards, j.SamplesPerShard)
	case j.Rounds < 1:
		return defect("the job was built for %d rounds", j.Rounds)
	case j.PlanOnly && j.Replay != nil:
		return defect("the job writes a plan only, of a plan that exists")
	case j.Spool.Mode == SpoolPixels && j.Spool.URI == "":
		return defect("the job keeps pixels in a spool that has no place")
	}
	for i, v := range j.variants() {
		if v.Finder < 0 || v.Finder > len(j.Finders) {
			return defect("variant %d of the job has detector %d of %d", i, v.Finder, len(j.Finders)+1)
		}
	}
	dirs := map[string]bool{}
	for i := range j.Outputs {
		o := &j.Outputs[i]
		if _, err := formats.ByName(o.Format); err != nil {
			return defect("output %d of the job: %v", i, err)
		}
		if o.Part < 0 || o.Variant < 0 || o.Variant >= len(j.variants()) {
			return defect("output %d of the job is of part %d and variant %d of %d", i, o.Part, o.Variant, len(j.variants()))
		}
		if dirs[o.Dir] {
			return defect("two outputs of the job are in %s", o.Dir)
		}
		dirs[o.Dir] = true
	}
	return nil
}
