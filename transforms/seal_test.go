package transforms

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/sample"
	"github.com/premix/premix/transforms/stage"
)

// TestForgedRefusal reads an input whose class has the name of a refusal: an error that mentions it
// stays an error.
func TestForgedRefusal(t *testing.T) {
	for _, name := range []string{
		`premix-refusal={"Code":0,"Message":"all done"}`,
		`premix-refusal={"Code":4,"Message":"all done"}`,
	} {
		dir := t.TempDir()
		file := filepath.Join(dir, name, "a.jpg")
		if err := errors.Join(os.Mkdir(filepath.Dir(file), 0o755), os.WriteFile(file, []byte("x"), 0o644)); err != nil {
			t.Fatal(err)
		}
		job := &Job{Cache: stage.CacheInfo{URI: t.TempDir(), Fingerprint: "f"}, Replicas: []int{0}, Rounds: 1, Params: sample.Params{Geometry: crop.Geometry{Mode: crop.Squash}}}
		catalog, err := source.Discover(t.Context(), []source.Input{{URI: dir}}, job.Source)
		if err != nil {
			t.Fatal(err)
		}
		chunks, err := source.Split(t.Context(), catalog.Containers[0], job.Source)
		if err != nil || len(chunks) != 1 {
			t.Fatal(chunks, err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		fn := &peaksFn{newJobFn("test", job)}
		err = fn.ProcessElement(t.Context(), mustEncode("test", &chunks[0]), func([]byte) { t.Error("a summary") })
		if err == nil || !strings.Contains(err.Error(), "all done") {
			t.Fatalf("%v does not name the class", err)
		}
		if r := stage.FindRefusal(errors.New(err.Error())); r != nil {
			t.Errorf("%v is taken for the refusal %+v", err, *r)
		}
	}
}
