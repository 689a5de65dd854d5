package stage

import (
	"context"
	"math/bits"

	"github.com/premix/premix/plan"
)

// chooseShards sets the number of shards of a replica. images and size are the number of the images
// that are looked at and good, and their bytes as the input has them, encoded; where only some classes
// of them are used, as many bytes are taken for each as all have on average.
func (g *Global) chooseShards(ctx context.Context, job *Job, images, size int64) (err error) {
	g.Shards = job.Shards
	switch {
	case job.Shards > 0:
	case job.SamplesPerShard > 0:
		g.Shards = plan.ShardsFor(g.N, job.SamplesPerShard)
	default:
		g.Shards = plan.DefaultShards(g.N, part(size, g.N, images))
		if err := g.keepShards(ctx, job); err != nil {
			return err
		}
	}
	if g.N > 0 && g.Shards > g.N {
		return refuse(CodeUsage, "--shards %d: there are only %d good images, and no shard may be empty", g.Shards, g.N)
	}
	if g.Shards > plan.MaxShards {
		return refuse(CodeUsage, "%d shards per replica, and the most is %d: give --samples-per-shard %d or more", g.Shards, plan.MaxShards, plan.ShardsFor(g.N, plan.MaxShards))
	}
	return nil
}

// part is size·n/of, rounded down, for n ≤ of.
func part(size, n, of int64) int64 {
	if of == 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(size), uint64(n))
	q, _ := bits.Div64(hi, lo, uint64(of))
	return int64(q)
}

// keepShards takes the number of shards that versions before this one chose, which looked at the number
// of images only, where an output of the job has it: of this recipe and input, and not to be replaced.
func (g *Global) keepShards(ctx context.Context, job *Job) error {
	before := *g
	if before.Shards = plan.ShardsByCount(g.N); before.Shards == g.Shards {
		return nil
	}
	for i := range job.Outputs {
		o := &job.Outputs[i]
		held, err := lookHeld(ctx, job, o)
		if err != nil {
			return err
		}
		keeps, err := held.keeps(ctx, shardFingerprint(o, &before))
		if err != nil {
			return err
		}
		if keeps {
			g.Shards = before.Shards
		}
	}
	return nil
}
