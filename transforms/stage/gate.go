package stage

import (
	"context"
	"encoding/hex"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/plan"
)

// Gate makes the plan of the job, or takes it from the output whose plan is replayed. It refuses to
// go on where too many images are bad, or where the output belongs to another recipe or input. It is
// the last stage before the first write.
func Gate(ctx context.Context, job *Job, sums []Summary) (*Global, error) {
	makePlan := newGlobal
	if job.Replay != nil {
		makePlan = plannedGlobal
	}
	g, err := makePlan(ctx, job, sums)
	if err != nil {
		return nil, err
	}
	in, err := outcomeOf(ctx, job, g, sums)
	if err != nil {
		return nil, err
	}
	return g, claimAll(ctx, job, g, dataset.Containers(in.chunks))
}

// newGlobal makes the plan and checks it.
func newGlobal(ctx context.Context, job *Job, sums []Summary) (*Global, error) {
	sortSummaries(sums)
	g, sums, err := makeGlobal(ctx, job, sums)
	if err != nil {
		return nil, err
	}
	if err := checkBad(ctx, job, sums, g); err != nil {
		return nil, err
	}
	return g, checkPairs(job, sums, g)
}

// makeGlobal returns the plan, and the summaries of what the plan looks at.
func makeGlobal(ctx context.Context, job *Job, sums []Summary) (*Global, []Summary, error) {
	g := &Global{}
	var err error
	if job.Catalog.Classes == nil && job.StopsEarly() {
		// The class list is that of the images that are looked at; there is no other.
		if g.Chunks, sums, err = plans(ctx, job, sums, nil); err != nil {
			return nil, nil, err
		}
	}
	if g.Classes, err = classList(job, sums); err != nil {
		return nil, nil, err
	}
	if g.Chunks == nil {
		if g.Chunks, sums, err = plans(ctx, job, sums, g.Classes); err != nil {
			return nil, nil, err
		}
	}
	if err := checkShared(job, sums, g.Classes); err != nil {
		return nil, nil, err
	}
	g.OwnList = ownList(job, sums, g.Classes)
	var digest, good [32]byte
	for i := range sums {
		s := &sums[i]
		digest = dataset.JoinDigest(digest, s.Digest, s.Entries)
		good = dataset.JoinDigest(good, s.GoodDigest, s.good())
		g.N += g.Chunks[s.ID].Count
	}
	g.InputsDigest, g.GoodDigest = hex.EncodeToString(digest[:]), hex.EncodeToString(good[:])
	switch {
	case job.Shards > 0:
		g.Shards = job.Shards
	case job.SamplesPerShard > 0:
		g.Shards = plan.ShardsFor(g.N, job.SamplesPerShard)
	default:
		g.Shards = plan.DefaultShards(g.N)
	}
	if g.N > 0 && g.Shards > g.N {
		return nil, nil, refuse(CodeUsage, "--shards %d: there are only %d good images, and no shard may be empty", g.Shards, g.N)
	}
	if g.Shards > maxShards {
		return nil, nil, refuse(CodeUsage, "%d shards: at most %d a replica; raise --samples-per-shard", g.Shards, maxShards)
	}
	g.chooseGroups(job.Groups, int64(job.Slots), int64(len(job.Replicas)))
	return g, sums, nil
}

// maxShards is what the names of shards have digits for.
const maxShards = 99999

// checkPairs refuses pairs of different classes where all images are of one.
func checkPairs(job *Job, sums []Summary, g *Global) error {
	if job.Mix.Pair != mix.DifferentClass || g.N < 2 {
		return nil
	}
	res, only := job.resolver(g.Classes), -1
	for i := range sums {
		for label, count := range sums[i].Good {
			class, ok, err := res.resolve(label)
			switch {
			case !ok || err != nil || count == 0:
			case only >= 0 && class != only:
				return nil
			default:
				only = class
			}
		}
	}
	return refuse(CodeUsage, "--pair different-class: all %d images are of the class %q, so that no two can be paired: leave it out", g.N, g.Classes[only])
}
