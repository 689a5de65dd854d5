package reindex_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/dataset/verify"
)

// TestPlaces: what verify finds in the files that are outside of the promise of identical bytes, reindex
// mends as verify says. A damaged one that nothing else has the content of is kept.
func TestPlaces(t *testing.T) {
	damages := map[string]func([]byte) []byte{
		"missing":    nil,
		"empty":      func([]byte) []byte { return nil },
		"cut":        func(b []byte) []byte { return b[:len(b)/2] },
		"cut by one": func(b []byte) []byte { return b[:len(b)-1] },
		"other JSON": func([]byte) []byte { return []byte("{\n  \"a\": 1\n}\n") },
		"a list":     func([]byte) []byte { return []byte("[]\n") },
		"zeros":      func(b []byte) []byte { return make([]byte, len(b)) },
		"more":       func(b []byte) []byte { return append(bytes.Clone(b), "x\n"...) },
		"a digit":    func(b []byte) []byte { return bytes.Replace(b, []byte("1"), []byte("2"), 1) },
		"doubled key": func(b []byte) []byte {
			return bytes.Replace(b, []byte("{\n"), []byte("{\n  \"digest\": \"beef\",\n"), 1)
		},
	}
	o := fixture.Output{Dir: t.TempDir(), Failures: failures, Images: 4, Shards: 1}
	o.Make(t)
	before := tree(t, o.Dir)
	for _, file := range []string{dataset.InputsFile, dataset.RunFile, dataset.ReportFile} {
		for name, damage := range damages {
			t.Run(file+"/"+name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				if err := os.CopyFS(dir, os.DirFS(o.Dir)); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(dir, "__premix__/train", file)
				data, err := os.ReadFile(path)
				if err == nil && damage == nil {
					err = os.Remove(path)
				} else if err == nil {
					bad := damage(data)
					if bytes.Equal(bad, data) {
						bad = damage([]byte(strings.Repeat("1", len(data)) + "{\n")) // no such text in it
					}
					err = os.WriteFile(path, bad, 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
				found, err := verify.Run(ctx, dir, verify.Options{})
				if err != nil || found.Total != 1 || found.Defects[0].Path != "__premix__/train/"+file || !strings.Contains(found.Defects[0].What, "; premix reindex writes") {
					t.Fatalf("%v %+v", err, found)
				}
				r := run(t, dir)
				s := r.Splits[0]
				if !r.OK() || !slices.Equal(s.Rebuilt, []string{"__premix__/train/" + file}) {
					t.Errorf("%+v", s)
				}
				if kept := damage != nil && file != dataset.ReportFile; kept != (len(s.Aside) == 1) || kept != exists(path+".damaged") {
					t.Errorf("kept: %v", s.Aside)
				}
				sound(t, dir, verify.Options{})
				after := tree(t, dir)
				delete(after, "__premix__/train/"+file+".damaged")
				if len(before) != len(after) {
					t.Errorf("%d files, then %d", len(before), len(after))
				}
				if s := run(t, dir).Splits[0]; len(s.Rebuilt)+len(s.Aside) > 0 {
					t.Errorf("once more: %+v", s)
				}
				// a digit or a key more leaves the places readable
				readable := name == "more" || name == "a digit" || name == "doubled key" || name == "cut by one"
				in, err := dataset.LoadInputs(ctx, dir, "train")
				if err != nil {
					t.Fatal(err)
				}
				lost := string(in.Roots) == "[]"
				if want := file == dataset.InputsFile && (!readable || name == "more"); lost != want || lost != slices.Contains(s.Lost, "places of the inputs") {
					t.Errorf("lost the places: %v, want %v; %q", lost, want, s.Lost)
				}
				if err := dataset.Remove(ctx, dir, "train"); err != nil {
					t.Fatal(err)
				}
				if left := tree(t, dir); len(left) > 0 || exists(path+".damaged") {
					t.Errorf("left by Remove: %d files", len(left))
				}
			})
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
