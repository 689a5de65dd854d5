package tfshard

import (
	"path"
	"testing"

	"github.com/premix/premix/internal/golden"
	"github.com/premix/premix/io/shard"
)

// Two splits of one folder, one of them a replica, with dense labels.
func TestSideFiles(t *testing.T) {
	var sets []shard.Set
	for split, replica := range map[string]int{"train": 2, "validation": -1} {
		s := spec()
		s.Split, s.Replica, s.LabelForm = split, replica, shard.Dense
		sets = append(sets, shard.Set{Spec: s, Shards: []shard.ShardInfo{{Samples: 3, PayloadBytes: 100}, {Samples: 2, PayloadBytes: 11}}})
	}
	files, err := TFDS{}.SideFiles(sets)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		golden.Equal(t, path.Base(f.Path), f.Data())
	}
}
