package flink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// rest is Flink's REST interface.
type rest struct{ base string }

// A JobStatus says how far the vertices of a job are.
type JobStatus struct {
	State    string
	Vertices []Vertex
	// Restarts counts how often the job was restarted after a fault.
	Restarts int
}

// A Vertex is one operator of the job.
type Vertex struct{ Name, Status string }

func (r *rest) call(ctx context.Context, method, path string, out any) error {
	ctx, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, method, r.base+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %.200s", method, path, resp.Status, body)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(body, out)
}

// check looks at the cluster before anything is submitted, and returns its number of slots.
func (r *rest) check(ctx context.Context, o Options) (slots int, err error) {
	var overview struct {
		TaskManagers int    `json:"taskmanagers"`
		Slots        int    `json:"slots-total"`
		Version      string `json:"flink-version"`
	}
	if err := r.call(ctx, http.MethodGet, "/overview", &overview); err != nil {
		return 0, fmt.Errorf("flink: no REST interface at %s (%v): start the cluster (docs/flink.md), or give its address with --flink-rest", r.base, err)
	}
	if !strings.HasPrefix(overview.Version, supported+".") {
		return 0, fmt.Errorf("flink: the cluster runs Flink %s, and the job server's runner is for %s.x: their minor versions must be equal", overview.Version, supported)
	}
	if overview.Slots == 0 {
		return 0, fmt.Errorf("flink: the cluster at %s has no TaskManager: start one", r.base)
	}
	var config []struct{ Key, Value string }
	if err := r.call(ctx, http.MethodGet, "/jobmanager/config", &config); err != nil {
		return 0, fmt.Errorf("flink: the cluster's configuration cannot be read: %w", err)
	}
	strategy := ""
	for _, c := range config {
		if c.Key == "restart-strategy.type" || c.Key == "restart-strategy" {
			strategy = c.Value
		}
	}
	if strategy == "" || strategy == "none" || strategy == "disable" {
		o.Warn("flink: the cluster has no restart strategy, so the first lost worker ends the job; add to its configuration: restart-strategy.type: fixed-delay")
	}
	return overview.Slots, nil
}

// find returns Flink's id of a job by its name.
func (r *rest) find(ctx context.Context, name string) (id, state string, err error) {
	var list struct {
		Jobs []struct{ Jid, Name, State string }
	}
	if err := r.call(ctx, http.MethodGet, "/jobs/overview", &list); err != nil {
		return "", "", err
	}
	for _, j := range list.Jobs {
		if j.Name == name {
			return j.Jid, j.State, nil
		}
	}
	return "", "", errNoJob
}

var errNoJob = errors.New("no Flink job of that name")

// cancel ends a job and waits until it has ended. A job that never reached Flink needs none.
func (r *rest) cancel(ctx context.Context, name string) error {
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		id, state, err := r.find(ctx, name)
		switch {
		case errors.Is(err, errNoJob):
			// It may be on its way; the job service starts it some seconds after it took it.
			continue
		case err != nil:
			return err
		}
		switch state {
		case "CANCELED", "FAILED", "FINISHED":
			return nil
		case "CANCELLING":
			continue
		}
		if err := r.call(ctx, http.MethodPatch, "/jobs/"+id+"?mode=cancel", nil); err != nil {
			return err
		}
	}
	return errors.New("not ended after 60 s")
}

func (r *rest) status(ctx context.Context, name string) (JobStatus, error) {
	id, state, err := r.find(ctx, name)
	if err != nil {
		return JobStatus{}, err
	}
	var job struct{ Vertices []Vertex }
	if err := r.call(ctx, http.MethodGet, "/jobs/"+id, &job); err != nil {
		return JobStatus{}, err
	}
	return JobStatus{State: state, Vertices: job.Vertices}, nil
}

// rootCause is the worker's own error of a failed job.
func (r *rest) rootCause(ctx context.Context, name string) string {
	id, _, err := r.find(ctx, name)
	if err != nil {
		return ""
	}
	var ex struct {
		Root string `json:"root-exception"`
	}
	if err := r.call(ctx, http.MethodGet, "/jobs/"+id+"/exceptions", &ex); err != nil {
		return ""
	}
	return workerError(ex.Root)
}

// workerError finds the text of a DoFn's error in a Java stack trace.
func workerError(trace string) string {
	best := ""
	for _, line := range strings.Split(trace, "\n") {
		line = strings.TrimSpace(line)
		text, ok := strings.CutPrefix(line, "Caused by: ")
		if !ok && best != "" {
			continue
		}
		if ok {
			best = text
		} else if best == "" && line != "" && !strings.HasPrefix(line, "at ") {
			best = line
		}
	}
	if i := strings.Index(trace, "caused by:"); i >= 0 {
		rest := trace[i:]
		if j := strings.Index(rest, "\n\tat "); j >= 0 {
			rest = rest[:j]
		}
		lines := strings.Split(strings.TrimSpace(rest), "\n")
		best = strings.TrimSpace(lines[len(lines)-1])
	}
	return best
}
