package webdataset

import (
	"path"
	"testing"

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
			set.Shards = append(set.Shards, shard.ShardInfo{Path: Format{}.ShardPath(s, i), Samples: 17 + i, Bytes: 20480 * (i + 1), Replica: v.replica})
		}
		sets = append(sets, set)
	}
	files, err := Format{}.SideFiles(sets)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		golden.Equal(t, path.Base(f.Path), f.Data)
	}
	if len(files) != 4 {
		t.Errorf("%d files, want _info.json and three lists of wids", len(files))
	}
}
