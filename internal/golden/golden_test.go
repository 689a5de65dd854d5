package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorder is a testing.TB that keeps what it is told, so that a failing comparison can be
// looked at.
type recorder struct {
	testing.TB
	log strings.Builder
}

func (r *recorder) Helper()                      {}
func (r *recorder) Errorf(f string, args ...any) { fmt.Fprintf(&r.log, f, args...) }
func (r *recorder) Fatalf(f string, args ...any) { fmt.Fprintf(&r.log, f, args...); panic(r) }
func (r *recorder) compare(name string, b []byte) (said string) {
	defer func() {
		if p := recover(); p != nil && p != any(r) {
			panic(p)
		}
		said = r.log.String()
	}()
	Equal(r, name, b)
	return ""
}

func TestEqual(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, data := range map[string]string{"text": "one\ntwo\n", "bin": "a\x00bc"} {
		path := filepath.Join("testdata", name)
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, file, got string
		want            string // a part of what is said; empty: nothing
	}{
		{"equal text", "text", "one\ntwo\n", ""},
		{"other text", "text", "one\nthree\n", "-want +got"},
		{"equal bytes", "bin", "a\x00bc", ""},
		{"other bytes", "bin", "a\x00bd", "differs at byte 3"},
		{"shorter bytes", "bin", "a\x00", "it has 4 bytes, got 2"},
		{"no file", "gone", "x", "-rewrite"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			said := (&recorder{TB: t}).compare(test.file, []byte(test.got))
			if (test.want == "") != (said == "") || !strings.Contains(said, test.want) {
				t.Errorf("said %q, want a part %q", said, test.want)
			}
		})
	}
}
