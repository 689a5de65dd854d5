package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/premix/premix/io/blob"
)

// TestReplacedInput: a shard that is replaced while a job reads it ends the job with its name and what to do; the
// output has no shard, and the same command goes on with the new content.
func TestReplacedInput(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	premix(t, "synth", "--out", in, "--images", "60", "--format", "webdataset")
	shards, err := filepath.Glob(filepath.Join(in, "*.tar"))
	if err != nil || len(shards) != 1 {
		t.Fatalf("%q, %v", shards, err)
	}
	data, err := os.ReadFile(shards[0])
	if err != nil {
		t.Fatal(err)
	}
	var reads atomic.Int64 // of the whole shard: two look at the first labels, the third finds peaks
	var replace func()
	root := s3(t, func(store http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			whole := fmt.Sprintf("bytes=0-%d", len(data)-1)
			if r.Method == http.MethodGet && r.Header.Get("Range") == whole && reads.Add(1) == 3 {
				w = &brokenOff{w, len(data) / 2, replace}
			}
			store.ServeHTTP(w, r)
		})
	})
	uri := blob.Join(root, "in", filepath.Base(shards[0]))
	copyTree(t, in, blob.Join(root, "in"))
	replace = func() {
		if err := blob.WriteFile(t.Context(), uri, append(data[:len(data):len(data)], make([]byte, 1024)...)); err != nil {
			t.Error(err)
		}
	}
	out := filepath.Join(dir, "out")
	args := []string{"mix", "--in", blob.Join(root, "in"), "--out", out, "--cache", filepath.Join(dir, "cache"), "--size", "32"}
	text, err := exec.Command("premix", args...).CombinedOutput()
	var exit *exec.ExitError
	if exit, _ = err.(*exec.ExitError); exit == nil || exit.ExitCode() != exitFailed {
		t.Errorf("%v:\n%s", err, text)
	}
	if last := strings.TrimSpace(string(text)); !strings.Contains(last, filepath.Base(uri)) || !strings.Contains(last, "the object has changed while it was read; run again when nothing writes to it") {
		t.Errorf("it says\n%s", text)
	}
	if made, err := filepath.Glob(filepath.Join(out, "*.tar")); err != nil || len(made) > 0 {
		t.Errorf("shards %q, %v", made, err)
	}
	if text := premix(t, args...); !strings.Contains(text, "60 good") {
		t.Errorf("the second run says\n%s", text)
	}
}

// A brokenOff breaks the connection off behind some bytes, and calls a function before.
type brokenOff struct {
	http.ResponseWriter
	left   int
	before func()
}

func (w *brokenOff) Write(p []byte) (int, error) {
	if len(p) > w.left {
		w.ResponseWriter.Write(p[:w.left])
		w.ResponseWriter.(http.Flusher).Flush()
		w.before()
		panic(http.ErrAbortHandler)
	}
	w.left -= len(p)
	return w.ResponseWriter.Write(p)
}
