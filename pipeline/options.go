package pipeline

import (
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/source"
)

// A Scope says what an option changes.
type Scope string

// The scopes, from the innermost. An option of the peaks changes crops or peaks, and so everything.
// One of the output changes what the samples are, and no peak. One of the form changes how the same
// samples are written. One of the execution changes no byte of the output.
const (
	Peaks     Scope = "peaks"
	Output    Scope = "output"
	Form      Scope = "form"
	Execution Scope = "execution"
)

// changes are the values of [Option.Changes] for most options of a scope.
var changes = map[Scope]string{Peaks: "peaks", Output: "output", Form: "output", Execution: "–"}

// A Stage is a part of a job in which an option can take effect.
type Stage string

// The stages of a job, in their order.
const (
	stageLaunch Stage = "launch" // before the pipeline: what is run where
	stageScan   Stage = "scan"   // inputs are listed and cut into chunks
	stagePeaks  Stage = "peaks"  // images are read, cropped, and their peaks found
	stagePlan   Stage = "plan"   // what is mixed with what, into which shard, and whether at all
	stageMix    Stage = "mix"    // samples are made and written
	stageFinish Stage = "finish" // what belongs to all shards is written
)

// The commands that run a job, and those of them that write an output.
var (
	everyJob = []string{"mix", "pack", "peaks"}
	mixJobs  = []string{"mix", "pack"}
)

// A Value is the text form of a field of a [Config], as flags and configuration files need it.
type Value interface {
	String() string
	Set(string) error
	Type() string
}

// An Option is a flag of the command line and a key of a configuration file.
type Option struct {
	Name     string
	Group    string // section of the help text
	Value    Value
	Stage    Stage    // the first one in which the option takes effect
	Commands []string // those that take the option
	Scope    Scope
	Changes  string // the fingerprints that the option is part of, for people
	Unit     string // unit or form of the value, for people
	Help     string

	canonical   func(text string) string // of the value's text; nil: the text itself
	silent      string                   // the value that is not part of a recipe, since the option is younger than caches; or empty
	varies      bool                     // between the variants of a run
	drawsLambda bool                     // the option belongs to the law of λ, which does nothing where nothing is mixed
}

// as sets the canonical form of an option whose values have several spellings.
func (o *Option) as(canonical func(text string) string) *Option {
	o.canonical = canonical
	return o
}

// unlessDefault keeps a value out of recipes and fingerprints, so that those of earlier versions, which
// did not have the option, stay what they are.
func (o *Option) unlessDefault(value string) *Option {
	o.silent = value
	return o
}

// recorded says that something else than the option's value is part of the recipe.
func (o *Option) recorded(changes string) { o.Changes = changes }

// free marks an option that moves neither crops nor pairs, so that the variants of a run may differ in it.
func (o *Option) free() *Option {
	o.varies = true
	return o
}

// law marks an option of the law of λ.
func (o *Option) law() *Option {
	o.drawsLambda = true
	return o
}

// Canonical is the value of the option as recipes record it. Defaults that depend on other options are
// filled in, so that two spellings of one recipe have one fingerprint.
func (o *Option) Canonical() string {
	text := o.Value.String()
	if o.canonical == nil {
		return text
	}
	return o.canonical(text)
}

// The groups of options.
const (
	groupInput    = "input"
	groupGeometry = "geometry"
	groupMethod   = "method"
	groupOutput   = "output"
	groupRunning  = "running"
)

// Options is the table of all options, bound to the fields of c, in the order of the help text. A new
// option is a field of [Config], its default, and a row here.
func Options(c *Config) []Option {
	var t []Option
	group := ""
	add := func(name string, v Value, stage Stage, commands []string, scope Scope, unit, help string) *Option {
		t = append(t, Option{Name: name, Group: group, Value: v, Stage: stage, Commands: commands, Scope: scope, Changes: changes[scope], Unit: unit, Help: help})
		return &t[len(t)-1]
	}
	group = groupInput
	add("in", urisVar(&c.In), stageScan, everyJob, Execution, "[NAME=]URI", "input: folder, shard, glob or brace pattern, or synth:N for N drawn images (repeatable)")
	add("in-format", choiceVar("in-format", &c.InFormat, source.Formats()...), stageScan, everyJob, Execution, "layout", "layout of the input; auto looks at what is there")
	add("split", stringVar(&c.Split), stageScan, everyJob, Output, "name", "split to read if the input has several (val, valid and dev are validation), and its name in the output")
	add("classes", stringVar(&c.ClassFile), stagePlan, everyJob, Execution, "file", "class list, one name per line; may be a subset of the input's classes").recorded("output, by the content of the file")
	add("limit", int64Var(&c.Limit), stageScan, mixJobs, Output, "images", "use the first N good images of the input, in its order, and read no further (0: all)")
	add("limit-per-class", int64Var(&c.LimitPerClass), stageScan, mixJobs, Output, "images", "use the first N good images of each class, and read no further (0: all)")
	add("label-key", stringVar(&c.LabelKey), stageScan, everyJob, Peaks, "field", "field of a sample's json or feature that holds the label")
	add("label-offset", stringVar(&c.LabelOffset), stageScan, everyJob, Peaks, "auto or integer", "number subtracted from the integer labels of shards (auto: TF-slim counts from 1, all others from 0)").as(c.canonicalOffset)
	add("class-depth", stringVar(&c.ClassDepth), stageScan, everyJob, Peaks, "auto, leaf or N", "folder whose name is the class of an image: the Nth below the split or --in, or leaf for the whole path (auto: the first one, where all folders agree)").unlessDefault("auto")
	add("class-order", choiceVar("class-order", &c.ClassOrder, "text", "number"), stageScan, everyJob, Peaks, "order", "order of class folders: that of their names as text (0, 1, 10, 2, as in torchvision), or by number, which is then the label").unlessDefault("text")
	add("labels", urisVar(&c.Labels), stageScan, everyJob, Execution, "[NAME=]file", "list with the class of each image, for images without class folders: csv, tsv, jsonl, Parquet or text (repeatable, one per input)").recorded("peaks, by the content of the file")
	add("accept", listVar(&c.Accept), stageLaunch, everyJob, Execution, "names", "accept an input in doubt: folders with names of splits are classes (split-names); folders with names such as images or data are classes (class-names); all images are of one class (one-class); files that names or lists promise may be missing (missing)")
	add("exif", choiceVar("exif", &c.EXIF, "ignore", "apply"), stagePeaks, everyJob, Peaks, "policy", "what to do with an EXIF orientation")
	add("truncated", choiceVar("truncated", &c.Truncated, "fail", "accept"), stagePeaks, everyJob, Peaks, "policy", "a JPEG that ends early or is damaged fails, or is filled as Pillow fills it; other kinds always fail")
	add("max-pixels", pixelsVar(&c.MaxPixels), stagePeaks, everyJob, Peaks, "pixels", "larger images fail; checked before memory is allocated")
	add("max-bytes", bytesVar(&c.MaxBytes), stagePeaks, everyJob, Peaks, "bytes", "longer entries fail; checked before they are read")

	group = groupGeometry
	add("size", sizeVar(&c.Size), stagePeaks, everyJob, Peaks, "pixels", "side of the square crop, or HxW")
	add("geometry", geometryVar(&c.Geometry), stagePeaks, everyJob, Peaks, "name", "rrc: random resized crop; center: resize, then centre crop; squash: resize both sides; pad:N: resize, pad N pixels on each side (black, or reflected), and crop anywhere, as for CIFAR").as(c.canonicalGeometry)
	add("resize", orWord(intVar(&c.Resize), "none", crop.NoResize), stagePeaks, everyJob, Peaks, "pixels", "shorter side before the crop (0: size/0.875, rounded, for center, and the size for pad; none: no resize, and an image smaller than the crop fails)").as(c.canonicalResize)
	add("rrc-scale", pairVar(&c.RRCScale), stagePeaks, everyJob, Peaks, "low,high", "share of the image's area that a random resized crop takes").as(c.canonicalScale)
	add("hflip", orWord(floatVar(&c.HFlip), "auto", AutoFlip), stagePeaks, everyJob, Peaks, "probability", "mirror a crop left to right (auto: 0.5 for rrc and pad, 0 for center and squash)").as(c.canonicalFlip)
	add("crop-seed", uint64Var(&c.CropSeed), stagePeaks, everyJob, Peaks, "integer", "seed of crops and flips").as(c.canonicalCropSeed)
	add("interpolation", choiceVar("interpolation", &c.Interpolation, "bilinear", "bicubic", "lanczos"), stagePeaks, everyJob, Peaks, "filter", "Pillow's antialiased filter of that name")

	group = groupMethod
	add("method", stringVar(&c.Method), stagePlan, mixJobs, Output, "name or list", "saliencymix, cutmix, mixup, cutout, resizemix or none; or a list with weights, a:0.5:alpha=1,b:0.3; the rest stays unmixed").as(c.canonicalMethod).free()
	add("detector", stringVar(&c.Detector), stagePeaks, everyJob, Peaks, "name or file", "finegrained (OpenCV's map, bit for bit up to 65,793 pixels; above, its peaks), spectral, frequencytuned, uniform, center, or your own file of peaks or folder of maps").as(c.canonicalDetector).free()
	add("saliency-gray", choiceVar("saliency-gray", &c.SaliencyGray, "stored", "bt601"), stagePeaks, everyJob, Peaks, "weights", "gray weights of the detector: stored, as the reference code applies them, or bt601, the correct luma").as(c.canonicalGray).free()
	add("scheme", choiceVar("scheme", &c.Scheme, "sal2corr", "sal2sal", "sal2nonsal", "nonsal2sal", "nonsal2nonsal", "sal2rand"), stagePlan, mixJobs, Output, "name", "where saliencymix cuts the patch in the source, and where it pastes it in the target (default sal2corr)").as(c.canonicalScheme).free()
	add("alpha", floatVar(&c.Alpha), stagePlan, mixJobs, Output, "number", "λ is drawn from Beta(alpha, alpha); 1 is uniform").law().free()
	add("lambda", stringVar(&c.Lambda), stagePlan, mixJobs, Output, "beta or number", "law of λ: beta, or a fixed number from 0 to 1").as(c.canonicalLambda).law().free()
	add("prob", floatVar(&c.Prob), stagePlan, mixJobs, Output, "probability", "probability that a sample is mixed").law().free()
	add("min-lambda", floatVar(&c.MinLambda), stagePlan, mixJobs, Output, "share", "smallest drawn λ (share of the target)").law().free()
	add("max-lambda", floatVar(&c.MaxLambda), stagePlan, mixJobs, Output, "share", "largest drawn λ (share of the target)").law().free()
	add("lambda-outside", choiceVar("lambda-outside", &c.LambdaOutside, "clamp", "redraw"), stagePlan, mixJobs, Output, "rule", "rule for a draw outside --min-lambda and --max-lambda (default clamp)").as(c.canonicalOutside).law().free()
	add("border", choiceVar("border", &c.Border, "clip", "shift"), stagePlan, mixJobs, Output, "rule", "whether saliencymix clips a box that crosses the border, or shifts it inside (default clip)").as(c.canonicalBorder).free()
	add("pair", choiceVar("pair", &c.Pair, "any", "different-class"), stagePlan, mixJobs, Output, "rule", "which images may be partners (default any)").as(c.canonicalPair)
	add("smoothing", floatVar(&c.Smoothing), stageMix, mixJobs, Form, "ε", "label smoothing of dense labels, as timm defines it").free()
	add("seed", uint64Var(&c.Seed), stagePlan, mixJobs, Output, "integer", "seed of order, pairs, λ and places")
	add("replicas", intVar(&c.Replicas), stagePlan, everyJob, Execution, "count", "epochs to make, each with its own order, crops and draws; existing ones are kept (docs/epochs.md)")
	add("first-replica", intVar(&c.FirstReplica), stagePlan, everyJob, Execution, "number", "number of the first epoch")

	group = groupOutput
	add("out", stringVar(&c.Out), stageLaunch, mixJobs, Execution, "URI", "folder of the output")
	add("name", stringVar(&c.Name), stageMix, mixJobs, Form, "[a-z0-9_]+", "name of the data set, first part of its shards' names").free()
	add("format", listVar(&c.Formats), stageMix, mixJobs, Execution, "name", "webdataset, tfrecord, tfds, array_record, parquet or mds (several: each into OUT/FORMAT/)").free().recorded("output")
	add("label-form", choiceVar("label-form", &c.LabelForm, "pair", "dense", "dense16"), stageMix, mixJobs, Form, "form", "pair (two labels and λ), or also a vector over all classes in float32 or float16").free()
	add("encode", stringVar(&c.Encode), stageMix, mixJobs, Form, "codec", "jpeg:QUALITY, jpeg:QUALITY:444, either with :opt (own Huffman codes: the same pixels in 5 % less), or png").as(c.canonicalEncode).free()
	add("shards", int64Var(&c.Shards), stagePlan, mixJobs, Output, "count", "shards per replica (0: chosen from the number of samples, and fewer for small images)")
	add("samples-per-shard", int64Var(&c.SamplesPerShard), stagePlan, mixJobs, Output, "count", "instead of --shards: samples per shard")
	add("indexes", listVar(&c.Indexes), stageFinish, mixJobs, Form, "names", "index files to write: dali, wids, timm").as(c.canonicalIndexes)
	add("plan-only", boolVar(&c.PlanOnly), stagePlan, mixJobs, Execution, "", "write the plan of every sample, and no pixels")
	add("plan", stringVar(&c.Plan), stageLaunch, mixJobs, Execution, "folder", "write the shards of the plan in this output, made with or without --plan-only; method, geometry and similar options come from the plan")
	add("variant", urisVar(&c.Variants), stageMix, mixJobs, Execution, "NAME:FLAGS", "one of several methods in one pass, into OUT/NAME: 'cutmix:--method cutmix' (repeatable). Images are decoded and cropped once for all; flags beside it hold for each, and alone make no output (docs/methods.md)")

	group = groupRunning
	add("cache", stringVar(&c.Cache), stagePeaks, everyJob, Execution, "URI", "folder of the peaks cache (default: the user's cache folder; none: keep nothing)")
	add("spool", choiceVar("spool", &c.Spool, "auto", "off", "ref", "bytes", "pixels"), stagePeaks, mixJobs, Execution, "mode", "how the mix stage gets pixels: ref reads the image again, bytes keeps a copy of it, pixels keeps the crop; auto keeps crops on a local first run if they fit")
	add("spool-limit", bytesVar(&c.SpoolLimit), stagePeaks, mixJobs, Execution, "bytes", "most bytes that --spool auto may keep, next to the output")
	add("keep-crops", boolVar(&c.KeepCrops), stagePeaks, mixJobs, Execution, "", "keep the pixels of crops beside the peaks in a local cache, 3 bytes a pixel, and read them there: another method, detector, law of λ, label form or format then decodes no image")
	add("keep-crops-limit", bytesVar(&c.KeepCropsLimit), stagePeaks, mixJobs, Execution, "bytes", "most bytes that kept crops may take in the cache; a job that needs more is refused before it begins (0: as much as the disk has)")
	add("workers", intVar(&c.Workers), stagePeaks, everyJob, Execution, "count", "images worked on at once in one process (0: one per core)")
	add("max-memory", bytesVar(&c.MaxMemory), stagePeaks, everyJob, Execution, "bytes", "limit of memory for images in work in one process (0: 1 GiB, and on Linux a quarter of the free memory for crops of a local first run), beside some 0.3 GB for the rest; an image that needs more than this, and more than 128 MiB, stops the job; a lower --max-pixels makes it a failure instead")
	add("on-bad", choiceVar("on-bad", &c.OnBad, "skip", "fail"), stagePlan, mixJobs, Execution, "policy", "a bad image becomes a row of failures.jsonl, or stops the job")
	add("max-bad", shareVar(&c.MaxBad), stagePlan, mixJobs, Execution, "share", "stop after the peaks, before anything is mixed, if more images are bad")
	add("overwrite", boolVar(&c.Overwrite), stagePlan, mixJobs, Execution, "", "replace this split of the output, all its replicas; an unfinished one with the same recipe and input is checked as with --recheck, and completed")
	add("recheck", boolVar(&c.Recheck), stageMix, mixJobs, Execution, "", "read the shards of the output, compare them with their hashes, and rewrite those that differ; without it only sizes are compared")
	add("chunk-size", intVar(&c.ChunkSize), stageScan, everyJob, Execution, "images", "approximate unit of work and of caching")
	add("groups", intVar(&c.Groups), stagePlan, mixJobs, Execution, "count", "groups of shards that are processed together (0: chosen from the plan)")
	add("runner", choiceVar("runner", &c.Runner, "direct", "prism", "flink", "dataflow"), stageLaunch, everyJob, Execution, "name", "where the job runs")
	add("prism-open-port", boolVar(&c.PrismOpenPort), stageLaunch, everyJob, Execution, "", "run prism even if other hosts can reach its port: whoever reaches it runs commands as this user")
	add("parallelism", intVar(&c.Parallelism), stageLaunch, everyJob, Execution, "slots", "slots of a Flink cluster to use (0: all)")
	add("flink-job-server", stringVar(&c.FlinkJobServer), stageLaunch, everyJob, Execution, "host:port", "Beam's job server of a Flink cluster")
	add("flink-rest", stringVar(&c.FlinkREST), stageLaunch, everyJob, Execution, "URL", "REST interface of a Flink cluster")
	add("flink-sdk-workers", intVar(&c.FlinkSDKWorkers), stageLaunch, everyJob, Execution, "count", "worker processes of a TaskManager (0: one, with a thread per slot)")
	add("async", boolVar(&c.Async), stageLaunch, everyJob, Execution, "", "return as soon as a job is submitted to a cluster")
	return t
}

// Find returns the option of the name, or the nearest name as a suggestion.
func Find(t []Option, name string) (*Option, string) {
	for i := range t {
		if t[i].Name == name {
			return &t[i], ""
		}
	}
	names := make([]string, len(t))
	for i := range t {
		names[i] = t[i].Name
	}
	return nil, Nearest(name, names)
}
