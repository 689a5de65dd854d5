package verify_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/dataset/verify"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// TestClassesCut: a class list that is too short or too long, and counts of classes and sizes that
// cannot be, are defects in every format, whatever the records hold.
func TestClassesCut(t *testing.T) {
	for _, name := range formats.Names() {
		o := fixture.Output{Dir: t.TempDir(), Format: name, Images: 6, LabelForm: shard.Dense}
		o.Make(t)
		for _, test := range []struct {
			name, file string
			spoil      func(*testing.T, []byte) []byte // nil: remove
			want       string
		}{
			{"cut to one name", "classes.txt", func(_ *testing.T, b []byte) []byte { return b[:bytes.IndexByte(b, '\n')+1] }, "classes.txt: 1 names with"},
			{"empty", "classes.txt", func(*testing.T, []byte) []byte { return nil }, "classes.txt: 0 names with"},
			{"a name more", "classes.txt", func(_ *testing.T, b []byte) []byte { return append(b, "x\n"...) }, "classes.txt: 4 names with"},
			{"gone", "classes.txt", nil, "classes.txt: "},
			{"negative", "config.json", replace(`"count": 3`, `"count": -3`), "config.json: dataset: "},
			{"huge", "config.json", replace(`"count": 3`, `"count": 99999999`), "config.json: dataset: "},
			{"fewer", "config.json", replace(`"count": 3`, `"count": 1`), "classes.txt: 3 names"},
			{"shards", "config.json", replace(`"shards": 2`, `"shards": -2`), "config.json: dataset: "},
			{"size", "config.json", replace(`"size": [24, 32]`, `"size": [0, 32]`), "config.json: dataset: "},
			{"name", "config.json", replace(`"name": "demo"`, `"name": "../demo"`), "config.json: dataset: "},
			{"split", "config.json", replace(`"split": "train"`, `"split": "test"`), "config.json: dataset: "},
		} {
			for _, alone := range []bool{false, true} { // with and without a manifest and a class list
				dir := t.TempDir()
				if err := os.CopyFS(dir, os.DirFS(o.Dir)); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(dir, meta+test.file)
				if test.spoil == nil {
					if err := os.Remove(path); err != nil {
						t.Fatal(err)
					}
				} else {
					edit(t, path, func(b []byte) []byte { return test.spoil(t, b) })
				}
				if alone {
					for _, f := range []string{"manifest.json", "classes.txt"} {
						if err := os.Remove(filepath.Join(dir, meta+f)); err != nil && !os.IsNotExist(err) {
							t.Fatal(err)
						}
					}
				}
				r := run(t, dir, verify.Options{})
				if r.OK || !alone && !strings.Contains(text(r), test.want) {
					t.Errorf("%s, %s: no defect with %q in\n%s", name, test.name, test.want, text(r))
				}
			}
		}
	}
}
