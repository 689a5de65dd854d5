package dataset

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/premix/premix/io/shard"
)

// A ShardSet gathers what a manifest needs of the records of an output: some 130 bytes a shard. The zero value
// is ready.
type ShardSet struct {
	methods  []string // as Extract.Sums has them here
	replicas map[int]*replicaSet
	made     map[string]shardPlace // a shard of each fingerprint
	// PerReplica, if set, is the number of shards of a replica: memory is taken for as many at once.
	PerReplica int64
}

// A replicaSet is what a ShardSet has of one replica.
type replicaSet struct {
	shards []Extract
	totals []MethodStats // without sums of λ
}

type shardPlace struct {
	replica int
	shard   int64
}

// Gather returns the set of some records, which may be in any order.
func Gather(records []ShardRecord) (*ShardSet, error) {
	set := new(ShardSet)
	for i := range records {
		if err := set.AddRecord(&records[i]); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// AddRecord adds a shard by its record.
func (s *ShardSet) AddRecord(r *ShardRecord) error {
	b := Batch{Replica: r.Replica, Fingerprint: r.Fingerprint}
	if err := b.Add(r); err != nil {
		return err
	}
	s.Add(&b)
	return nil
}

// Add adds the shards of a batch, which it takes over.
func (s *ShardSet) Add(b *Batch) {
	if len(b.Shards) == 0 {
		return
	}
	if s.replicas == nil {
		s.replicas, s.made = map[int]*replicaSet{}, map[string]shardPlace{}
	}
	if _, ok := s.made[b.Fingerprint]; !ok {
		s.made[b.Fingerprint] = shardPlace{b.Replica, b.Shards[0].Shard}
	}
	r := s.replicas[b.Replica]
	if r == nil {
		r = &replicaSet{shards: make([]Extract, 0, max(int64(len(b.Shards)), min(s.PerReplica, 1<<17)))}
		s.replicas[b.Replica] = r
	}
	column, moved := make([]int, len(b.Totals)), false
	for i := range b.Totals {
		name := b.Totals[i].Method
		column[i] = slices.Index(s.methods, name)
		if column[i] < 0 {
			column[i] = len(s.methods)
			s.methods = append(s.methods, name)
		}
		moved = moved || column[i] != i
		addTotals(&r.totals, &b.Totals[i])
	}
	for _, e := range b.Shards {
		if moved {
			sums := make([]LamSums, 0, len(e.Sums))
			for i, sum := range e.Sums {
				for len(sums) <= column[i] {
					sums = append(sums, LamSums{})
				}
				sums[column[i]] = sum
			}
			e.Sums = sums
		}
		r.shards = append(r.shards, e)
	}
}

func addTotals(totals *[]MethodStats, m *MethodStats) {
	i := slices.IndexFunc(*totals, func(t MethodStats) bool { return t.Method == m.Method })
	if i < 0 {
		i = len(*totals)
		*totals = append(*totals, MethodStats{Method: m.Method})
	}
	(*totals)[i].addCounts(m)
}

// Len is the number of shards.
func (s *ShardSet) Len() (n int64) {
	for _, r := range s.replicas {
		n += int64(len(r.shards))
	}
	return n
}

// Counts says what became of the shards, by their extracts.
func (s *ShardSet) Counts() (c RunShards) {
	for _, r := range s.replicas {
		for i := range r.shards {
			switch e := &r.shards[i]; {
			case e.Kept:
				c.Kept++
			case e.Anew:
				c.Anew++
			default:
				c.New++
			}
		}
	}
	return c
}

// clone returns a set to which other replicas can be added.
func (s *ShardSet) clone() *ShardSet {
	if s == nil {
		return &ShardSet{}
	}
	return &ShardSet{methods: slices.Clone(s.methods), replicas: maps.Clone(s.replicas), made: maps.Clone(s.made), PerReplica: s.PerReplica}
}

// sort puts the shards of each replica in order.
func (s *ShardSet) sort() {
	for _, r := range s.replicas {
		slices.SortFunc(r.shards, func(a, b Extract) int { return cmp.Compare(a.Shard, b.Shard) })
	}
}

// check returns an error unless the set, which is sorted, has each shard of these replicas once, and nothing else, and
// all records are of one fingerprint.
func (s *ShardSet) check(n names, replicas []int, fingerprint string) error {
	for _, replica := range slices.Sorted(slices.Values(replicas)) {
		r := s.replicas[replica]
		for i := range n.spec.Shards {
			if r == nil || i >= int64(len(r.shards)) || r.shards[i].Shard != i {
				return fmt.Errorf("dataset: no record of shard %d of replica %d: run the job again", i, replica)
			}
		}
	}
	for _, fp := range slices.Sorted(maps.Keys(s.made)) {
		if at := s.made[fp]; fp != fingerprint {
			return fmt.Errorf("dataset: shard %s belongs to another recipe or input (fingerprint %s, not %s)", n.shard(at.replica, at.shard), fp, fingerprint)
		}
	}
	for _, replica := range slices.Sorted(maps.Keys(s.replicas)) {
		r, most := s.replicas[replica], n.spec.Shards
		if !slices.Contains(replicas, replica) {
			most = 0
		}
		if int64(len(r.shards)) > most {
			return fmt.Errorf("dataset: shard %d of replica %d is not part of the run", r.shards[most].Shard, replica)
		}
	}
	return nil
}

// statistics sums up the methods of some replicas of the set, which is sorted: all of them if of is nil.
func (s *ShardSet) statistics(of func(replica int) bool) []MethodStats {
	var stats Stats
	for _, name := range s.methods {
		stats.method(name)
	}
	for _, replica := range slices.Sorted(maps.Keys(s.replicas)) {
		if of != nil && !of(replica) {
			continue
		}
		r := s.replicas[replica]
		for i := range r.shards {
			for k, sum := range r.shards[i].Sums {
				stats.methods[k].LamDrawnSum += Float(sum.Drawn)
				stats.methods[k].LamSum += Float(sum.Final)
			}
		}
		for i := range r.totals {
			stats.method(r.totals[i].Method).addCounts(&r.totals[i])
		}
	}
	return slices.DeleteFunc(stats.Methods(), func(m MethodStats) bool { return m.Count == 0 })
}

// list returns what the manifest says of the replicas of the set, which is sorted, and the number of their samples.
// planned says that they have no pixels yet.
func (s *ShardSet) list(n names, planned bool) (replicas []Replica, samples int64) {
	replicas = []Replica{}
	for _, replica := range slices.Sorted(maps.Keys(s.replicas)) {
		r := Replica{Replica: replica, Numbered: n.of(replica).Replica >= 0}
		made := s.replicas[replica].shards
		r.Shards = make([]Shard, len(made))
		for i := range made {
			r.Shards[i] = made[i].listed(n.shard(replica, made[i].Shard), planned)
			r.Samples += made[i].Samples
			r.Bytes += made[i].Bytes
		}
		samples += r.Samples
		replicas = append(replicas, r)
	}
	return replicas, samples
}

// names are those of the files of a split. spec.Replica is −1 if names of replica 0 have no number.
type names struct {
	format shard.Format
	spec   shard.Spec
}

// of is the spec of a replica.
func (n names) of(replica int) shard.Spec {
	spec := n.spec
	if replica > 0 || spec.Replica >= 0 {
		spec.Replica = replica
	}
	return spec
}

func (n names) shard(replica int, i int64) string { return n.format.ShardPath(n.of(replica), i) }
func (n names) index(replica int, i int64) string { return n.format.IndexPath(n.of(replica), i) }
func (n names) plan(replica int, i int64) string {
	return PlanPath(n.spec.Split, n.shard(replica, i))
}

// ListedIn reports whether a manifest lists all shards of the set.
func (s *ShardSet) ListedIn(m *Manifest) bool {
	listed := map[int][]Shard{}
	for _, r := range m.Replicas {
		listed[r.Replica] = r.Shards
	}
	for replica, r := range s.replicas {
		for i := range r.shards {
			e := &r.shards[i]
			if have := listed[replica]; e.Shard >= int64(len(have)) || have[e.Shard].SHA256 != hex.EncodeToString(e.SHA256[:]) {
				return false
			}
		}
	}
	return true
}
