// Package golden compares what a test got with a file that is committed beside it.
//
// A golden file is rewritten with
//
//	go test ./path/to/package -run TestName -rewrite
//
// and then read: rewriting is legitimate when the change of the output is the point of the
// commit, and never to silence a test. The flag is not called -update, since Beam's Dataflow
// runner owns that name in every binary that links it.
package golden

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden files in testdata with what the tests got")

// Equal fails the test unless got equals testdata/name of the package under test. Text is
// reported as a diff, other bytes by the first place that differs.
func Equal(t testing.TB, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *rewrite {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with -rewrite)", err)
	}
	if bytes.Equal(want, got) {
		return
	}
	if text(want) && text(got) {
		t.Errorf("%s differs (-want +got):\n%s", path, cmp.Diff(string(want), string(got)))
		return
	}
	at := 0
	for at < min(len(want), len(got)) && want[at] == got[at] {
		at++
	}
	t.Errorf("%s differs at byte %d; it has %d bytes, got %d", path, at, len(want), len(got))
}

func text(b []byte) bool { return bytes.IndexByte(b, 0) < 0 }
