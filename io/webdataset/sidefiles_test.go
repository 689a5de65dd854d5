package webdataset

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/internal/golden"
	"github.com/premix/premix/io/shard"
)

// A split with two replicas and one without: SPLIT of timm holds all shards of the split.
func TestSideFiles(t *testing.T) {
	var sets []shard.Set
	for _, v := range []struct {
		split   string
		replica int
	}{{"train", 0}, {"train", 1}, {"validation", -1}} {
		s := spec()
		s.Split, s.Replica = v.split, v.replica
		set := shard.Set{Spec: s}
		for i := range s.Shards {
			set.Shards = append(set.Shards, shard.ShardInfo{Name: Format{}.ShardPath(s, i), Samples: 17 + i, Bytes: 20480 * (i + 1)})
		}
		sets = append(sets, set)
	}
	files, err := Format{}.SideFiles(sets)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		golden.Equal(t, path.Base(f.Path), f.Data())
	}
	if len(files) != 4 {
		t.Errorf("%d files, want _info.json and three lists of wids", len(files))
	}
}

// TestUnnumbered: a replica 0 without a number is the split of timm, whatever is added to it.
func TestUnnumbered(t *testing.T) {
	var sets []shard.Set
	lists := func() map[string][]string {
		files, err := Format{}.SideFiles(sets)
		if err != nil {
			t.Fatal(err)
		}
		var info struct {
			Splits map[string]struct{ Filenames []string }
		}
		if err := json.Unmarshal(files[len(files)-1].Data(), &info); err != nil {
			t.Fatal(err)
		}
		got := map[string][]string{}
		for name, s := range info.Splits {
			got[name] = s.Filenames
		}
		return got
	}
	add := func(split string, replica int) {
		s := spec()
		s.Split, s.Replica, s.Shards = split, replica, 1
		sets = append(sets, shard.Set{Spec: s, Shards: []shard.ShardInfo{{Name: Format{}.ShardPath(s, 0), Samples: 17}}})
	}
	zero, one := []string{"flowers-train-000000.tar"}, []string{"flowers-train-r001-000000.tar"}
	validation := []string{"flowers-validation-000000.tar"}
	add("train", -1)
	add("validation", -1)
	if d := cmp.Diff(map[string][]string{"train": zero, "validation": validation}, lists()); d != "" {
		t.Error(d)
	}
	add("train", 1)
	if d := cmp.Diff(map[string][]string{"train": zero, "train_r000": zero, "train_r001": one, "validation": validation}, lists()); d != "" {
		t.Error(d)
	}
}

// TestLaidOut compares the files, which are written piece by piece, with what encoding/json makes of their values.
func TestLaidOut(t *testing.T) {
	sets := []shard.Set{{Spec: spec()}, {Spec: spec()}}
	sets[0].Spec.Replica, sets[1].Spec.Replica = 1, 2
	for i := range int64(3) {
		sets[0].Shards = append(sets[0].Shards, shard.ShardInfo{Name: fmt.Sprintf("a \"<é>\" %d.tar", i), Samples: i, Bytes: i * i})
	}
	files, err := Format{}.SideFiles(sets)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		var again any
		if err := json.Unmarshal(f.Data(), &again); err != nil {
			t.Fatalf("%s: %v", f.Path, err)
		}
		// Keys of the values have an order that a map forgets, so lines are compared without it.
		want, err := json.MarshalIndent(again, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		lines := func(data []byte) []string {
			list := strings.Split(strings.ReplaceAll(strings.TrimSpace(string(data)), ",\n", "\n"), "\n")
			slices.Sort(list)
			return list
		}
		if d := cmp.Diff(lines(want), lines(f.Data())); d != "" {
			t.Errorf("%s (-want +got):\n%s", f.Path, d)
		}
	}
}
