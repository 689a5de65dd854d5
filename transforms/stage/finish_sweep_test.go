package stage

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/io/shard"
)

// TestSweepOutput: temporaries go from the folders of the output, and stay in all others: those of a
// cache or of another output below it are of a run that may be at work.
func TestSweepOutput(t *testing.T) {
	const temp = ".tmp-x.tar-0123456789abcdef"
	for format, own := range map[string][]string{
		"webdataset":   {".", "__index__"},
		"tfrecord":     {".", "__index__"},
		"tfds":         {".", "set/1.0.0"},
		"array_record": {".", "set/1.0.0"},
		"mds":          {".", "train", "train-r007"},
		"parquet":      {"."},
	} {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			own = append(own, "__premix__", "__premix__/train", "__premix__/train/shards", "__premix__/train/plan", "__premix__/.spool-train",
				"__premix__/val", "__premix__/val/shards", "__premix__/val/plan")
			foreign := []string{"peaks", "peaks/fingerprint", "other", "other/__premix__/train/shards"}
			for _, folder := range append(own, foreign...) {
				path := filepath.Join(dir, folder, temp)
				if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, nil, 0o666); err != nil {
					t.Fatal(err)
				}
				ahead := time.Now().Add(48 * time.Hour) // the clock of its host was wrong
				if err := os.Chtimes(path, ahead, ahead); err != nil {
					t.Fatal(err)
				}
			}
			job := &Job{Outputs: []Output{{Dir: dir, Format: format, Spec: shard.Spec{Name: "set", Split: "train"}}}, Spool: SpoolInfo{URI: filepath.Join(dir, "__premix__", ".spool-train")}}
			if err := SweepOutput(t.Context(), job, 0, 0); err != nil {
				t.Fatal(err)
			}
			var left []string
			for _, folder := range append(own, foreign...) {
				if _, err := os.Stat(filepath.Join(dir, folder, temp)); err == nil {
					left = append(left, folder)
				}
			}
			if d := cmp.Diff(foreign, left); d != "" {
				t.Error(d)
			}
		})
	}
}
