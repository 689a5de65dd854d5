package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/shard"
)

// stillOurs checks, before the manifest says that all is there, that no other run has taken the
// output over meanwhile, and that every shard is where its record says.
func stillOurs(ctx context.Context, job *Job, g *Global, o *Output, format shard.Format, shards *dataset.ShardSet) error {
	run, err := RunOf(ctx, o.Dir, job.Split)
	if err != nil {
		return err
	}
	if run != job.RunID {
		return refuse(CodeOther, "%s: another run began to write the split %s while this one worked: nothing more was written; run again", o.Dir, job.Split)
	}
	if job.PlanOnly {
		return nil // no shard was made
	}
	missing, err := shards.Missing(ctx, o.Dir, format, o.spec(job, g, 0))
	if err == nil && len(missing) > 0 {
		err = &dataset.DamagedError{Out: o.Dir, Shards: missing}
	}
	return err
}

// makeAnew removes the records of damaged shards, so that the next run makes the shards anew, and
// returns the message for the user. It changes nothing in replicas that the job does not make.
//
// A runner that tries the stage again finds the same damage and says the same.
func makeAnew(ctx context.Context, job *Job, e *dataset.DamagedError) (string, error) {
	var ours, others []dataset.DamagedShard
	for _, s := range e.Shards {
		if !slices.Contains(job.Replicas, s.Replica) {
			others = append(others, s)
			continue
		}
		ours = append(ours, s)
	}
	each, ectx := errgroup.WithContext(ctx)
	each.SetLimit(16)
	for _, s := range ours {
		each.Go(func() error { return dataset.RemoveRecord(ectx, e.Out, job.Split, s.Replica, s.Shard) })
	}
	if err := each.Wait(); err != nil {
		return "", err
	}
	var lines []string
	if len(ours) > 0 {
		them := "it"
		if len(ours) > 1 {
			them = "them"
		}
		lines = append(lines, fmt.Sprintf("%s: damaged: %s: run the same command again to rewrite %s", e.Out, nameDamaged(ours), them))
	}
	if len(others) > 0 {
		first, last := others[0].Replica, others[len(others)-1].Replica
		lines = append(lines, fmt.Sprintf("%s: damaged in replicas that this run does not make: %s: rewrite them with --recheck --first-replica %d --replicas %d, and run the same command again",
			e.Out, nameDamaged(others), first, last-first+1))
	}
	return strings.Join(lines, "\n"), nil
}

// nameDamaged lists damaged shards, with the reasons of the first few.
func nameDamaged(shards []dataset.DamagedShard) string {
	const most = 3
	var list []string
	for i, s := range shards {
		if i == most {
			list = append(list, fmt.Sprintf("and %d more shards", len(shards)-most))
			break
		}
		list = append(list, fmt.Sprintf("%s (%s)", s.Path, strings.TrimPrefix(s.Err.Error(), "dataset: ")))
	}
	return strings.Join(list, ", ")
}

// withShards is run.json of an output, with what became of its shards.
func withShards(job *Job, o *Output, shards *dataset.ShardSet) (json.RawMessage, error) {
	run := job.RunJSON(o)
	if len(run) == 0 || job.PlanOnly {
		return run, nil
	}
	return dataset.RunWithShards(run, shards.Counts())
}
