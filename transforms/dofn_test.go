package transforms

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/io/source"
	"github.com/premix/premix/transforms/stage"
)

// processElements returns the ProcessElement methods of the package by the name of their DoFn.
func processElements(t *testing.T) map[string]*ast.FuncDecl {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	methods := map[string]*ast.FuncDecl{}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && fn.Recv != nil && fn.Name.Name == "ProcessElement" {
				methods[fn.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name] = fn
			}
		}
	}
	return methods
}

// TestSealed holds that the errors of every DoFn go through seal.
func TestSealed(t *testing.T) {
	for name, fn := range processElements(t) {
		first, ok := fn.Body.List[0].(*ast.DeferStmt)
		if ok {
			callee, named := first.Call.Fun.(*ast.Ident)
			ok = named && callee.Name == "seal"
		}
		if !ok {
			t.Errorf("%s: ProcessElement does not begin with defer seal(&err)", name)
		}
	}
}

// everyFn returns one of each DoFn of the package.
func everyFn(t *testing.T, job *Job, containers []source.Container) []any {
	t.Helper()
	ofJob, ofPlan, ofContainers := newJobFn("test", job), newPlanFn("test", job), newContainersFn("test", job, containers)
	fns := []any{
		&listFn{ofContainers}, &splitFn{ofJob}, &chooseFn{ofContainers}, &moreFn{ofContainers, false}, &restFn{ofContainers}, &peaksFn{ofJob}, &gateFn{ofJob},
		&distributeFn{ofPlan, 1}, &afterFn{ofJob}, &collectFn{ofJob}, &mixFn{ofPlan}, &finishFn{ofPlan},
		&copyAsideFn{ofJob}, &plannedShardsFn{ofPlan}, &replayFn{planFn: ofPlan, Input: packContainers("test", containers)},
	}
	var names []string
	for _, fn := range fns {
		names = append(names, reflect.TypeOf(fn).Elem().Name())
	}
	slices.Sort(names)
	if d := cmp.Diff(slices.Sorted(maps.Keys(processElements(t))), names); d != "" {
		t.Fatalf("DoFns of the package and of everyFn (-want +got):\n%s", d)
	}
	return fns
}

// TestFieldsTravel sends every DoFn through JSON, as Beam does on its way to a worker: the fields that
// are set when the pipeline is built arrive, those of embedded bases among them.
func TestFieldsTravel(t *testing.T) {
	job := &Job{Replicas: []int{0}, Rounds: 1, Split: "train"}
	for _, sent := range everyFn(t, job, []source.Container{{Name: "a.tar"}}) {
		typ := reflect.TypeOf(sent).Elem()
		text, err := json.Marshal(sent)
		if err != nil {
			t.Fatal(err)
		}
		arrived := reflect.New(typ).Interface()
		if err := json.Unmarshal(text, arrived); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(sent, arrived) {
			t.Errorf("%s: %+v arrives as %+v", typ.Name(), sent, arrived)
		}
		if fn, ok := arrived.(interface{ load() (*Job, error) }); ok {
			if got, err := fn.load(); err != nil || got.Split != job.Split {
				t.Errorf("%s: the job arrives as %+v, %v", typ.Name(), got, err)
			}
		}
		if fn, ok := arrived.(interface {
			loadContainers() (*Job, []source.Container, error)
		}); ok {
			if _, got, err := fn.loadContainers(); err != nil || len(got) != 1 || got[0].Name != "a.tar" {
				t.Errorf("%s: the containers arrive as %+v, %v", typ.Name(), got, err)
			}
		}
	}
}

// TestInvalid gives DoFns words whose invariants do not hold: the error says what is wrong.
func TestInvalid(t *testing.T) {
	side := func(v any) func(*[]byte) bool {
		sent := false
		return func(b *[]byte) bool {
			*b = mustEncode("test", v)
			defer func() { sent = true }()
			return !sent
		}
	}
	again := func(v any) func() func(*[]byte) bool { return func() func(*[]byte) bool { return side(v) } }
	none := func([]byte) { t.Error("an element") }
	good := newJobFn("test", &Job{Replicas: []int{0}, Rounds: 1})
	for want, err := range map[string]error{
		"replicas of the job are []":        (&gateFn{newJobFn("test", &Job{})}).ProcessElement(t.Context(), nil, again(&stage.Summary{}), none, none, none),
		`a chunk of x has the ID ""`:        (&gateFn{good}).ProcessElement(t.Context(), nil, again(&stage.Summary{Container: "x"}), none, none, none),
		"the plan has 1 images in 2 shards": (&mixFn{planFn{jobFn: good}}).ProcessElement(t.Context(), 0, nil, side(&stage.Global{N: 1, Shards: 2}), none),
	} {
		if err == nil || !strings.Contains(err.Error(), "stage: internal error: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
