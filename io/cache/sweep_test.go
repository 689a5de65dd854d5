package cache

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSweep lets killed runs leave temporaries. A run removes those of its fingerprint, prune those of all, and
// neither one that a run may be writing.
func TestSweep(t *testing.T) {
	const random = "-0123456789abcdef"
	m, c := whole(5)
	dead := time.Now().Add(-2 * tempAge)
	for name, tt := range map[string]struct {
		work func(t *testing.T, dir string)
		want []string // is left, of the temporaries below
	}{
		"a run that saves": {func(t *testing.T, dir string) {
			save(t, Open(dir, "f", []byte("{}")), "d", m, c)
		}, []string{"f/live", "g/dead", "none/dead", "others/dead"}},
		"a run that reads": {func(t *testing.T, dir string) {
			if _, err := load(t.Context(), Open(dir, "f", []byte("{}")), "c"); err != nil {
				t.Fatal(err)
			}
		}, []string{"f/live", "g/dead", "none/dead", "others/dead"}},
		"prune of nothing": {func(t *testing.T, dir string) {
			if gone, err := Prune(t.Context(), dir, time.Hour); err != nil || len(gone) > 0 {
				t.Fatal(gone, err)
			}
		}, []string{"f/live", "others/dead"}},
		"prune of all": {func(t *testing.T, dir string) {
			if gone, err := Prune(t.Context(), dir, -time.Hour); err != nil || len(gone) != 2 {
				t.Fatal(gone, err)
			}
		}, []string{"others/dead"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, f := range []string{"f", "g"} {
				save(t, Open(dir, f, []byte("{}")), "c", m, c)
			}
			temps := map[string]string{}
			for _, at := range []string{"f/dead", "f/live", "g/dead", "none/dead", "others/dead"} {
				path := filepath.Join(dir, filepath.Dir(at), ".tmp-"+dataName("c", ContentOf(c), 0, 1)+random[:16]+at[len(at)-1:])
				if filepath.Base(at) == "live" {
					path = path[:len(path)-1] + "e"
				}
				temps[at] = path
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte("PAR1"), 0o644); err != nil {
					t.Fatal(err)
				}
				if filepath.Base(at) == "dead" {
					if err := os.Chtimes(path, dead, dead); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := os.WriteFile(filepath.Join(dir, "others", "notes.txt"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			tt.work(t, dir)
			var left []string
			for _, at := range []string{"f/dead", "f/live", "g/dead", "none/dead", "others/dead"} {
				if _, err := os.Lstat(temps[at]); err == nil {
					left = append(left, at)
				}
			}
			if d := cmp.Diff(tt.want, left); d != "" {
				t.Errorf("temporaries (-want +left): %s", d)
			}
		})
	}
}
