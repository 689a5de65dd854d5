// Package stage holds the work of the pipeline's stages as plain functions: the peaks of a chunk,
// the plan of a job, the mixing of a shard, the end of an output. The DoFns of package transforms
// decode their input, call one of these, and emit what it returns. Nothing here knows Beam.
//
// Every function may run again with the same arguments, on any machine, also while an earlier
// attempt is still running: what it writes is a pure function of the job and the input, and is
// committed atomically under a name that follows from the plan.
package stage

import (
	"encoding/json"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/peakfile"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/saliency"
)

// A Job is all that a worker needs to know. It travels inside of the DoFns as JSON, so every
// field is exported.
type Job struct {
	Source   source.Options
	Catalog  CatalogInfo
	Decode   imaging.DecodeParams
	Geometry crop.Geometry
	CropSeed uint64
	Detector string
	Saliency saliency.Params
	External *peakfile.Info // peaks from a file, instead of a detector
	Mix      mix.Params
	Encode   string

	PlanOnly bool    // write plans, and no pixels
	Replay   *Replay // make shards from plans

	Split           string
	Replicas        []int
	NamedReplicas   bool
	Shards          int64 // 0: chosen from the number of samples
	SamplesPerShard int64
	Groups          int64 // 0: chosen from the number of shards
	Limit           int64
	LimitPerClass   int64
	Outputs         []Output

	Cache     CacheInfo
	Spool     SpoolInfo
	Slots     int   // places of a cluster that work at once; 0: a local runner
	Reach     Reach // what workers of a cluster must see
	Workers   int   // images worked on at once in this process; 0: one a core
	MaxMemory int64 // bytes of decoded pixels in flight in this process; 0: 1 GiB
	OnBad     string
	MaxBad    float64
	Overwrite bool
	RunID     string // of one start of the job: an overwrite happens once for it
	Indexes   Indexes
	Inputs    json.RawMessage
	Run       json.RawMessage
	Versions  map[string]string
}

// CatalogInfo is what the launcher learned when it listed the inputs.
type CatalogInfo struct {
	Classes  []string // of the output; nil: known only after the scan
	Own      []string // what indexes in the input refer to; nil: unknown
	Choice   bool     // Classes was given: images of other classes are left out
	ListOf   string   // the split of the output whose list Classes is: other classes are refused
	Ignored  int64
	Failures []premix.Failure
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
	Mode string // ref, bytes or pixels
	URI  string // folder of the copies; empty under ref
}

// An Output is one folder of one format.
type Output struct {
	Dir         string
	Format      string
	Spec        shard.Spec // of replica 0; Shards and Classes are filled in from the plan
	Recipe      json.RawMessage
	Fingerprint string
}
