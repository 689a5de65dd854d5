package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/transforms/stage"
)

// A job on a cluster can outlive its launcher: after --async, after Ctrl-C on Dataflow, and when the
// launcher is killed. Therefore the launcher writes a record, .job-RUN, into the output before it submits
// the job. The finish stage removes the record, or the launcher if it sees the job fail. The record of a
// job that was cancelled later stays, and --break-lock removes it.
const jobRecordPrefix = dataset.JobPrefix

// jobRecords are the records of this job, one in each folder of the output. They are what its workers
// compare before each change: a job whose record was removed ends.
func (j *Job) jobRecords() []stage.HeldLock {
	host, _ := os.Hostname()
	text := fmt.Sprintf("job %s on %s, submitted %s by process %d on %s, run %s\n", jobName(j.Config), j.Config.Runner, j.Start.UTC().Format(time.RFC3339), os.Getpid(), host, j.Description.RunID)
	var records []stage.HeldLock
	for _, dir := range j.lockDirs() {
		records = append(records, stage.HeldLock{Dir: dir, URI: blob.Join(dir, dataset.MetaDir, jobRecordPrefix+j.Description.RunID), Text: text})
	}
	return records
}

// recordJob writes the records.
func (j *Job) recordJob(ctx context.Context) error {
	if !j.OnCluster() || j.Options.PeaksOnly {
		return nil
	}
	for _, l := range j.Description.Locks {
		if err := blob.WriteFile(ctx, l.URI, []byte(l.Text)); err != nil {
			return err
		}
	}
	return nil
}

// checkJobs refuses an output that a job on a cluster may still write to. With breakIt it removes the
// records of such jobs.
func checkJobs(ctx context.Context, out string, breakIt bool) error {
	list, err := blob.List(ctx, blob.Join(out, dataset.MetaDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, o := range list {
		if !strings.HasPrefix(blob.Base(o.URI), jobRecordPrefix) {
			continue
		}
		if breakIt {
			if err := blob.RemoveBelow(ctx, out, o.URI); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			continue
		}
		text := []byte(o.Special)
		if o.Special == "" {
			text, err = blob.ReadAll(ctx, o.URI, 1<<12)
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has just ended
		}
		if err != nil {
			return err
		}
		return usagef("a job on a cluster uses %s (%s): wait for its end, or add --break-lock if it was cancelled or has failed", out, strings.TrimSpace(string(text)))
	}
	return nil
}
