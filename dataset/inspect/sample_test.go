package inspect_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/dataset/inspect"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/dataset/reindex"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/sample"
)

func params(o *fixture.Output) func(json.RawMessage) (sample.Params, source.Options, error) {
	return func(json.RawMessage) (sample.Params, source.Options, error) { return o.Params(), source.Options{}, nil }
}

func TestFind(t *testing.T) {
	o := fixture.Output{Dir: t.TempDir(), Replicas: []int{1, 4}, Images: 10, Shards: 3, LabelForm: shard.Dense}
	o.Make(t)
	opt := inspect.Options{Params: params(&o)}
	for _, key := range []string{"r001-000000000", "r001-000000003", "r004-000000009", "r004-000000004"} {
		s, err := inspect.Find(ctx, o.Dir, key, opt)
		if err != nil {
			t.Fatal(err)
		}
		if s.Record.Key != key || len(s.Differences) != 0 || len(s.Notes) != 0 || s.Again == nil || !s.Again.SameBytes ||
			float64(s.Again.Lam) != s.Record.Lam || len(s.Record.Soft) != 3 || s.Target.Name != s.Record.Target || s.Source.Name != s.Record.Source {
			t.Errorf("%s: %+v", key, s)
		}
	}
	if s, err := inspect.Find(ctx, o.Dir, "7", opt); err != nil || s.Record.Key != "r001-000000007" {
		t.Errorf("by position: %v", err)
	}
	for _, key := range []string{"r001-000000010", "r002-000000000", "x", "", "q001-000000001"} {
		_, err := inspect.Find(ctx, o.Dir, key, opt)
		if err == nil || !strings.Contains(err.Error(), "train with positions 0 to 9 of the replicas 1, 4") {
			t.Errorf("%q: %v", key, err)
		}
	}
	if s, err := inspect.Find(ctx, o.Dir, "3", inspect.Options{}); err != nil || s.Again != nil {
		t.Errorf("without parameters: %v", err)
	}

	// with another source the differences are told
	path := filepath.Join(o.In, filepath.FromSlash("hash/image 01.jpg"))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-3] ^= 1
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	uses, err := inspect.Uses(ctx, o.Dir, "hash/image 01.jpg", inspect.Options{})
	if err != nil || len(uses) != 4 {
		t.Fatalf("%d uses, %v", len(uses), err)
	}
	for _, u := range uses {
		s, err := inspect.Find(ctx, o.Dir, u.Key, opt)
		if err != nil || len(s.Differences) == 0 || !strings.Contains(s.Differences[0], "digest") {
			t.Errorf("%s: %v, %v", u.Key, s.Differences, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s, err := inspect.Find(ctx, o.Dir, uses[0].Key, opt)
	if err != nil || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "not in the input any more") {
		t.Errorf("%v, %v", s.Notes, err)
	}
	if err := os.RemoveAll(o.In); err != nil {
		t.Fatal(err)
	}
	s, err = inspect.Find(ctx, o.Dir, uses[0].Key, opt)
	if err != nil || len(s.Notes) != 1 || !strings.Contains(s.Notes[0], "--in") {
		t.Errorf("%v, %v", s.Notes, err)
	}
}

func TestUses(t *testing.T) {
	o := fixture.Output{Dir: t.TempDir()}
	o.Make(t)
	whole, err := inspect.Uses(ctx, o.Dir, "disc/image 03.jpg", inspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(whole) != 2 || whole[0].Role == whole[1].Role {
		t.Fatalf("%+v", whole)
	}
	for _, name := range []string{"image 03.jpg", "image 03", "disc/image 03"} {
		got, err := inspect.Uses(ctx, o.Dir, name, inspect.Options{})
		if diff := cmp.Diff(whole, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	for _, name := range []string{"mage 03", "", "03.jpg", "disc", "/"} {
		if got, err := inspect.Uses(ctx, o.Dir, name, inspect.Options{}); len(got) != 0 || err != nil {
			t.Errorf("%q: %v, %v", name, got, err)
		}
	}
}

// TestPlanLost: without plans, and where these are rebuilt records that name none, labels and uses
// come from the shards.
func TestPlanLost(t *testing.T) {
	for _, rebuilt := range []bool{false, true} {
		o := fixture.Output{Dir: t.TempDir()}
		o.Make(t)
		want := look(t, o.Dir, inspect.Options{})
		uses, err := inspect.Uses(ctx, o.Dir, "image 03", inspect.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(o.Dir, "__premix__/train/plan")); err != nil {
			t.Fatal(err)
		}
		if rebuilt {
			if _, err := reindex.Run(ctx, o.Dir, reindex.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		got := look(t, o.Dir, inspect.Options{})
		if diff := cmp.Diff(want.Splits[0].Summary, got.Splits[0].Summary); diff != "" || len(got.Notes) != 0 {
			t.Errorf("rebuilt %v: %q\n%s", rebuilt, got.Notes, diff)
		}
		again, err := inspect.Uses(ctx, o.Dir, "image 03", inspect.Options{})
		if diff := cmp.Diff(uses, again); diff != "" || err != nil {
			t.Errorf("rebuilt %v: %v\n%s", rebuilt, err, diff)
		}
		s, err := inspect.Find(ctx, o.Dir, "3", inspect.Options{Params: params(&o)})
		if err != nil || len(s.Notes) != 1 || s.Record.Key != "000000003" {
			t.Errorf("rebuilt %v: %v, %q", rebuilt, err, s.Notes)
		}
	}
}
