package stage

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/io/source"
)

// A worker takes the chunks that the launcher of its start listed, once; else it lists.
func TestSplitOnce(t *testing.T) {
	b := newBench(t, "synth:23", nil)
	c := b.containers[0]
	want, err := Split(t.Context(), b.job, c)
	if err != nil {
		t.Fatal(err)
	}
	kept := []source.Chunk{{Container: c, ID: "that the launcher listed"}}
	other := *b.job
	other.RunID = "another start"
	for _, step := range []struct {
		what string
		list bool
		job  *Job
		want []source.Chunk
	}{
		{"nothing was listed", false, b.job, want},
		{"another start", true, &other, want},
		{"the first time", false, b.job, kept},
		{"the second time", false, b.job, want},
	} {
		if step.list {
			Listed(b.job, kept)
		}
		got, err := SplitOnce(t.Context(), step.job, c)
		if err != nil {
			t.Fatal(err)
		}
		same := cmp.Comparer(func(a, b source.Chunk) bool { return a.ID == b.ID })
		if diff := cmp.Diff(step.want, got, same); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.what, diff)
		}
	}
}
