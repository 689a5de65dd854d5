package shardtest

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/io/shard"
)

func badSpec(t *testing.T, f shard.Format) {
	tests := map[string]func(*shard.Spec){
		"name":         func(s *shard.Spec) { s.Name = "Flowers" },
		"empty name":   func(s *shard.Spec) { s.Name = "" },
		"split":        func(s *shard.Spec) { s.Split = "../train" },
		"replica":      func(s *shard.Spec) { s.Replica = -2 },
		"shards":       func(s *shard.Spec) { s.Shards = 0 },
		"no classes":   func(s *shard.Spec) { s.Classes = nil },
		"class":        func(s *shard.Spec) { s.Classes = []string{"a\nb"} },
		"label form":   func(s *shard.Spec) { s.LabelForm = "" },
		"image format": func(s *shard.Spec) { s.ImageFormat = "jpeg" },
	}
	if !f.Traits().Dense16 {
		tests["dense16"] = func(s *shard.Spec) { s.LabelForm = shard.Dense16 }
	}
	for name, edit := range tests {
		s := Spec(shard.Pair)
		edit(&s)
		if err := f.Check(s); err == nil {
			t.Errorf("%s: Check says nothing", name)
		}
		if err := f.NewWriter(io.Discard, s).Close(); err == nil {
			t.Errorf("%s: a writer takes it", name)
		}
	}
	if err := f.Check(Spec(shard.Dense)); err != nil {
		t.Error(err)
	}
}

// sets returns those of an output with two splits, one of them with replicas.
func sets(f shard.Format) []shard.Set {
	var out []shard.Set
	for _, v := range []struct {
		split   string
		replica int
		shards  int64
	}{{"validation", -1, 1}, {"train", 0, 2}, {"train", 1, 2}} {
		set := shard.Set{Spec: Spec(shard.Dense)}
		set.Spec.Split, set.Spec.Replica, set.Spec.Shards = v.split, v.replica, v.shards
		for i := range v.shards {
			set.Shards = append(set.Shards, shard.ShardInfo{
				Name: f.ShardPath(set.Spec, i), Samples: 10 + i, Bytes: 1000 + i, PayloadBytes: 900 + i,
				SHA256: strings.Repeat("0", 64),
			})
		}
		out = append(out, set)
	}
	return out
}

func paths(t *testing.T, f shard.Format) {
	seen := map[string]bool{}
	for _, set := range sets(f) {
		for i := range set.Spec.Shards {
			p, idx := f.ShardPath(set.Spec, i), f.IndexPath(set.Spec, i)
			for _, p := range []string{p, idx} {
				if p == "" {
					continue
				}
				if seen[p] || path.Clean(p) != p || path.IsAbs(p) || strings.HasPrefix(p, "..") {
					t.Errorf("path %q: seen before, or not below the output", p)
				}
				seen[p] = true
			}
			if idx != "" && !strings.Contains(idx, "__index__/") {
				t.Errorf("index %q is not in __index__", idx)
			}
		}
	}
}

func sideFiles(t *testing.T, f shard.Format) {
	in := sets(f)
	files, err := f.SideFiles(in)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(in)
	again, err := f.SideFiles(in)
	if err != nil {
		t.Fatal(err)
	}
	content := func(files []shard.File) (list []string) {
		for _, f := range files {
			list = append(list, f.Path, string(f.Data()))
		}
		return list
	}
	if diff := cmp.Diff(content(files), content(again)); diff != "" {
		t.Errorf("the order of the sets matters: %s", diff)
	}
	names := map[string]bool{}
	for _, file := range files {
		if names[file.Path] || len(file.Data()) == 0 || path.Clean(file.Path) != file.Path {
			t.Errorf("side file %q: twice, empty, or not below the output", file.Path)
		}
		names[file.Path] = true
		// What readers glob: split* in the shards' folder, and *.EXT.
		base := path.Base(file.Path)
		for _, set := range in {
			p := f.ShardPath(set.Spec, 0)
			globs := []string{set.Spec.Split + "-*", set.Spec.Name + "-" + set.Spec.Split + "*", "*.tar", "*.parquet", "*.tfrecord*"}
			for _, g := range globs {
				if ok, err := path.Match(g, base); (ok && path.Dir(p) == path.Dir(file.Path)) || err != nil {
					t.Errorf("side file %q lies in the way of the glob %q", file.Path, g)
				}
			}
		}
	}
	for name, edit := range map[string]func([]shard.Set){
		"twice":   func(s []shard.Set) { s[0].Spec.Split, s[0].Spec.Replica = s[1].Spec.Split, s[1].Spec.Replica },
		"name":    func(s []shard.Set) { s[0].Spec.Name = "other" },
		"classes": func(s []shard.Set) { s[0].Spec.Classes = []string{"x"} },
		"size":    func(s []shard.Set) { s[0].Spec.Size.H++ },
	} {
		bad := sets(f)
		edit(bad)
		if _, err := f.SideFiles(bad); err == nil {
			t.Errorf("sets that differ in %s: no error", name)
		}
	}
	if _, err := f.SideFiles(nil); err != nil {
		t.Errorf("no sets: %v", fmt.Sprint(err))
	}
}
