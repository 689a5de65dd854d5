package flinktest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/premix/premix/internal/otherbuild"
)

// TestFlinkOtherBuild starts jobs whose workers are another file than the launcher. One with another
// constant, as on a host that was forgotten, is refused at once and has written nothing; a copy of the
// launcher's file makes the bytes of a local run, from the cache that the other one did not get to.
func TestFlinkOtherBuild(t *testing.T) {
	w := theWorld(t)
	dir := t.TempDir()
	out, want, cache, right := filepath.Join(dir, "out"), filepath.Join(dir, "want"), filepath.Join(dir, "cache"), filepath.Join(dir, "copy")
	args := func(out, cache string) []string {
		return []string{"mix", "--in", w.in, "--out", out, "--cache", cache, "--size", "32", "--shards", "4", "--limit", "200", "--detector", "center"}
	}
	workers := func(binary string) []string {
		return append(w.on(args(out, cache)...), "--", fmt.Sprintf(`--environment_config={"command":%q}`, binary))
	}
	other := otherbuild.Premix(t)
	last := problem(w.start(t, workers(other)...).wait(2))
	says(t, last, "the worker on ", "rejected, before it did anything: "+other+" there is build ", "and the job wants build ", "copy "+w.binary+" of host ", " to "+other+" on ")
	for _, d := range []string{out, cache} {
		err := filepath.WalkDir(d, func(path string, e os.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err == nil && !e.IsDir() {
				t.Errorf("the refused job left %s", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	// Flink would try many times; a second attempt may begin before the job is ended.
	if n := w.faults(t, w.last(t).Jid); n > 3 {
		t.Errorf("it was tried %d times", n)
	}

	text, err := os.ReadFile(w.binary)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(right, text, 0o777); err != nil {
		t.Fatal(err)
	}
	w.start(t, workers(right)...).wait(0)
	w.local(t, args(want, filepath.Join(dir, "c1"))...)
	promised(t, want, out)
	w.alone(t)
}
