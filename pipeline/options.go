package pipeline

import (
	"strings"
)

// A Scope says what an option changes.
type Scope string

// The scopes, from the innermost: an option of the peaks' scope changes crops or peaks, and so
// everything; one of the recipe changes the output but no peak; one of the execution changes no
// byte of the output.
const (
	Peaks     Scope = "peaks"
	Output    Scope = "recipe"
	Execution Scope = "execution"
)

// A Value is the text form of a field of a [Config], as flags and configuration files need it.
type Value interface {
	String() string
	Set(string) error
	Type() string
}

// An Option is a flag of the command line and a key of a configuration file.
type Option struct {
	Name  string
	Group string // section of the help text
	Unit  string // unit or form of the value, for people
	Scope Scope
	Help  string
	Value Value
	// Only lists the subcommands that take the option; empty: all that run a job.
	Only string
}

// The groups of options.
const (
	GroupInput    = "input"
	GroupGeometry = "geometry"
	GroupMethod   = "method"
	GroupOutput   = "output"
	GroupRunning  = "running"
)

// Options is the table of all options, bound to the fields of c, in the order of the help text.
func Options(c *Config) []Option {
	var t []Option
	group := ""
	add := func(name string, v Value, scope Scope, unit, help string) {
		t = append(t, Option{Name: name, Group: group, Unit: unit, Scope: scope, Help: help, Value: v})
	}
	group = GroupInput
	add("in", inputs(&c.In), Execution, "[NAME=]URI", "input: folder, shard, glob or brace pattern, or synth:N for N drawn images (repeatable)")
	add("in-format", choice(&c.InFormat, "auto", "imagefolder", "webdataset", "tfrecord", "tfds", "ilsvrc", "parquet"), Execution, "layout", "layout of the input; auto looks at what is there")
	add("split", text(&c.Split), Output, "name", "name of the split in the output; chooses the folder where the input has train/, val/ …")
	add("classes", text(&c.ClassFile), Execution, "file", "class list, one name a line; may be a subset of the input's classes")
	add("limit", integer(&c.Limit), Output, "images", "use the first N good images of the input, in its order, and look at nothing behind them (0: all)")
	add("limit-per-class", integer(&c.LimitPerClass), Output, "images", "use the first N good images of each class, and look at nothing behind them (0: all)")
	add("label-key", text(&c.LabelKey), Peaks, "field", "field of a sample's json or feature that holds the label")
	add("label-offset", text(&c.LabelOffset), Peaks, "auto or integer", "number subtracted from the integer labels of shards (auto: TF-slim counts from 1, all others from 0)")
	add("exif", choice(&c.EXIF, "ignore", "apply"), Peaks, "policy", "what to do with an EXIF orientation")
	add("truncated", choice(&c.Truncated, "fail", "accept"), Peaks, "policy", "whether a JPEG that ends early is a failure or is filled as Pillow fills it; every other kind is a failure")
	add("max-pixels", count(&c.MaxPixels), Peaks, "pixels", "larger images are failures; checked before anything is allocated")
	add("max-bytes", size(&c.MaxBytes), Peaks, "bytes", "longer entries are failures; checked before anything is read")

	group = GroupGeometry
	add("size", dimensions(&c.Size), Peaks, "pixels", "side of the square crop, or HxW")
	add("geometry", choice(&c.Geometry, "rrc", "center", "squash"), Peaks, "name", "random resized crop, resize and centre crop, or resize both sides")
	add("resize", small(&c.Resize), Peaks, "pixels", "shorter side before a centre crop (0: size/0.875, rounded)")
	add("rrc-scale", pair(&c.RRCScale), Peaks, "low,high", "share of the image's area that a random resized crop takes")
	add("hflip", real(&c.HFlip), Peaks, "probability", "mirror a random resized crop left to right")
	add("crop-seed", seed(&c.CropSeed), Peaks, "integer", "seed of crops and flips")
	add("interpolation", choice(&c.Interpolation, "bilinear", "bicubic", "lanczos"), Peaks, "filter", "Pillow's antialiased filter of that name")

	group = GroupMethod
	add("method", text(&c.Method), Output, "name or list", "saliencymix, cutmix, mixup, cutout, resizemix or none; or a weighted list a:0.5:alpha=1,b:0.3 whose rest stays unmixed")
	add("detector", text(&c.Detector), Peaks, "name or file", "finegrained (OpenCV's map bit for bit up to 65,793 pixels, its peaks above), spectral, frequencytuned, uniform, center, or a file of peaks or a folder of maps that was made elsewhere")
	add("saliency-gray", choice(&c.SaliencyGray, "stored", "bt601"), Peaks, "weights", "gray weights of the detector: by stored order as the reference code has them, or the right luma")
	add("scheme", choice(&c.Scheme, "sal2corr", "sal2sal", "sal2nonsal", "nonsal2sal", "nonsal2nonsal", "sal2rand"), Output, "name", "where saliencymix cuts the patch in the source, and where it lands in the target (default sal2corr)")
	add("alpha", real(&c.Alpha), Output, "number", "λ is drawn from Beta(alpha, alpha); 1 is uniform")
	add("lambda", text(&c.Lambda), Output, "beta or number", "law of λ: beta, or a fixed number from 0 to 1")
	add("prob", real(&c.Prob), Output, "probability", "probability that a sample is mixed")
	add("min-lambda", real(&c.MinLambda), Output, "share", "smallest drawn λ (share of the target)")
	add("max-lambda", real(&c.MaxLambda), Output, "share", "largest drawn λ (share of the target)")
	add("lambda-outside", choice(&c.LambdaOutside, "clamp", "redraw"), Output, "rule", "what becomes of a draw outside of --min-lambda and --max-lambda (default clamp)")
	add("border", choice(&c.Border, "clip", "shift"), Output, "rule", "a box of saliencymix that crosses the border is clipped, or shifted inside (default clip)")
	add("pair", choice(&c.Pair, "any", "different-class"), Output, "rule", "which images may be partners (default any)")
	add("smoothing", real(&c.Smoothing), Output, "ε", "label smoothing of dense labels, as timm defines it")
	add("seed", seed(&c.Seed), Output, "integer", "seed of order, pairs, λ and places")
	add("replicas", small(&c.Replicas), Execution, "count", "epochs to make, each with its own order, crops and draws")
	add("first-replica", small(&c.FirstReplica), Execution, "number", "number of the first epoch")

	group = GroupOutput
	add("out", text(&c.Out), Execution, "URI", "folder of the output")
	add("name", text(&c.Name), Output, "[a-z0-9_]+", "name of the data set, first part of its shards' names")
	add("format", list(&c.Formats), Execution, "name", "webdataset, tfrecord, tfds or parquet (several: each into OUT/FORMAT/)")
	add("label-form", choice(&c.LabelForm, "pair", "dense", "dense16"), Output, "form", "pair (two labels and λ), or also a vector over all classes in float32 or float16")
	add("encode", text(&c.Encode), Output, "codec", "jpeg:QUALITY, jpeg:QUALITY:444 or png")
	add("shards", integer(&c.Shards), Output, "count", "shards a replica (0: chosen from the number of samples)")
	add("samples-per-shard", integer(&c.SamplesPerShard), Output, "count", "instead of --shards: samples a shard")
	add("indexes", list(&c.Indexes), Output, "names", "index files to write: dali, wids, timm")
	add("plan-only", flag(&c.PlanOnly), Execution, "", "write the plan of every sample, and no pixels")
	add("plan", text(&c.Plan), Execution, "folder", "make the shards of the plan in this output, made with --plan-only or not; method, geometry and the like are the plan's")

	group = GroupRunning
	add("cache", text(&c.Cache), Execution, "URI", "folder of the peaks cache (default: the user's cache folder; none: keep nothing)")
	add("spool", choice(&c.Spool, "auto", "off", "ref", "bytes", "pixels"), Execution, "mode", "how the mix stage gets pixels back: ref reads the image again, bytes keeps a copy, pixels keeps the crop; auto keeps crops on a local first run if they fit")
	add("spool-limit", size(&c.SpoolLimit), Execution, "bytes", "most that --spool auto may keep, beside the output")
	add("workers", small(&c.Workers), Execution, "count", "images worked on at once in one process (0: one a core)")
	add("max-memory", size(&c.MaxMemory), Execution, "bytes", "bound on decoded pixels in flight in one process (0: 1 GiB)")
	add("on-bad", choice(&c.OnBad, "skip", "fail"), Execution, "policy", "a bad image becomes a row of failures.jsonl, or stops the job")
	add("max-bad", percent(&c.MaxBad), Execution, "share", "stop after the peaks, before anything is mixed, if more images are bad")
	add("overwrite", flag(&c.Overwrite), Execution, "", "replace an output of this split that has another recipe or input")
	add("chunk-size", small(&c.ChunkSize), Execution, "images", "unit of work and of caching, about")
	add("groups", small(&c.Groups), Execution, "count", "groups of shards that travel together (0: chosen from the plan)")
	add("runner", choice(&c.Runner, "direct", "prism", "flink", "dataflow"), Execution, "name", "where the job runs")
	add("parallelism", small(&c.Parallelism), Execution, "slots", "slots of a Flink cluster to use (0: all)")
	add("flink-job-server", text(&c.FlinkJobServer), Execution, "host:port", "Beam's job server of a Flink cluster")
	add("flink-rest", text(&c.FlinkREST), Execution, "URL", "REST interface of a Flink cluster")
	add("flink-sdk-workers", small(&c.FlinkSDKWorkers), Execution, "count", "worker processes of a TaskManager (0: one, with a thread a slot)")
	add("async", flag(&c.Async), Execution, "", "return as soon as a job is submitted to a cluster")
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

// Nearest returns the name that is closest to s by edit distance, or "" if none is close.
func Nearest(s string, names []string) string {
	if len(s) > 64 {
		return ""
	}
	best, dist := "", max(2, len(s)/3)+1
	for _, n := range names {
		// With as many changes as letters anything becomes anything.
		if d := editDistance(strings.ToLower(s), n); d < dist && d < min(len(s), len(n)) {
			best, dist = n, d
		}
	}
	return best
}

// editDistance counts the letters to insert, remove, replace, or swap with their neighbour to turn one
// short string into another, byte by byte.
func editDistance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
