package stage

import (
	"context"
	"encoding/hex"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/mix"
)

// Gate makes the plan of the job, or takes it from the output whose plan is replayed. It refuses to
// go on where too many images are bad, or where the output belongs to another recipe or input. It is
// the last stage before the first write.
func Gate(ctx context.Context, job *Job, sums []Summary) (*Global, error) {
	ctx = job.Guarded(ctx)
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
	if g.Warnings, err = checkLabels(ctx, job, sums, g); err != nil {
		return nil, err
	}
	return g, checkPairs(job, sums, g)
}

// makeGlobal returns the plan, and the summaries of what the plan looks at.
func makeGlobal(ctx context.Context, job *Job, sums []Summary) (*Global, []Summary, error) {
	g := &Global{}
	sums, err := g.choose(ctx, job, sums)
	if err != nil {
		return nil, nil, err
	}
	labels := goodLabels(sums)
	if err := checkShared(job, labels, g.Classes); err != nil {
		return nil, nil, err
	}
	g.OwnList = ownList(job, labels, g.Classes)
	var digest, good [32]byte
	var images, size int64
	for i := range sums {
		s := &sums[i]
		digest = dataset.JoinDigest(digest, s.Digest, s.Entries)
		good = dataset.JoinDigest(good, s.GoodDigest, s.good())
		g.N += g.Chunks[s.ID].Count
		images += s.good()
		size += s.Bytes
	}
	g.InputsDigest, g.GoodDigest = hex.EncodeToString(digest[:]), hex.EncodeToString(good[:])
	if err := g.chooseShards(ctx, job, images, size); err != nil {
		return nil, nil, err
	}
	g.chooseGroups(job.Groups, int64(job.Slots), int64(len(job.Replicas)))
	return g, sums, nil
}

// choose fills in the class list and the share of each chunk, and returns the summaries of what is
// looked at.
func (g *Global) choose(ctx context.Context, job *Job, sums []Summary) (looked []Summary, err error) {
	if job.Catalog.Classes == nil && job.StopsEarly() {
		// The class list is that of the images that are looked at.
		if g.Chunks, looked, err = planChunks(ctx, job, sums, nil); err != nil {
			return nil, err
		}
		g.Classes, err = classList(goodLabels(looked))
		return looked, err
	}
	if g.Classes = job.Catalog.Classes; g.Classes == nil {
		if g.Classes, err = classList(goodLabels(sums)); err != nil {
			return nil, err
		}
	}
	g.Chunks, looked, err = planChunks(ctx, job, sums, g.Classes)
	return looked, err
}

// checkPairs refuses pairs of different classes where all images are of one.
func checkPairs(job *Job, sums []Summary, g *Global) error {
	if job.Mix.Pair != mix.DifferentClass || g.N < 2 {
		return nil
	}
	res, only := job.resolver(g.Classes), -1
	for label := range goodLabels(sums) {
		class, ok, err := res.resolve(label)
		if err != nil || !ok {
			continue
		}
		if only >= 0 && class != only {
			return nil
		}
		only = class
	}
	return refuse(CodeUsage, "--pair different-class: all %d images are of the class %q, so none can be paired: leave it out", g.N, g.Classes[only])
}
