package dataset

import (
	"path"
	"strings"

	"github.com/premix/premix/io/shard"
)

// Patterns are the names of the shards of one replica, in the forms that readers take. Brace, Exact and
// ExactIndex match nothing of another replica or split, whatever is added to the output later.
type Patterns struct {
	Replica    int
	Numbered   bool   // the names have the number of the replica
	Split      string // as the split of a reader that has one for each replica: train, or train_r001
	Brace      string // webdataset: premix-train-{000000..000063}.tar
	Exact      string // a glob: premix-train-[0-9]*.tar
	ExactIndex string // a glob of the indexes of shards; empty if the format has none
	Samples    int64
	Shards     int
	One        string // the first shard

	// Glob and Index are the globs that earlier versions printed, premix-train-*.tar: where this replica has
	// no number, they also match replicas that have one.
	Glob, Index string
}

// Patterns returns the names of each replica of a split, in order.
func (m *Manifest) Patterns(format shard.Format) []Patterns {
	list := make([]Patterns, 0, len(m.Replicas))
	for _, r := range m.Replicas {
		if len(r.Shards) == 0 {
			continue
		}
		spec := m.Shape.Spec(nil)
		if r.Numbered {
			spec.Replica = r.Replica
		}
		first, last := r.Shards[0].Name, r.Shards[len(r.Shards)-1].Name
		p := Patterns{
			Replica: r.Replica, Numbered: r.Numbered, Split: spec.SplitName("_"), One: first, Samples: r.Samples, Shards: len(r.Shards),
			Brace: brace(first, last), Exact: glob(first, last, "[0-9]*"), Glob: glob(first, last, "*"),
		}
		if index := format.IndexPath(spec, 0); index != "" {
			last := format.IndexPath(spec, int64(len(r.Shards))-1)
			p.ExactIndex, p.Index = glob(index, last, "[0-9]*"), glob(index, last, "*")
		}
		list = append(list, p)
	}
	return list
}

// LoosePattern returns the glob for shards of a split that people write without thinking of replicas:
// premix-train-*.tar. It is empty unless the output has a replica without a number and others, which that
// glob matches as well.
func LoosePattern(list []Patterns) string {
	if len(list) < 2 || list[0].Numbered {
		return ""
	}
	a, b := list[0].One, list[1].One
	if path.Dir(a) != path.Dir(b) { // of mds: a reader takes a folder
		return ""
	}
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	ext := path.Ext(a)
	if ext != ".tar" && ext != ".parquet" { // of TFRecord, which ends in the number of shards
		ext = ""
	}
	return a[:n] + "*" + ext
}

// differ cuts two names of equal length around the digits in which they can differ: the last run
// of digits of the first, before -of-.
func differ(first, last string) (head, a, b, tail string) {
	end := strings.LastIndex(first, "-of-")
	if end < 0 {
		end = len(strings.TrimRight(first, "abcdefghijklmnopqrstuvwxyz."))
	}
	start := end
	for start > 0 && '0' <= first[start-1] && first[start-1] <= '9' {
		start--
	}
	if len(first) != len(last) || start == end {
		return "", first, last, ""
	}
	return first[:start], first[start:end], last[start:end], first[end:]
}

func brace(first, last string) string {
	head, a, b, tail := differ(first, last)
	if a == b {
		return first
	}
	return head + "{" + a + ".." + b + "}" + tail
}

// glob puts any in the place of the number. A single shard needs no pattern.
func glob(first, last, any string) string {
	head, a, b, tail := differ(first, last)
	if a == b {
		return first
	}
	return head + any + tail
}
