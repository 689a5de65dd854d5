package pipeline

// The stages of a job, as an option can take effect in them.
const (
	StageLaunch = "launch" // before the pipeline: what is run where
	StageScan   = "scan"   // inputs are listed and cut into chunks
	StagePeaks  = "peaks"  // images are read, cropped, and their peaks found
	StagePlan   = "plan"   // what is mixed with what, into which shard, and whether at all
	StageMix    = "mix"    // samples are made and written
	StageFinish = "finish" // what belongs to all shards is written
)

var stages = map[string][]string{
	StageLaunch: {"out", "plan", "runner", "parallelism", "flink-job-server", "flink-rest", "flink-sdk-workers", "async"},
	StageScan:   {"in", "in-format", "split", "limit", "limit-per-class", "label-key", "label-offset", "chunk-size"},
	StagePeaks: {"exif", "truncated", "max-pixels", "max-bytes", "size", "geometry", "resize", "rrc-scale", "hflip", "crop-seed",
		"interpolation", "detector", "saliency-gray", "cache", "spool", "spool-limit", "workers", "max-memory"},
	StagePlan: {"classes", "method", "scheme", "alpha", "lambda", "prob", "min-lambda", "max-lambda",
		"lambda-outside", "border", "pair", "seed", "replicas", "first-replica", "shards", "samples-per-shard", "on-bad", "max-bad",
		"overwrite", "groups", "plan-only"},
	StageMix:    {"smoothing", "name", "format", "label-form", "encode"},
	StageFinish: {"indexes"},
}

// Stage is the first stage in which the option takes effect; empty for an option that the table
// does not know.
func (o *Option) Stage() string {
	for stage, names := range stages {
		for _, n := range names {
			if n == o.Name {
				return stage
			}
		}
	}
	return ""
}
