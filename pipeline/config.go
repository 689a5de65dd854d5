// Package pipeline configures jobs and builds their pipelines. Start with [Default], set fields, call
// [Config.Validate] and [Config.Job], and add the stages to a pipeline with [Build]. Package launch does
// this for whole jobs, with locks and checks. This package never runs anything.
//
// A [Config] has two parts. The recipe is everything that changes a byte of the output; it is
// written into the manifest and hashed into the fingerprints. The execution is where things are
// and how the job runs; it appears in run.json only. The table of [Options] says which option belongs
// to which part. It also feeds flags, configuration files and docs/cli.md.
package pipeline

import (
	"errors"
	"fmt"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/peakfile"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/saliency"
	"github.com/premix/premix/sample"
)

// A Config describes a job. Get one from [Default], set fields directly or through [Options],
// then call [Config.Validate].
type Config struct {
	// Input.
	In            []string
	InFormat      string
	Split         string
	ClassFile     string
	ClassList     []string // content of ClassFile, read by the caller
	Limit         int64
	LimitPerClass int64
	LabelKey      string
	LabelOffset   string
	ClassDepth    string   // auto, leaf, or a number from 1
	ClassOrder    string   // text or number
	Labels        []string // [NAME=]URI of lists of images and classes
	LabelSums     []string // [NAME=]HASH of the contents of Labels, read by the caller
	Accept        []string
	EXIF          string
	Truncated     string
	MaxPixels     int64
	MaxBytes      int64

	// Geometry.
	Size          premix.Size
	Resize        int    // 0: the default of the geometry; crop.NoResize: none
	Geometry      string // as crop.Geometry.Parse reads it
	RRCScale      [2]float64
	HFlip         float64 // or AutoFlip
	CropSeed      uint64
	Interpolation string

	// Method.
	Method        string
	Detector      string
	SaliencyGray  string
	Scheme        string
	Alpha         float64
	Lambda        string
	LambdaOutside string
	Prob          float64
	MinLambda     float64
	MaxLambda     float64
	Border        string
	Pair          string
	Smoothing     float64
	Seed          uint64
	Replicas      int
	FirstReplica  int

	// Output.
	Out             string
	Name            string
	Formats         []string
	LabelForm       string
	Encode          string
	Shards          int64
	SamplesPerShard int64
	Indexes         []string
	PlanOnly        bool
	Plan            string
	Variants        []string // NAME:FLAGS

	// Running.
	Cache                     string
	Spool                     string
	SpoolLimit                int64
	KeepCrops                 bool
	KeepCropsLimit            int64
	Workers                   int
	MaxMemory                 int64
	OnBad                     string
	MaxBad                    float64
	Overwrite                 bool
	Recheck                   bool
	ChunkSize                 int
	Groups                    int
	Runner                    string
	PrismOpenPort             bool
	Parallelism               int
	FlinkJobServer, FlinkREST string
	FlinkSDKWorkers           int
	Async                     bool

	// External describes the file that Detector names, if it names one; the caller looked at it.
	External *peakfile.Info
	// Given names the options that were set on purpose, so that one which contradicts another can
	// be refused even where its value is the default. It decides nothing else.
	Given map[string]bool
	// Parts are the configurations that Variants stand for, as [Config.Expand] made them, and Variant is the name of one
	// that is such a part.
	Parts   []*Config
	Variant string
	// NumberZero says whether names of replica 0 have its number, where an output or a plan that is
	// there has decided that. Nil: see [Config.ZeroNumbered].
	NumberZero *bool
}

// AutoFlip as Config.HFlip is 0.5 where crops are drawn, as training wants it, and 0 elsewhere.
const AutoFlip = -1.0

// Default returns the configuration of `premix mix` before any flag.
func Default() Config {
	return Config{
		InFormat: "auto", Split: "train", LabelOffset: "auto", ClassDepth: "auto", ClassOrder: "text", EXIF: "ignore", Truncated: "fail",
		MaxPixels: 128 << 20, MaxBytes: 128 << 20,
		Size: premix.Size{H: 224, W: 224}, Geometry: crop.RRC, RRCScale: crop.DefaultScale, HFlip: AutoFlip,
		Interpolation: string(imaging.Bilinear),
		Method:        "saliencymix", Detector: "finegrained", SaliencyGray: "stored", Lambda: "beta",
		Alpha: 1, Prob: 1, MinLambda: 0, MaxLambda: 1, Replicas: 1,
		Name: "premix", Formats: []string{"webdataset"}, LabelForm: "pair", Encode: "jpeg:95",
		Indexes: []string{"dali", "wids", "timm"},
		MaxBad:  0.01, OnBad: "skip", Spool: "auto", SpoolLimit: 8 << 30, ChunkSize: 1000, Runner: "direct",
		FlinkJobServer: "localhost:8099", FlinkREST: "http://localhost:8081",
	}
}

// DefaultPack returns the configuration of `premix pack` before any flag: unmixed centre crops,
// for validation sets.
func DefaultPack() Config {
	c := Default()
	c.Method, c.Geometry, c.Split = "none", crop.Center, "validation"
	return c
}

// cropGeometry is the geometry that the options describe.
func (c *Config) cropGeometry() crop.Geometry {
	g := crop.Geometry{
		Size: c.Size, Resize: c.Resize, Scale: c.RRCScale, Ratio: crop.DefaultRatio,
		HFlip: c.HFlip, Filter: imaging.Filter(c.Interpolation),
	}
	g.Parse(c.Geometry)
	if g.Resize == 0 {
		g.Resize = crop.DefaultResize(g.Mode, c.Size)
	}
	if g.HFlip == AutoFlip {
		g.HFlip = 0
		if g.Random() {
			g.HFlip = 0.5
		}
	}
	return g
}

// DecodeParams are the limits and policies of decoding that the options describe.
func (c *Config) DecodeParams() imaging.DecodeParams {
	return imaging.DecodeParams{
		Limits:          imaging.Limits{MaxPixels: c.MaxPixels, MaxBytes: c.MaxBytes},
		AcceptTruncated: c.Truncated == "accept",
		ApplyEXIF:       c.EXIF == "apply",
	}
}

// SourceOptions are the options of reading the inputs.
func (c *Config) SourceOptions() source.Options {
	o := source.Options{
		Format: c.InFormat, Split: c.Split, Classes: c.ClassList, LabelKey: c.LabelKey,
		ChunkImages: c.ChunkSize,
	}
	if n, ok := c.labelOffset(); ok {
		o.LabelOffset = &n
	}
	o.ClassDepth, _ = c.classDepth()
	o.ClassNumbers, o.Labels, o.Accept = c.ClassOrder == "number", Inputs(c.Labels), c.Accept
	return o
}

// mixParams are the methods and laws of mixing that the options describe, with defaults filled in.
func (c *Config) mixParams() (mix.Params, error) {
	methods, err := mix.ParseMethods(c.Method)
	if err != nil {
		return mix.Params{}, c.badMethod(err)
	}
	law := mix.Lambda{Alpha: c.Alpha, Min: c.MinLambda, Max: c.MaxLambda, Outside: c.LambdaOutside}
	if c.Lambda != "" && c.Lambda != "beta" {
		law.Law = "fixed"
		if law.Value, err = parseFloat(c.Lambda); err != nil {
			return mix.Params{}, fmt.Errorf("--lambda %q: use beta, or a number from 0 to 1 for a fixed λ", c.Lambda)
		}
	}
	p := mix.Params{
		Methods: methods, Detector: c.detectorName(), Scheme: mix.Scheme(c.Scheme), Border: mix.Border(c.Border), Prob: c.Prob,
		Lambda: law, Pair: mix.Pair(c.Pair), Smoothing: c.Smoothing, Seed: c.Seed,
	}
	p.EnsureDefaults()
	return p, nil
}

// badMethod is the message for a method, or a list of methods, that cannot be.
func (c *Config) badMethod(err error) error {
	if !strings.ContainsAny(c.Method, ":,") {
		return errors.New("--method: " + Unknown("method", c.Method, mix.Names()))
	}
	return fmt.Errorf("--method %s: %s", c.Method, strings.TrimPrefix(err.Error(), "mix: "))
}

// saliencyParams are the settings of the detector.
func (c *Config) saliencyParams() (saliency.Params, error) {
	g, err := saliency.ParseGray(c.SaliencyGray)
	return saliency.Params{Gray: g}, err
}

// sampleParams is what of the options decides pixels, peaks and labels.
func (c *Config) sampleParams() (sample.Params, error) {
	mixing, err := c.mixParams()
	if err != nil {
		return sample.Params{}, err
	}
	detector, err := c.saliencyParams()
	return sample.Params{
		Decode: c.DecodeParams(), Geometry: c.cropGeometry(), CropSeed: c.CropSeed, Detector: c.detectorName(),
		Saliency: detector, Mix: mixing, Encode: c.Encode,
	}, err
}

// replicaList is the list of replicas that the job makes.
func (c *Config) replicaList() []int {
	r := make([]int, c.Replicas)
	for i := range r {
		r[i] = c.FirstReplica + i
	}
	return r
}

// ZeroNumbered says whether names of replica 0 have its number, r000. Names of the others always have
// theirs. A new output of replica 0 alone has none.
func (c *Config) ZeroNumbered() bool {
	if c.NumberZero != nil {
		return *c.NumberZero
	}
	return c.Replicas > 1 || c.FirstReplica > 0
}
