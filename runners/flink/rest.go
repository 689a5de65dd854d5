package flink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// rest is Flink's REST interface.
type rest struct{ base string }

func newREST(base string) *rest { return &rest{strings.TrimRight(base, "/")} }

const (
	callTimeout = 20 * time.Second
	maxAnswer   = 64 << 20
)

// call asks, and decodes the answer into out, which may be nil.
func (r *rest) call(ctx context.Context, method, path string, out any) error {
	ctx, stop := context.WithTimeout(ctx, callTimeout)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, method, r.base+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // the message of the caller has the address
		}
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %.200s", method, path, resp.Status, body)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s %s: the answer is not what Flink answers: %.60q", method, path, body)
	}
	return nil
}

var errNoJob = errors.New("no Flink job of that name")

// find returns Flink's id of a job by its name.
func (r *rest) find(ctx context.Context, name string) (jid string, err error) {
	var list struct {
		Jobs []struct{ Jid, Name string }
	}
	if err := r.call(ctx, http.MethodGet, "/jobs/overview", &list); err != nil {
		return "", err
	}
	for _, j := range list.Jobs {
		if j.Name == name {
			return j.Jid, nil
		}
	}
	return "", errNoJob
}

// status returns the state of a job and of its operators.
func (r *rest) status(ctx context.Context, jid string) (Status, error) {
	var job struct {
		State    string
		Vertices []Step
	}
	if err := r.call(ctx, http.MethodGet, "/jobs/"+jid, &job); err != nil {
		return Status{}, err
	}
	return Status{State: job.State, Steps: job.Vertices}, nil
}

// ended says whether a state of a job is its last.
func ended(state string) bool {
	return state == "FINISHED" || state == "FAILED" || state == "CANCELED"
}

// A fault is a failure that Flink recorded.
type fault struct {
	Name      string `json:"exceptionName"`
	Trace     string `json:"stacktrace"`
	Time      int64  `json:"timestamp"`
	Task      string `json:"taskName"`
	TaskOwner string `json:"taskManagerId"`
}

// faults returns the root cause of a failed job, or "", and the failures that Flink remembers, the
// latest first. There are at most sixteen, and only those since the JobManager started.
func (r *rest) faults(ctx context.Context, jid string) (root string, list []fault, err error) {
	var ex struct {
		Root    string `json:"root-exception"`
		History struct {
			Entries []fault
		} `json:"exceptionHistory"`
	}
	if err := r.call(ctx, http.MethodGet, "/jobs/"+jid+"/exceptions", &ex); err != nil {
		return "", nil, err
	}
	return ex.Root, ex.History.Entries, nil
}

// cancel asks Flink to end a job.
func (r *rest) cancel(ctx context.Context, jid string) error {
	return r.call(ctx, http.MethodPatch, "/jobs/"+jid+"?mode=cancel", nil)
}
