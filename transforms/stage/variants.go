package stage

import (
	"encoding/json"
	"slices"

	"github.com/premix/premix/sample"
)

// A Variant is one of several ways to make samples of the same crops and the same pairs.
type Variant struct {
	// Params are those of the job, but for detector, mixing and encoding.
	Params sample.Params
}

// variants are those of the job, at least one.
func (j *Job) variants() []Variant {
	if len(j.Variants) == 0 {
		return []Variant{{Params: j.Params}}
	}
	return j.Variants
}

// parts is the number of outputs with samples of their own: several formats of one variant have the same.
func (j *Job) parts() int64 {
	n := 0
	for i := range j.Outputs {
		n = max(n, j.Outputs[i].Part+1)
	}
	return int64(max(n, 1))
}

// RunOf is the run.json of an output, by its number. A job for the peaks alone has none.
func (j *Job) RunOf(output int) json.RawMessage { return j.runOf(&j.Outputs[output]) }

// CacheOf is the cache with the peaks of an output.
func (j *Job) CacheOf(*Output) *CacheInfo { return &j.Cache }

// runOf is the run.json of an output.
func (j *Job) runOf(o *Output) json.RawMessage {
	if o.Run != nil {
		return o.Run
	}
	return j.Run
}

// variantsOf are the variants that some outputs need, ascending.
func (j *Job) variantsOf(outputs []int) []int {
	var list []int
	for _, i := range outputs {
		list = append(list, j.Outputs[i].Variant)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// ParamsOf are the parameters of a variant, by its number.
func (j *Job) ParamsOf(variant int) *sample.Params {
	if len(j.Variants) == 0 {
		return &j.Params
	}
	return &j.Variants[variant].Params
}

// count counts a shard once for each part of the configuration: as kept where all of its outputs had it, and else
// with the bytes that are new.
func (t *shardTask) count(made []madeShard) {
	for part := range int(t.job.parts()) {
		kept, samples, bytes := true, int64(0), int64(0)
		for i := range made {
			if t.job.Outputs[made[i].output].Part != part {
				continue
			}
			samples = made[i].record.Samples
			if !made[i].kept {
				kept, bytes = false, bytes+made[i].record.Bytes
			}
		}
		countShard(samples, bytes, kept)
	}
}
