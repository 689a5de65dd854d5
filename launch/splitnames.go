package launch

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/pipeline"
)

// replicaName is how formats and _info.json call a replica of a split, as [shard.Spec.SplitName] makes it.
var replicaName = regexp.MustCompile(`^(.+)_r([0-9]{3,})$`)

// checkNames refuses a split that is called as a replica of another split of the output is, or will be by this
// job: in Parquet and TFDS the shards of one would replace those of the other, and timm would find both under
// one name.
func checkNames(c *pipeline.Config, dir string, splits []dataset.SplitState) error {
	at := func(name string) int {
		return slices.IndexFunc(splits, func(s dataset.SplitState) bool { return s.Name == name })
	}
	last := c.FirstReplica + c.Replicas - 1
	for _, s := range splits {
		split, replica := ofReplica(s.Name)
		// Replica 0 without a number is called as one with it where there are others.
		if split == c.Split && last > 0 && replica <= last && (replica == 0 || replica >= c.FirstReplica) {
			return &OutputError{printable.Sprintf("%s has a split %s, and replica %d of the split %s would have its names: choose another --out, or other replicas", dir, s.Name, replica, split)}
		}
	}
	split, replica := ofReplica(c.Split)
	other := at(split)
	if other < 0 {
		return nil
	}
	m := splits[other].Manifest
	taken := m == nil || slices.ContainsFunc(m.Replicas, func(r dataset.Replica) bool { return r.Replica == replica })
	if taken || at(c.Split) < 0 {
		return &OutputError{printable.Sprintf("%s has a split %s, whose replica %d has the names of a split %s: choose another --split, or another --out", dir, split, replica, c.Split)}
	}
	return nil
}

// ofReplica takes the name of a replica apart. The split is empty if the name is none.
func ofReplica(name string) (split string, replica int) {
	m := replicaName.FindStringSubmatch(name)
	if m == nil {
		return "", 0
	}
	n, err := strconv.Atoi(m[2])
	if err != nil || len(m[2]) > 3 && m[2][0] == '0' {
		return "", 0
	}
	return m[1], n
}
