package dataset_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
)

// TestReportUnread takes the plan of a shard and its first samples away from the report. It says what it
// lacks; only where the content of a file is wrong the split is not finished, and the shard is named.
func TestReportUnread(t *testing.T) {
	o := fixture.Output{Dir: t.TempDir(), Images: 4}
	p := o.Shard(t)
	damage := func(b []byte) []byte { clear(b[:min(len(b), 512)]); return b }
	for _, test := range []struct {
		name, file string
		loop       bool // a link to itself is in the place of the file: it cannot be read
		said       string
	}{
		{"shard", o.Records[0].Path, false, "The first samples, because of demo-train-000000.tar"},
		{"plan", o.Records[1].PlanPath, false, "The table of classes, because of demo-train-000001.tar"},
		{"shard that cannot be read", o.Records[0].Path, true, "The first samples, because of demo-train-000000.tar"},
		{"plan that cannot be read", o.Records[1].PlanPath, true, "The table of classes, because of demo-train-000001.tar"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			if err := os.CopyFS(dir, os.DirFS(o.Dir)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, test.file)
			text, err := os.ReadFile(path)
			if err == nil {
				err = os.Remove(path)
			}
			if err == nil && test.loop {
				err = os.Symlink(path, path)
			} else if err == nil {
				err = os.WriteFile(path, damage(text), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			p := p
			p.Out = dir
			_, err = dataset.Finish(t.Context(), p)
			damaged := (*dataset.DamagedError)(nil)
			if got := errors.As(err, &damaged); got == test.loop || !got && err != nil {
				t.Fatal(err)
			}
			if !test.loop {
				if name := damaged.Shards[0].Path; len(damaged.Shards) != 1 || !strings.Contains(test.said, name) {
					t.Errorf("%+v", damaged)
				}
				if _, err := dataset.LoadManifest(t.Context(), dir, "train"); err == nil {
					t.Error("there is a manifest")
				}
				p.Rebuilt = true
				if _, err := dataset.Finish(t.Context(), p); err != nil {
					t.Fatal(err)
				}
			}
			report, err := os.ReadFile(filepath.Join(dir, "__premix__/train/report.html"))
			if err != nil || !strings.Contains(string(report), test.said) {
				t.Errorf("%v; the report does not say %q", err, test.said)
			}
			if _, err := dataset.LoadManifest(t.Context(), dir, "train"); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSameHash tells a damaged hash from another one.
func TestSameHash(t *testing.T) {
	const a = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for b, want := range map[string]bool{
		a: true, "f" + a[1:]: true, strings.Repeat("x", 32) + a[32:]: true, strings.Repeat("x", 33) + a[33:]: false, a[1:] + "0": false, "": false, a[:63]: false,
	} {
		if dataset.SameHash(a, b) != want {
			t.Errorf("%s: %t", b, !want)
		}
	}
}
