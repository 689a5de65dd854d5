package dataset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/premix/premix/io/shard"
)

// readmeShards are the names of one replica of a split.
type readmeShards struct {
	Patterns
	Name   string // of the split
	Config string // Hugging Face's configuration that has this replica: default, or r001
	Wids   string // the list of wids
	Dash   string // the split with its replica, as folders of mds and shards are called: train-r001
}

// defaultConfig is the configuration that a reader takes which names none.
const defaultConfig = "default"

// replicasOf returns the names of each replica of a split, in order.
func replicasOf(format shard.Format, m *Manifest) (list []readmeShards) {
	for i, p := range m.Patterns(format) {
		s := readmeShards{Patterns: p, Name: m.Shape.Split, Config: defaultConfig}
		spec := m.Shape.Spec(nil)
		if p.Numbered {
			spec.Replica = p.Replica
		}
		s.Dash = spec.SplitName("-")
		s.Wids = "__index__/wids-" + s.Dash + ".json"
		if i > 0 {
			s.Config = fmt.Sprintf("r%03d", p.Replica)
		}
		list = append(list, s)
	}
	return list
}

// The lists of replicas as Python lists, for each reader.
func (s readmeSplit) Braces() string { return s.list(func(r readmeShards) string { return r.Brace }) }
func (s readmeSplit) Globs() string  { return s.list(func(r readmeShards) string { return r.Exact }) }
func (s readmeSplit) Indexes() string {
	return s.list(func(r readmeShards) string { return r.ExactIndex })
}
func (s readmeSplit) Wids() string    { return s.list(func(r readmeShards) string { return r.Wids }) }
func (s readmeSplit) Names() string   { return s.list(func(r readmeShards) string { return r.Split }) }
func (s readmeSplit) Dashes() string  { return s.list(func(r readmeShards) string { return r.Dash }) }
func (s readmeSplit) Configs() string { return s.list(func(r readmeShards) string { return r.Config }) }

// Workers is the number of loader processes that the programs take: each wants a shard of its own.
func (s readmeSplit) Workers() int { return min(2, s.First.Shards) }

// longList is the number of replicas from which a list states how names are made, and not each of them.
const longList = 4

// list returns a Python expression of the names of all replicas. Where there are many, those that
// differ in their number alone are one comprehension.
func (s readmeSplit) list(name func(readmeShards) string) string {
	var names []string
	for _, r := range s.All {
		names = append(names, name(r))
	}
	quoted := func(names []string) string {
		if len(names) == 0 {
			return ""
		}
		return `["` + strings.Join(names, `", "`) + `"]`
	}
	if len(names) < longList {
		return quoted(names)
	}
	head := 0
	if !strings.Contains(names[0], fmt.Sprintf("r%03d", s.All[0].Replica)) {
		head = 1
	}
	first, last := s.All[head].Replica, s.All[len(s.All)-1].Replica
	form := strings.Replace(strings.ReplaceAll(names[head], "%", "%%"), fmt.Sprintf("r%03d", first), "r%03d", 1)
	var made []string
	for k := first; k <= last; k++ {
		made = append(made, fmt.Sprintf(form, k))
	}
	if !slices.Equal(made, names[head:]) {
		return quoted(names)
	}
	text := fmt.Sprintf(`["%s" %% k for k in range(%d, %d)]`, form, first, last+1)
	if head > 0 {
		text = quoted(names[:head]) + " + " + text
	}
	return text
}
