package stage

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// reachJob is a job on a cluster that uses an input, a cache and an output.
func reachJob(t *testing.T, id string) (job *Job, in, cache, out string) {
	t.Helper()
	dir := t.TempDir()
	in, cache, out = filepath.Join(dir, "in"), filepath.Join(dir, "cache"), filepath.Join(dir, "out")
	if err := os.Mkdir(in, 0o777); err != nil {
		t.Fatal(err)
	}
	job = &Job{RunID: id, Split: "train", Slots: 4}
	job.Reach = Reach{Host: "launcher", Inputs: []string{in}}
	job.Reach.AddMarker("--cache", cache, cache, id)
	job.Reach.AddMarker("--out", out, filepath.Join(out, "__premix__", "train"), id)
	return job, in, cache, out
}

func TestReachable(t *testing.T) {
	ctx := context.Background()
	move := func(t *testing.T, path string) {
		if err := os.Rename(path, path+".elsewhere"); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, job *Job, in, cache, out string)
		want  []string // of the refusal; none: it must pass
	}{
		{"all there", func(*testing.T, *Job, string, string, string) {}, nil},
		{"input", func(t *testing.T, _ *Job, in, _, _ string) { move(t, in) }, []string{"--in ", "launcher", "mount"}},
		{"cache", func(t *testing.T, _ *Job, _, cache, _ string) { move(t, cache) }, []string{"--cache ", "launcher", "mount"}},
		{"output", func(t *testing.T, _ *Job, _, _, out string) { move(t, out) }, []string{"--out ", "launcher", "mount"}},
		{"another run", func(t *testing.T, job *Job, _, _, _ string) {
			if err := os.WriteFile(job.Reach.Markers[0].URI, []byte("else"), 0o666); err != nil {
				t.Fatal(err)
			}
		}, []string{"--cache "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			job, in, cache, out := reachJob(t, "run-"+strings.ReplaceAll(c.name, " ", "-"))
			if err := PlaceMarkers(ctx, job); err != nil {
				t.Fatal(err)
			}
			c.spoil(t, job, in, cache, out)
			err := Reachable(ctx, job)
			if c.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				// Once seen is enough: a launcher that is gone takes its markers with it.
				if err := RemoveMarkers(ctx, job); err != nil {
					t.Fatal(err)
				}
				if err := Reachable(ctx, job); err != nil {
					t.Fatal(err)
				}
				for _, m := range job.Reach.Markers {
					if list, _ := filepath.Glob(m.URI + "*"); len(list) > 0 {
						t.Errorf("left behind: %v", list)
					}
				}
				return
			}
			r := FindRefusal(err)
			if r == nil || r.Code != CodeUsage {
				t.Fatalf("%v, want a refusal", err)
			}
			if strings.Contains(r.Message, "\n") {
				t.Errorf("more than a line: %q", r.Message)
			}
			for _, w := range c.want {
				if !strings.Contains(r.Message, w) {
					t.Errorf("%q does not say %q", r.Message, w)
				}
			}
		})
	}
}

// TestReachableLocal holds that a local run looks at nothing.
func TestReachableLocal(t *testing.T) {
	if err := Reachable(context.Background(), &Job{RunID: "local"}); err != nil {
		t.Fatal(err)
	}
}

func TestRemoveMarkersTakesTheirProbes(t *testing.T) {
	ctx := context.Background()
	job, _, _, _ := reachJob(t, "probes")
	if err := PlaceMarkers(ctx, job); err != nil {
		t.Fatal(err)
	}
	m := job.Reach.Markers[1].URI
	other := filepath.Join(filepath.Dir(m), ".reach-other")
	for _, p := range []string{m + "-0123456789abcdef", other} {
		if err := os.WriteFile(p, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := RemoveMarkers(ctx, job); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(m), ".reach-*"))
	if len(left) != 1 || left[0] != other {
		t.Errorf("left: %v, want only the marker of the other run", left)
	}
}
