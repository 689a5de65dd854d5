package dataset

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
)

// A Batch has what a manifest needs of the records of some shards of one replica: a tenth of their bytes. It
// travels from the workers that made the shards to the one that writes the manifest.
type Batch struct {
	Replica int
	// Fingerprint is that of all records.
	Fingerprint string
	// Totals are the sums over all shards of the batch, in any order. Sums of λ in them are zero: floats are
	// added shard by shard, so each shard has its own.
	Totals []MethodStats
	Shards []Extract
}

// An Extract is what a [Batch] has of one shard. The names of its files follow from the format.
type Extract struct {
	Shard                                               int64
	Samples, Bytes, PayloadBytes, IndexBytes, PlanBytes int64
	SHA256                                              [32]byte // zero where a plan has no pixels yet
	// Sums has the sums of λ, in the order of Batch.Totals. It may be shorter.
	Sums []LamSums
	Kept bool // an earlier run made the shard
	Anew bool // an earlier run had made the shard, but not as its record says
}

// LamSums are the sums of λ over the samples of a method in one shard.
type LamSums struct{ Drawn, Final float64 }

// Add adds a shard by its record, which must be of the replica and the fingerprint of the batch.
func (b *Batch) Add(r *ShardRecord) error {
	if r.Replica != b.Replica || r.Fingerprint != b.Fingerprint {
		return fmt.Errorf("dataset: the record of %s, replica %d, %s, is put to those of replica %d, %s", r.Path, r.Replica, r.Fingerprint, b.Replica, b.Fingerprint)
	}
	e := Extract{
		Shard: r.Shard, Samples: r.Samples, Bytes: r.Bytes, PayloadBytes: r.PayloadBytes, IndexBytes: r.IndexBytes, PlanBytes: r.PlanBytes,
	}
	if r.SHA256 != "" {
		sum, err := hex.DecodeString(r.SHA256)
		if err != nil || len(sum) != len(e.SHA256) {
			return fmt.Errorf("dataset: the record of %s has the sha256 %q", r.Path, r.SHA256)
		}
		e.SHA256 = [32]byte(sum)
	}
	for _, s := range r.Stats {
		i := slices.IndexFunc(b.Totals, func(t MethodStats) bool { return t.Method == s.Method })
		if i < 0 {
			i = len(b.Totals)
			b.Totals = append(b.Totals, MethodStats{Method: s.Method})
		}
		for len(e.Sums) <= i {
			e.Sums = append(e.Sums, LamSums{})
		}
		e.Sums[i] = LamSums{float64(s.LamDrawnSum), float64(s.LamSum)}
		b.Totals[i].addCounts(&s)
	}
	b.Shards = append(b.Shards, e)
	return nil
}

// AssertValid returns an error that names an invariant of the batch that does not hold.
func (b *Batch) AssertValid() error {
	if b.Replica < 0 || b.Fingerprint == "" || len(b.Shards) == 0 {
		return fmt.Errorf("a batch of %d shards of replica %d, made from %q", len(b.Shards), b.Replica, b.Fingerprint)
	}
	var samples, counted int64
	for i := range b.Shards {
		e := &b.Shards[i]
		if e.Shard < 0 || e.Samples < 1 || min(e.Bytes, e.PayloadBytes, e.IndexBytes, e.PlanBytes) < 0 || len(e.Sums) > len(b.Totals) || e.Kept && e.Anew {
			return fmt.Errorf("shard %d of replica %d has %d samples, %d, %d, %d and %d bytes, and sums of λ of %d of %d methods",
				e.Shard, b.Replica, e.Samples, e.Bytes, e.PayloadBytes, e.IndexBytes, e.PlanBytes, len(e.Sums), len(b.Totals))
		}
		for _, s := range e.Sums {
			if bad := s.Drawn - s.Drawn + s.Final - s.Final; bad != 0 || s.Drawn < 0 || s.Final < 0 {
				return fmt.Errorf("shard %d of replica %d has the sums of λ %v and %v", e.Shard, b.Replica, s.Drawn, s.Final)
			}
		}
		samples += e.Samples
	}
	for i := range b.Totals {
		if b.Totals[i].Count < 0 || b.Totals[i].Count > math.MaxInt64-counted {
			return fmt.Errorf("%d samples of the method %q in replica %d", b.Totals[i].Count, b.Totals[i].Method, b.Replica)
		}
		counted += b.Totals[i].Count
	}
	if counted != samples {
		return fmt.Errorf("%d samples by method in replica %d, where the shards have %d", counted, b.Replica, samples)
	}
	return nil
}

// listed is what the manifest says of the shard of a name. planned says that it has no pixels yet.
func (e *Extract) listed(name string, planned bool) Shard {
	s := Shard{Name: name, Samples: e.Samples, Bytes: e.Bytes, PayloadBytes: e.PayloadBytes}
	if !planned {
		s.SHA256 = hex.EncodeToString(e.SHA256[:])
	}
	return s
}
