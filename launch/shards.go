package launch

import (
	"github.com/premix/premix/plan"
	"github.com/premix/premix/transforms/stage"
)

// checkShards refuses a --samples-per-shard that gives more shards than their names have digits for, where the
// number of images is known before the peaks are found. The gate knows it in any case, after them.
func (j *Job) checkShards() error {
	per := j.Config.SamplesPerShard
	if per == 0 || j.Options.PeaksOnly || j.Description.StopsEarly() || j.Description.Catalog.Choice {
		return nil
	}
	n := j.counted()
	// Some may be bad, and some counts are estimates.
	if least := int64(float64(n) * min(0.9, 1-j.Config.MaxBad)); plan.ShardsFor(least, per) <= plan.MaxShards {
		return nil
	}
	return usagef("--samples-per-shard %d: %d images would be %d shards for each replica, and the most is %d: give %d or more",
		per, n, plan.ShardsFor(n, per), plan.MaxShards, plan.ShardsFor(n, plan.MaxShards))
}

// counted is the number of images of the input, about, where that is known without reading it; else 0.
func (j *Job) counted() (n int64) {
	if j.chunks != nil {
		for i := range j.chunks {
			if j.chunks[i].Guessed {
				return 0
			}
			n += stage.Images(&j.chunks[i])
		}
		return n
	}
	for _, k := range j.Catalog.Images {
		n += k
	}
	if n > 0 {
		return n
	}
	for _, c := range j.Catalog.Containers {
		if c.CountedBy == "" {
			return 0
		}
		n += c.Samples
	}
	return n
}
