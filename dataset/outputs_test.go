package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/io/formats"
)

// TestOutputs finds outputs below a folder, and takes no other folder for that of variants.
func TestOutputs(t *testing.T) {
	var many []string
	for i := range MostOutputs + 1 {
		many = append(many, fmt.Sprintf("v%d/__premix__/train/", i))
	}
	for _, c := range []struct {
		name  string
		paths []string // folders end with a slash
		want  []string
	}{
		{"nothing", nil, nil},
		{"an output", []string{"__premix__/train/", "premix-train-000000.tar", "data/__premix__/train/"}, []string{""}},
		{"begun", []string{"__premix__/.lock"}, []string{""}},
		{"formats", []string{"parquet/__premix__/train/", "tfds/__premix__/", "__premix__/.spool-train/"}, []string{"parquet", "tfds"}},
		{"variants", []string{"b/__premix__/train/", "a/tfds/__premix__/train/", "a/webdataset/__premix__/.lock", "a/__premix__/.lock", "empty/", "__premix__/.lock", ".DS_Store"}, []string{"a/tfds", "a/webdataset", "b"}},
		{"with a file", []string{"b/__premix__/train/", "list.txt"}, nil},
		{"with another folder", []string{"b/__premix__/train/", "My Files/"}, nil},
		{"class folders", []string{"n01440764/a.jpg", "n01443537/b.jpg"}, nil},
		{"many", many, nil},
	} {
		out := t.TempDir()
		for _, p := range c.paths {
			at := filepath.Join(out, p)
			var err error
			if p[len(p)-1] == '/' {
				err = os.MkdirAll(at, 0o777)
			} else if err = os.MkdirAll(filepath.Dir(at), 0o777); err == nil {
				err = os.WriteFile(at, nil, 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		got, err := Outputs(t.Context(), out)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(got)
		if d := cmp.Diff(c.want, got); d != "" && len(c.want)+len(got) > 0 {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
	places, err := Places(t.Context(), filepath.Join(t.TempDir(), "none"))
	if want := append([]string{""}, formats.Names()...); err != nil || !slices.Equal(places, want) {
		t.Errorf("of a folder that is not there: %q, %v", places, err)
	}
}
