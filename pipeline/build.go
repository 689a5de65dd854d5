package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/saliency"
	"github.com/premix/premix/sample"
	"github.com/premix/premix/transforms"
	"github.com/premix/premix/transforms/stage"
)

// New makes a pipeline of its own for the stages that a function like [Build] adds.
func New(build func(beam.Scope, *stage.Job, []source.Container), job *stage.Job, containers []source.Container) *beam.Pipeline {
	p, s := beam.NewPipelineWithRoot()
	build(s, job, containers)
	return p
}

// Build adds the stages of a job to a pipeline:
//
//	containers ─▶ chunks ─▶ peaks ─▶ gate ─▶ rows ─▶ groups ─▶ shards ─▶ finish
//
// A local runner holds the rows of a shuffle in memory: there, those of many replicas are made in rounds, from rows to
// shards each, one round after the other. It panics on programming errors only.
func Build(s beam.Scope, job *stage.Job, containers []source.Container) {
	summaries := peaks(s, job, containers)
	global, chunks, accounts := transforms.Gate(s, job, summaries)
	var records []beam.PCollection
	for round, ready := int64(0), global; round < job.Rounds; round++ {
		if round > 0 {
			ready = transforms.After(s, job, global, records[round-1])
		}
		rows := transforms.Distribute(s, job, round, chunks, ready)
		records = append(records, transforms.Mix(s, job, transforms.Collect(s, job, rows), global))
	}
	transforms.Finish(s, job, accounts, global, beam.Flatten(s, records...))
}

// BuildReplay adds the stages of a job that makes the shards of a plan:
//
//	plan files ─▶ shards ─▶ finish
//
// Containers that cannot be read at random are copied first.
func BuildReplay(s beam.Scope, job *stage.Job, containers []source.Container) {
	var streams []source.Container
	for _, c := range containers {
		if !(&source.Chunk{Container: c}).Seekable() {
			streams = append(streams, c)
		}
	}
	global, _, accounts := transforms.Gate(s, job, transforms.NoSummaries(s, job))
	copies := transforms.CopyAside(s, job, transforms.Scan(s, job, streams))
	records := transforms.Replay(s, job, containers, global, copies)
	transforms.Finish(s, job, accounts, global, records)
}

// BuildPeaks adds the stages that only fill the cache.
func BuildPeaks(s beam.Scope, job *stage.Job, containers []source.Container) {
	peaks(s, job, containers)
}

func peaks(s beam.Scope, job *stage.Job, containers []source.Container) beam.PCollection {
	if job.StopsEarly() {
		return transforms.LimitedPeaks(s, job, containers)
	}
	return transforms.Peaks(s, job, transforms.Scan(s, job, containers))
}

// A Start is what a start of a job adds to its configuration: what was found, and what identifies this
// start.
type Start struct {
	Catalog *source.Catalog
	// ClassesOf is the split of the output whose class list the catalog's is, or empty.
	ClassesOf string
	// Versions go into the manifest, with those of Versions.
	Versions map[string]string
	// RunID is different for each start.
	RunID string
	// Run is run.json, Runs that of each part of a configuration with variants.
	Run  json.RawMessage
	Runs []json.RawMessage
	// CacheURI is the place of the cache, TemporaryCache that it is removed after the run.
	CacheURI       string
	TemporaryCache bool
	// SpoolURI is a folder for copies of this job; SpoolMode how pixels come back.
	SpoolURI, SpoolMode string
	// Slots is the number of places of a cluster that work at once; 0: a local runner.
	Slots int
}

// Job translates a valid configuration into the description that workers get.
func (c *Config) Job(start Start) (*stage.Job, error) {
	parts := c.EachPart()
	first := parts[0] // whose detector the job itself has
	params, err := first.sampleParams()
	if err != nil {
		return nil, err
	}
	roots, err := json.Marshal(Inputs(c.In))
	if err != nil {
		return nil, err
	}
	versions := map[string]string{}
	for k, v := range Versions() {
		versions[k] = fmt.Sprint(v)
	}
	for k, v := range start.Versions {
		versions[k] = v
	}
	job := &stage.Job{
		Params: params, Source: c.SourceOptions(), External: first.External,
		Catalog:  stage.CatalogInfo{Classes: start.Catalog.Classes, Own: start.Catalog.Own, Choice: c.ClassList != nil, ListOf: start.ClassesOf, ByName: start.Catalog.ByName, OffsetSaid: c.LabelOffset != "auto", Ignored: start.Catalog.Ignored, Failures: start.Catalog.Failures},
		PlanOnly: c.PlanOnly,
		Split:    c.Split, Replicas: c.replicaList(), ZeroNumbered: c.ZeroNumbered(),
		Shards: c.Shards, SamplesPerShard: c.SamplesPerShard, Groups: int64(c.Groups),
		Limit: c.Limit, LimitPerClass: c.LimitPerClass,
		Cache: stage.CacheInfo{URI: start.CacheURI, Temporary: start.TemporaryCache, Fingerprint: first.peaksFingerprint(), Settings: first.PeaksSettings()},
		Spool: stage.SpoolInfo{Mode: start.SpoolMode, URI: start.SpoolURI},
		Slots: start.Slots, Rounds: c.rounds(&start), Workers: c.Workers, MaxMemory: c.MaxMemory, OnBad: c.OnBad, MaxBad: c.MaxBad, Overwrite: c.Overwrite, Recheck: c.Recheck || c.Overwrite,
		Indexes: stage.Indexes{DALI: slices.Contains(c.Indexes, "dali"), WIDS: slices.Contains(c.Indexes, "wids"), Timm: slices.Contains(c.Indexes, "timm")},
		RunID:   start.RunID, Inputs: roots, Run: start.Run,
	}
	if c.Plan != "" {
		job.Replay = &stage.Replay{Dir: c.Plan, Split: c.Split}
	}
	if c.KeepCrops {
		job.Crops = stage.CropsInfo{Fingerprint: c.cropsFingerprint(), Settings: c.CropsSettings(), Limit: c.KeepCropsLimit}
	}
	if c.Above() {
		job.Above = c.Out
	}
	return job, c.addOutputs(job, start, versions)
}

// addOutputs adds the outputs to the description of a job, with the variants and detectors that they need.
func (c *Config) addOutputs(job *stage.Job, start Start, versions map[string]string) error {
	for _, place := range c.Places() {
		p := place.Part
		encoder, err := imaging.NewEncoder(p.Encode)
		if err != nil {
			return err
		}
		o := stage.Output{
			Dir: place.Dir, Format: place.Format, Part: place.Index,
			Spec: shard.Spec{
				Name: p.Name, Split: p.Split, Replica: -1, LabelForm: p.LabelForm, ImageFormat: encoder.Ext(), Size: p.Size,
			},
			Recipe: p.RecipeJSON(place.Format), Fingerprint: p.recipeFingerprint(place.Format),
		}
		if c.Parts != nil {
			o.Run = start.Runs[place.Index]
		}
		o.Versions = maps.Clone(versions)
		o.Versions["saliency"] = saliency.Agreement(p.Detector, p.Size.W, p.Size.H)
		if o.Variant, err = p.addVariant(job); err != nil {
			return err
		}
		job.Outputs = append(job.Outputs, o)
	}
	return nil
}

// addVariant returns the number of the variant of the job that makes the samples of c. It adds one where none does.
func (c *Config) addVariant(job *stage.Job) (int, error) {
	params, err := c.sampleParams()
	if err != nil {
		return 0, err
	}
	v := stage.Variant{Params: params, Finder: c.addFinder(job, params)}
	i := slices.IndexFunc(job.Variants, func(w stage.Variant) bool { return reflect.DeepEqual(w, v) })
	if i < 0 {
		i, job.Variants = len(job.Variants), append(job.Variants, v)
	}
	return i, nil
}

// addFinder returns the number of the detector of c in the job. It adds one where the job has another.
func (c *Config) addFinder(job *stage.Job, params sample.Params) int {
	fingerprint := c.peaksFingerprint()
	if fingerprint == job.Cache.Fingerprint {
		return 0
	}
	i := slices.IndexFunc(job.Finders, func(f stage.Finder) bool { return f.Cache.Fingerprint == fingerprint })
	if i < 0 {
		cache := job.Cache
		cache.Fingerprint, cache.Settings = fingerprint, c.PeaksSettings()
		i, job.Finders = len(job.Finders), append(job.Finders, stage.Finder{Variant: c.Variant, Params: params, External: c.External, Cache: cache})
	}
	return i + 1
}

// rounds is the number of rounds that a pipeline is built for. How many images the input has is known in the gate, so
// this goes by what the listing tells, and takes 512 bytes for an image where it tells bytes only: at least as many images as
// there are, in sets of photographs. Sets of smaller images get fewer rounds, with more images in each.
func (c *Config) rounds(start *Start) int64 {
	if start.Slots > 0 {
		return 1
	}
	const (
		leastImage = 512     // bytes, on average
		unknown    = 4 << 20 // images
	)
	var images int64
	for _, n := range start.Catalog.Images {
		images += n
	}
	for i := range start.Catalog.Containers {
		if container := &start.Catalog.Containers[i]; container.Samples > 0 {
			images += container.Samples
		} else {
			images += container.Size / leastImage
		}
	}
	if images == 0 {
		images = unknown
	}
	if c.Limit > 0 {
		images = min(images, c.Limit)
	}
	return stage.MostRounds(images, int64(c.Replicas))
}

// Inputs are the inputs of a list of --in.
func Inputs(in []string) []source.Input {
	if len(in) == 0 {
		return nil
	}
	out := make([]source.Input, len(in))
	for i, s := range in {
		out[i].Name, out[i].URI = SplitInput(s)
	}
	return out
}
