package dataset_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/io/shard"
)

func TestAgree(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	o := fixture.Output{Dir: dir}
	p := o.Shard(t) // an unfinished split binds the others as well
	tests := []struct {
		what   string
		change func(*shard.Spec)
		want   string
	}{
		{"", func(*shard.Spec) {}, ""},
		{"", func(s *shard.Spec) { s.Shards, s.LabelForm = 5, shard.Dense }, ""},
		{"name", func(s *shard.Spec) { s.Name = "other" }, "has other: use the same, or another --out"},
		{"size", func(s *shard.Spec) { s.Size.H = 32 }, "with size 24x32"},
		{"classes", func(s *shard.Spec) { s.Classes = s.Classes[:2] }, "use --classes " + filepath.Join(dir, "__premix__/train/classes.txt")},
		{"classes", func(s *shard.Spec) { s.Classes = []string{"a", "b", "c"} }, "others of the same number"},
	}
	for _, test := range tests {
		spec := p.Spec
		spec.Split = "validation"
		test.change(&spec)
		err := dataset.Agree(ctx, dir, p.Format, spec)
		var m *dataset.MismatchError
		if test.what == "" {
			if err != nil {
				t.Errorf("%+v: %v", spec, err)
			}
			continue
		}
		if !errors.As(err, &m) || m.What != test.what || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s with %q", err, test.what, test.want)
		}
	}
}

func TestLook(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	look := func(dir string) *dataset.State {
		s, err := dataset.Look(ctx, dir)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := look(filepath.Join(dir, "none")); len(s.Splits) != 0 || s.Foreign != "" {
		t.Errorf("a place that does not exist: %+v", s)
	}
	if err := os.WriteFile(filepath.Join(dir, "thesis.doc"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if s := look(dir); s.Foreign != "thesis.doc" {
		t.Errorf("a foreign folder: %+v", s)
	}
	o := fixture.Output{Dir: dir}
	p := o.Shard(t)
	if s := look(dir); s.Foreign != "" || len(s.Splits) != 1 || s.Splits[0].Config == nil || s.Splits[0].Manifest != nil {
		t.Errorf("an unfinished output: %+v", s)
	}
	if _, err := dataset.Finish(ctx, p); err != nil {
		t.Fatal(err)
	}
	if s := look(dir); len(s.Splits) != 1 || s.Splits[0].Name != "train" || s.Splits[0].Manifest == nil {
		t.Errorf("a finished output: %+v", s)
	}
	file := filepath.Join(dir, "__premix__/train/config.json")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(data), `"schema": 1`, `"schema": 2`, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	var newer *dataset.SchemaError
	if _, err := dataset.Look(ctx, dir); !errors.As(err, &newer) || newer.Schema != 2 {
		t.Errorf("an output of a newer schema: %v", err)
	}
}

func TestIntact(t *testing.T) {
	ctx := context.Background()
	for _, spoil := range []string{"", "demo-train-000000.tar", "__index__/demo-train-000000.idx", "__premix__/train/plan/demo-train-000000.parquet"} {
		dir := t.TempDir()
		o := fixture.Output{Dir: dir}
		o.Shard(t)
		if spoil != "" {
			if err := os.Remove(filepath.Join(dir, spoil)); err != nil {
				t.Fatal(err)
			}
		}
		r, err := dataset.LoadRecord(ctx, dir, "train", 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := r.Intact(ctx, dir, "train"); err != nil || ok != (spoil == "") {
			t.Errorf("without %q: %v, %v", spoil, ok, err)
		}
	}
	for _, cut := range []string{"__index__/demo-train-000000.idx", "__premix__/train/plan/demo-train-000000.parquet"} {
		dir := t.TempDir()
		o := fixture.Output{Dir: dir}
		o.Shard(t)
		if err := os.Truncate(filepath.Join(dir, cut), 0); err != nil {
			t.Fatal(err)
		}
		if ok, err := o.Records[0].Intact(ctx, dir, "train"); ok || err != nil {
			t.Errorf("with an empty %s: %v, %v", cut, ok, err)
		}
	}
	dir := t.TempDir()
	o := fixture.Output{Dir: dir}
	o.Shard(t)
	if err := os.Truncate(filepath.Join(dir, o.Records[1].Path), 512); err != nil {
		t.Fatal(err)
	}
	if ok, err := o.Records[1].Intact(ctx, dir, "train"); ok || err != nil {
		t.Errorf("a truncated shard: %v, %v", ok, err)
	}
}
