package launch

import (
	"errors"
	"strings"
	"testing"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/pipeline"
)

// variantsOf is a small job in variants.
func variantsOf(t *testing.T, out string, variants ...string) pipeline.Config {
	t.Helper()
	c := pipeline.Default()
	c.In, c.Out, c.Cache, c.Shards, c.Variants = []string{"synth:12"}, out, t.TempDir(), 2, variants
	c.Size.H, c.Size.W = 32, 32
	return c
}

// TestVariantsLock: runs that make other variants of one folder keep each other out, since copies for all lie above them,
// and a plain run keeps out the variant that it makes.
func TestVariantsLock(t *testing.T) {
	out := t.TempDir()
	if _, finished, err := Run(t.Context(), variantsOf(t, out, "a:", "b:--method none"), Options{}); err != nil || !finished {
		t.Fatal(err)
	}
	for _, dir := range []string{out, blob.Join(out, "c")} {
		_, unlock, err := Lock{RunID: "other"}.Take(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = Run(t.Context(), variantsOf(t, out, "c:--method cutmix"), Options{})
		if usage := (*UsageError)(nil); !errors.As(err, &usage) || !strings.Contains(err.Error(), "another run uses "+dir+" (") {
			t.Errorf("%s is locked: %v", dir, err)
		}
		unlock()
	}
	if _, finished, err := Run(t.Context(), variantsOf(t, out, "c:--method cutmix"), Options{}); err != nil || !finished {
		t.Error(err)
	}
}

// TestVariantsKept leaves variants out of a job that are complete, and their detectors with them.
func TestVariantsKept(t *testing.T) {
	out := t.TempDir()
	if _, _, err := Run(t.Context(), variantsOf(t, out, "a:--format webdataset,tfds", "b:--detector spectral"), Options{}); err != nil {
		t.Fatal(err)
	}
	c := variantsOf(t, out, "a:--format webdataset,tfds", "b:--detector spectral", "c:--detector center")
	job, err := Prepare(t.Context(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := job.Description
	if len(job.Kept) != 3 || len(d.Outputs) != 1 || d.Outputs[0].Dir != blob.Join(out, "c") || len(d.Finders) != 0 || d.Detector != "center" || d.Outputs[0].Listing == "" {
		t.Errorf("%d outputs are kept; the job has %+v", len(job.Kept), d.Outputs)
	}
	for i, want := range []string{"a/webdataset", "a/tfds", "b"} {
		if k := job.Kept[i]; k.Dir != blob.Join(out, want) || k.Manifest == nil {
			t.Errorf("output %d that is kept: %+v, want %s", i, k, want)
		}
	}
	if finished, err := job.Run(t.Context()); err != nil || !finished {
		t.Fatal(err)
	}
	if job, err = Prepare(t.Context(), c, Options{}); err != nil || len(job.Complete) != 4 || len(job.Kept) != 0 {
		t.Errorf("%d are complete, %d kept: %v", len(job.Complete), len(job.Kept), err)
	}
	c.Recheck = true
	if job, err = Prepare(t.Context(), c, Options{}); err != nil || job.Complete != nil || len(job.Kept) != 0 || len(job.Description.Finders) != 2 {
		t.Errorf("a recheck: %d kept: %v", len(job.Kept), err)
	}
}
