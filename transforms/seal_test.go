package transforms

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/source"
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
		job := &Job{Cache: stage.CacheInfo{URI: t.TempDir(), Fingerprint: "f"}, Replicas: []int{0}, Geometry: crop.Geometry{Mode: crop.Squash}}
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
		fn := &peaksFn{Job: mustMarshal("test", job)}
		err = fn.ProcessElement(t.Context(), mustMarshal("test", &chunks[0]), func([]byte) { t.Error("a summary") })
		if err == nil || !strings.Contains(err.Error(), "all done") {
			t.Fatalf("%v does not name the class", err)
		}
		if r := stage.FindRefusal(errors.New(err.Error())); r != nil {
			t.Errorf("%v is taken for the refusal %+v", err, *r)
		}
	}
}

// TestSealed holds that the errors of every DoFn go through seal.
func TestSealed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Name.Name != "ProcessElement" || fn.Type.Results == nil {
				continue
			}
			n++
			first, ok := fn.Body.List[0].(*ast.DeferStmt)
			if callee, named := (*ast.Ident)(nil), false; ok {
				callee, named = first.Call.Fun.(*ast.Ident)
				ok = named && callee.Name == "seal"
			}
			if !ok {
				t.Errorf("%s: a ProcessElement does not begin with defer seal(&err)", name)
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d DoFns found", n)
	}
}
