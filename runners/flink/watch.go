package flink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"

	"github.com/premix/premix/runners/internal/goeson"
	"github.com/premix/premix/runners/internal/workererr"
)

// A watch follows a submitted job to its end.
type watch struct {
	o       Options
	client  jobpb.JobServiceClient
	cluster *rest
	id      string // Beam's
	name    string // Flink's
	jid     string // Flink's; empty until the job server has handed the job over
	seen    int64  // time of the last fault that was told of
	count   int
}

// pollEvery is the time between two looks at a job; tests have less of it.
var pollEvery = 500 * time.Millisecond

const (
	// lostAfter is how long Flink's REST interface may stay silent; a JobManager may restart.
	lostAfter = 5 * time.Minute
	// arriveWithin bounds how long the job server may take to hand a job over.
	arriveWithin = 2 * time.Minute
	// cancelWithin bounds how long a job may take to end after it was told to.
	cancelWithin = 60 * time.Second
)

// A beamEnd is how the job server says that a job ended.
type beamEnd struct {
	state jobpb.JobState_Enum
	text  string // of its last error
	err   error  // the job server itself went away
}

// run waits for the end of the job, and cancels it when ctx ends.
func (w *watch) run(ctx context.Context) error {
	alive, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ends := make(chan beamEnd, 1)
	go func() { ends <- w.listen(alive) }()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	silentSince := time.Now()
	var beam *beamEnd
	for {
		select {
		case end := <-ends:
			beam = &end
			if end.err != nil && w.jid != "" {
				w.o.Warn("flink: the job server went away (%v); the job goes on", end.err)
			}
		case <-tick.C:
		case <-ctx.Done():
			return w.cancel(alive, beam, ends)
		}
		done, answered, err := w.look(alive, beam)
		if done || err != nil {
			return err
		}
		if answered {
			silentSince = time.Now()
		} else if time.Since(silentSince) > lostAfter {
			return fmt.Errorf("flink: neither the job server nor %s has reported job %s for %v: perhaps %w", w.cluster.base, w.id, lostAfter, goeson.Err)
		}
	}
}

// listen reads the messages of the job service to their end.
func (w *watch) listen(ctx context.Context) beamEnd {
	var end beamEnd
	stream, err := w.client.GetMessageStream(ctx, &jobpb.JobMessagesRequest{JobId: w.id})
	if err != nil {
		return beamEnd{err: err}
	}
	for {
		m, err := stream.Recv()
		if err != nil {
			if !terminal(end.state) {
				end.err = err
			}
			return end
		}
		if s := m.GetStateResponse(); s != nil {
			end.state = s.GetState()
			if terminal(end.state) && end.state != jobpb.JobState_FAILED {
				return end
			}
		}
		if t := m.GetMessageResponse(); t.GetImportance() >= jobpb.JobMessage_JOB_MESSAGE_ERROR {
			end.text = t.GetMessageText()
		}
		// The error comes after the state of a failed job, or before it.
		if end.state == jobpb.JobState_FAILED && end.text != "" {
			return end
		}
	}
}

func terminal(s jobpb.JobState_Enum) bool {
	return s == jobpb.JobState_DONE || s == jobpb.JobState_FAILED || s == jobpb.JobState_CANCELLED
}

// look asks Flink for the job. done with a nil error says that it finished well.
func (w *watch) look(ctx context.Context, beam *beamEnd) (done, answered bool, err error) {
	if w.jid == "" {
		jid, err := w.cluster.find(ctx, w.name)
		if err != nil {
			return w.withoutFlink(beam, err)
		}
		w.jid = jid
	}
	s, err := w.cluster.status(ctx, w.jid)
	if err != nil {
		return w.withoutFlink(beam, err)
	}
	root, list, err := w.cluster.faults(ctx, w.jid)
	if err != nil {
		return w.withoutFlink(beam, err)
	}
	switch s.State {
	case "FINISHED":
		return true, true, nil
	case "FAILED":
		return true, true, w.failed(root, beam)
	case "CANCELED":
		return true, true, fmt.Errorf("flink: job %s: %w", w.id, errForeignCancel)
	}
	if text := w.newFaults(list); text != "" {
		if err := w.end(ctx); err != nil {
			w.o.Warn("flink: the job could not be ended: %v", err)
		}
		return true, true, w.failed(text, beam)
	}
	s.Faults = w.count
	if w.o.Progress != nil {
		w.o.Progress(s)
	}
	return false, true, nil
}

// withoutFlink decides by what the job server said alone: Flink does not know the job yet, or any
// more, or does not answer.
func (w *watch) withoutFlink(beam *beamEnd, err error) (done, answered bool, _ error) {
	if beam == nil || beam.err != nil {
		return false, errors.Is(err, errNoJob) && beam == nil, nil
	}
	switch beam.state {
	case jobpb.JobState_DONE:
		return true, true, nil
	case jobpb.JobState_CANCELLED:
		return true, true, fmt.Errorf("flink: job %s: %w", w.id, errForeignCancel)
	}
	return true, true, w.failed("", beam)
}

// newFaults reports the failures since the last look, and returns the trace of one that makes
// trying again useless, or "".
func (w *watch) newFaults(list []fault) (final string) {
	latest := w.seen
	for i := len(list) - 1; i >= 0; i-- {
		f := list[i]
		if f.Time <= w.seen {
			continue
		}
		latest = max(latest, f.Time)
		if w.o.Final != nil && w.o.Final(f.Trace) {
			return f.Trace
		}
		w.count++
		where := ""
		if f.TaskOwner != "" {
			where = " on " + f.TaskOwner
		}
		w.o.Warn("flink: a worker failed%s, and its part is done again: %s", where, oneLine(cause(f.Trace)))
	}
	w.seen = latest
	return ""
}

func oneLine(s string) string {
	const most = 400
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + " …"
	}
	return s
}

// failed is the error of a failed job, from a stack trace or what the job server said.
func (w *watch) failed(trace string, beam *beamEnd) error {
	if trace == "" && beam != nil {
		trace = beam.text
	}
	text := "no reason is known; the logs of the JobManager and the TaskManagers have it"
	if trace != "" {
		text = workererr.Line(cause(trace))
	}
	return fmt.Errorf("flink: job %s failed: %s", w.id, text)
}

// end cancels the Flink job and waits until it has ended.
func (w *watch) end(ctx context.Context) error {
	asked := false
	for deadline := time.Now().Add(cancelWithin); time.Now().Before(deadline); time.Sleep(pollEvery) {
		s, err := w.cluster.status(ctx, w.jid)
		if err != nil {
			return err
		}
		if ended(s.State) {
			return nil
		}
		if !asked {
			if err := w.cluster.cancel(ctx, w.jid); err != nil {
				return err
			}
			asked = true
		}
	}
	return fmt.Errorf("not ended after %v", cancelWithin)
}

// arrive waits until Flink has the job: the job service hands it over some seconds after it took
// it. It returns Flink's id.
func (w *watch) arrive(ctx context.Context) (jid string, err error) {
	listening, stop := context.WithCancel(ctx)
	defer stop()
	ends := make(chan beamEnd, 1)
	go func() { ends <- w.listen(listening) }()
	return w.await(ctx, nil, ends)
}

// await is arrive with a listener that runs already.
func (w *watch) await(ctx context.Context, beam *beamEnd, ends <-chan beamEnd) (jid string, err error) {
	for deadline := time.Now().Add(arriveWithin); time.Now().Before(deadline); {
		if jid, err = w.cluster.find(ctx, w.name); err == nil {
			return jid, nil
		}
		if beam != nil && terminal(beam.state) {
			return "", w.failed("", beam)
		}
		select {
		case end := <-ends:
			beam = &end
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-time.After(pollEvery):
		}
	}
	return "", fmt.Errorf("flink: job %s has not arrived at %s after %v: %w", w.id, w.cluster.base, arriveWithin, err)
}

// cancel ends the job because the launcher was told to stop.
func (w *watch) cancel(ctx context.Context, beam *beamEnd, ends <-chan beamEnd) error {
	if w.jid == "" {
		jid, err := w.await(ctx, beam, ends)
		if err != nil {
			return fmt.Errorf("%v; it could not be cancelled: perhaps %w", err, goeson.Err)
		}
		w.jid = jid
	}
	if err := w.end(ctx); err != nil {
		return fmt.Errorf("flink: job %s could not be cancelled (%v): perhaps %w; cancel it at %s", w.id, err, goeson.Err, w.cluster.base)
	}
	// So that the job service forgets it too; the Flink job has ended. Its answer changes nothing.
	forget, stop := context.WithTimeout(ctx, dialTimeout)
	defer stop()
	w.client.Cancel(forget, &jobpb.CancelJobRequest{JobId: w.id})
	return errCancelled
}
