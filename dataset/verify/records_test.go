package verify_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/premix/premix/dataset/internal/fixture"
)

// TestDamagedRecords: a damaged record does not hide what else is wrong.
func TestDamagedRecords(t *testing.T) {
	o := fixture.Output{Dir: t.TempDir(), Format: "webdataset", Images: 8, Shards: 4}
	o.Make(t)
	const records = "__premix__/train/shards/"
	for _, name := range []string{records + "r000-000000.json", records + "r000-000002.json", "demo-train-000003.tar"} {
		if err := os.Truncate(filepath.Join(o.Dir, name), 700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(o.Dir, records+"r000-000000.json"), []byte("{}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	r := run(t, o.Dir, options(&o))
	want := []string{"demo-train-000003.tar", records + "r000-000000.json", records + "r000-000002.json"}
	for _, d := range r.Defects {
		if want = slices.DeleteFunc(want, func(w string) bool { return w == d.Path }); d.Path == "__premix__/train/manifest.json" {
			t.Errorf("unexpected: %s", d)
		}
	}
	if len(want) > 0 {
		t.Errorf("not named: %v, but\n%s", want, text(r))
	}
}
