package dataset_test

import (
	"strings"
	"testing"

	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/internal/golden"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// TestReadme pins README.md of every format; its Python is run by hand when it changes, against
// an output of each format.
func TestReadme(t *testing.T) {
	for _, format := range formats.Names() {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			o := fixture.Output{Dir: dir, Format: format, LabelForm: shard.Dense, Encode: "jpeg:90", Replicas: []int{0, 1}}
			o.Make(t)
			text := tree(t, dir)["README.md"]
			golden.Equal(t, "README-"+format+".md", sizeless(text))
			for _, bad := range []string{dir, o.In, "<no value>", "\n\n\n", "\t"} {
				if strings.Contains(text, bad) {
					t.Errorf("README.md contains %q", bad)
				}
			}
			if n := strings.Count(text, "\n## "); n < 5 {
				t.Errorf("README.md speaks to %d readers", n)
			}
		})
	}
}
