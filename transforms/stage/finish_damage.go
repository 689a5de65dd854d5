package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/premix/premix/dataset"
)

// stillOurs checks, before the manifest says that all is there, that no other run has taken the
// output over meanwhile, and that every shard is where its record says.
func stillOurs(ctx context.Context, job *Job, o *Output, records []dataset.ShardRecord) error {
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
	var damaged []dataset.DamagedShard
	for i := range records {
		r := &records[i]
		ok, err := r.Intact(ctx, o.Dir, job.Split)
		if err != nil {
			return err
		}
		if !ok {
			damaged = append(damaged, dataset.DamagedShard{
				Replica: r.Replica, Shard: r.Shard, Path: r.Path, Err: errors.New("it, its index or its plan is gone, or was changed"),
			})
		}
	}
	if len(damaged) > 0 {
		return &dataset.DamagedError{Out: o.Dir, Shards: damaged}
	}
	return nil
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
		if err := dataset.RemoveRecord(ctx, e.Out, job.Split, s.Replica, s.Shard); err != nil {
			return "", err
		}
		ours = append(ours, s)
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
func withShards(job *Job, made []OutputRecord) (json.RawMessage, error) {
	if len(job.Run) == 0 || job.PlanOnly {
		return job.Run, nil
	}
	var counts dataset.RunShards
	for i := range made {
		switch {
		case made[i].Kept:
			counts.Kept++
		case made[i].Anew:
			counts.Anew++
		default:
			counts.New++
		}
	}
	return dataset.RunWithShards(job.Run, counts)
}
