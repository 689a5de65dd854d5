package stage

import (
	"cmp"
	"context"
	"encoding/hex"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/mix"
)

// A Plan is what the gate hands on: the plan of the job, its chunks, which become rows, and what became of the
// input. Of a replay it has no chunks and no accounts.
type Plan struct {
	Global   *Global
	Chunks   []PlannedChunk
	Accounts []Account
}

// Gate makes the plan of the job, or takes it from the output whose plan is replayed. It refuses to
// go on where too many images are bad, or where the output belongs to another recipe or input. It is
// the last stage before the first write.
func Gate(ctx context.Context, job *Job, sums Summaries) (*Plan, error) {
	ctx = job.Guarded(ctx)
	p, containers, err := makePlan(ctx, job, sums)
	if err != nil {
		return nil, err
	}
	growHeap(job.heldRows(p.Global))
	return p, claimAll(ctx, job, p.Global, containers)
}

// makePlan makes the plan, or takes it from an output, and returns it with the containers of the input.
func makePlan(ctx context.Context, job *Job, sums Summaries) (*Plan, []dataset.InputContainer, error) {
	if job.Replay != nil {
		g, err := plannedGlobal(ctx, job)
		if err != nil {
			return nil, nil, err
		}
		in, err := plannedOutcome(ctx, job)
		if err != nil {
			return nil, nil, err
		}
		return &Plan{Global: g}, dataset.Containers(in.chunks), nil
	}
	t, err := readTally(job, sums)
	if err != nil {
		return nil, nil, err
	}
	g, err := newGlobal(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	accounts, err := accountFor(t.chunks)
	if err != nil {
		return nil, nil, err
	}
	return &Plan{Global: g, Chunks: t.chunks, Accounts: accounts}, joined(accounts).Containers, assertOrdinals(t.chunks, g.N)
}

// newGlobal makes the plan and checks it.
func newGlobal(ctx context.Context, t *tally) (*Global, error) {
	g, err := makeGlobal(ctx, t)
	if err != nil {
		return nil, err
	}
	if err := checkEven(t); err != nil {
		return nil, err
	}
	if err := checkBad(ctx, t, g); err != nil {
		return nil, err
	}
	if g.Warnings, err = checkLabels(ctx, t, g); err != nil {
		return nil, err
	}
	return g, checkPairs(t, g)
}

// checkEven refuses detectors that cannot use the same images of the chunks that are looked at, since all variants have
// the same.
func checkEven(t *tally) error {
	for k := range t.job.Finders {
		var n int64
		first := ""
		for i := range t.chunks {
			if u := t.chunks[i].Uneven; k < len(u) && u[k].Images > 0 {
				n, first = n+u[k].Images, cmp.Or(first, u[k].First)
			}
		}
		if n > 0 {
			return refuse(CodeUsage, "--variant %s: for its detector %d images fail that the first variant can use, or the other way round (%s): all variants of a run have the same images; make this one by a run of its own, which finds the peaks in the cache",
				t.job.Finders[k].Variant, n, first)
		}
	}
	return nil
}

// makeGlobal makes the plan of what the job looks at.
func makeGlobal(ctx context.Context, t *tally) (*Global, error) {
	g, job := &Global{}, t.job
	if err := t.plan(ctx, g); err != nil {
		return nil, err
	}
	if err := checkShared(job, t.labels, g.Classes); err != nil {
		return nil, err
	}
	g.OwnList = ownList(job, t.labels, g.Classes)
	var digest, good [32]byte
	var images, size int64
	for i := range t.chunks {
		p := &t.chunks[i]
		n := p.Entries - total(p.Failed)
		digest = dataset.JoinDigest(digest, p.Digest, p.Entries)
		good = dataset.JoinDigest(good, p.GoodDigest, n)
		images += n
		size += p.Bytes
	}
	g.InputsDigest, g.GoodDigest = hex.EncodeToString(digest[:]), hex.EncodeToString(good[:])
	if err := g.chooseShards(ctx, job, images, size); err != nil {
		return nil, err
	}
	g.chooseGroups(job.Groups, int64(job.Slots), int64(len(job.Replicas)), job.Rounds)
	return g, nil
}

// checkPairs refuses pairs of different classes where all images are of one.
func checkPairs(t *tally, g *Global) error {
	if t.job.Mix.Pair != mix.DifferentClass || g.N < 2 {
		return nil
	}
	used := usedClasses(t.job, t.labels, g.Classes)
	if len(used) != 1 {
		return nil
	}
	for only := range used {
		return refuse(CodeUsage, "--pair different-class: all %d images are of the class %q, so none can be paired: leave it out", g.N, g.Classes[only])
	}
	return nil
}
