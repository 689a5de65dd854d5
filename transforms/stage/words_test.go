package stage

import (
	"math"
	"strings"
	"testing"

	"github.com/premix/premix/dataset"
)

// TestAssertValid breaks one invariant of each word after the other.
func TestAssertValid(t *testing.T) {
	type word interface{ AssertValid() error }
	job := func(change func(*Job)) word {
		j := &Job{Replicas: []int{2, 3}, ZeroNumbered: true, Rounds: 1, Outputs: []Output{{Dir: "a", Format: "tfds"}, {Dir: "b", Format: "webdataset"}}}
		change(j)
		return j
	}
	summary := func(change func(*Summary)) word {
		s := &Summary{ID: "c", Container: "x.tar", Entries: 6, Good: CountsOf(map[string]int64{"ncat": 4}), Failed: map[string]int64{"corrupt": 2}, Spool: SpoolRef}
		change(s)
		return s
	}
	plan := func(change func(*Global)) word {
		g := &Global{N: 5, Shards: 3, Groups: 2, Parts: 4, Buckets: 3, Rounds: 2, Classes: []string{"cat"}}
		change(g)
		return g
	}
	chunk := func(change func(*PlannedChunk)) word {
		p := &PlannedChunk{
			Summary: Summary{ID: "b", Container: "x.tar", Entries: 4, Failed: map[string]int64{"corrupt": 1}, Spool: SpoolRef},
			Used:    1, Excluded: 1, BadLabels: 1, Looked: 4,
		}
		change(p)
		return p
	}
	account := func(change func(*Account)) word {
		s := Summary{ID: "b", Container: "x.tar", Entries: 1, Failed: map[string]int64{"corrupt": 1}, Losses: []Loss{{Kind: "corrupt"}}, Spool: SpoolRef}
		a := &Account{Bad: []BadChunk{{PlannedChunk: PlannedChunk{Summary: s, Looked: -1}, Weights: []int64{3}}}}
		change(a)
		return a
	}
	batch := func(change func(*OutputBatch)) word {
		b := &OutputBatch{Batch: dataset.Batch{Fingerprint: "f"}}
		b.Totals = []dataset.MethodStats{{Method: "none", Count: 5}}
		b.Shards = []dataset.Extract{{Samples: 2, Sums: []dataset.LamSums{{Drawn: 1, Final: 1}}}, {Shard: 1, Samples: 3}}
		change(b)
		return b
	}
	for _, c := range []struct {
		word word
		want string
	}{
		{job(func(j *Job) {}), ""},
		{job(func(j *Job) { j.Replicas = nil }), "not ascending"},
		{job(func(j *Job) { j.Replicas = []int{3, 2} }), "not ascending"},
		{job(func(j *Job) { j.Replicas = []int{2, 2} }), "not ascending"},
		{job(func(j *Job) { j.Replicas = []int{-1, 2} }), "not ascending"},
		{job(func(j *Job) { j.Limit = -1 }), "negative"},
		{job(func(j *Job) { j.Shards, j.SamplesPerShard = 1, 1 }), "both 1 shards"},
		{job(func(j *Job) { j.Rounds = 0 }), "0 rounds"},
		{job(func(j *Job) { j.PlanOnly, j.Replay = true, &Replay{} }), "plan only"},
		{job(func(j *Job) { j.Spool.Mode = SpoolPixels }), "no place"},
		{job(func(j *Job) { j.Outputs[1].Format = "zip" }), "output 1"},
		{job(func(j *Job) { j.Outputs[1].Dir = "a" }), "two outputs"},
		{summary(func(s *Summary) {}), ""},
		{summary(func(s *Summary) { s.ID = "" }), `the ID ""`},
		{summary(func(s *Summary) { s.Spool = "" }), `the spool ""`},
		{summary(func(s *Summary) { s.Ignored = -1 }), "-1 ignored"},
		{summary(func(s *Summary) { s.Entries++ }), "has 7 entries, of which 6"},
		{summary(func(s *Summary) { s.Good = CountsOf(map[string]int64{"": 4}) }), "counts by label of a chunk of x.tar are broken"},
		{summary(func(s *Summary) { s.Good = CountsOf(map[string]int64{"cat": 4}) }), `the label "cat"`},
		{summary(func(s *Summary) { s.Good = CountsOf(map[string]int64{"ncat": 6, "ndog": -2}) }), "counts by label of a chunk of x.tar are broken"},
		{summary(func(s *Summary) { s.Only = "ndog" }), `a container of the label "ndog"`},
		{summary(func(s *Summary) { s.Failed = map[string]int64{"corrupt": 3, "empty": -1} }), `-1 images of the fault "empty"`},
		{plan(func(g *Global) {}), ""},
		{plan(func(g *Global) { g.Groups, g.Parts, g.Buckets, g.Rounds = 0, 0, 0, 0 }), ""},
		{plan(func(g *Global) { g.Shards = 6 }), "5 images in 6 shards"},
		{plan(func(g *Global) { g.Classes = nil }), "class list"},
		{plan(func(g *Global) { g.Groups = 4 }), "in 4 groups"},
		{plan(func(g *Global) { g.Parts = 3 }), "3 parts"},
		{plan(func(g *Global) { g.Buckets = 5 }), "5 buckets"},
		{plan(func(g *Global) { g.Rounds = 0 }), "0 rounds"},
		{chunk(func(p *PlannedChunk) {}), ""},
		{chunk(func(p *PlannedChunk) { p.Looked = -2 }), "-2 entries"},
		{chunk(func(p *PlannedChunk) { p.Left = map[int]int64{3: -1} }), "-1 images of the class 3"},
		{chunk(func(p *PlannedChunk) { p.Looked = 3 }), "3 entries are looked at"},
		{chunk(func(p *PlannedChunk) { p.Excluded = 2 }), "1 used, 2 excluded, 2 failed"},
		{chunk(func(p *PlannedChunk) { p.ID = "" }), `the ID ""`},
		{account(func(a *Account) {}), ""},
		{account(func(a *Account) { a.Bad[0].Weights = nil }), "1 losses have 0 weights"},
		{account(func(a *Account) { a.Bad[0].Used++ }), "1 used, 0 excluded, 1 failed"},
		{batch(func(b *OutputBatch) {}), ""},
		{batch(func(b *OutputBatch) { b.Output = -1 }), "output -1"},
		{batch(func(b *OutputBatch) { b.Replica = -1 }), "replica -1"},
		{batch(func(b *OutputBatch) { b.Fingerprint = "" }), `made from ""`},
		{batch(func(b *OutputBatch) { b.Shards = nil }), "0 shards"},
		{batch(func(b *OutputBatch) { b.Shards[0].Samples = 0 }), "0 samples"},
		{batch(func(b *OutputBatch) { b.Shards[0].Samples++ }), "5 samples by method in replica 0, where the shards have 6"},
		{batch(func(b *OutputBatch) { b.Shards[1].PlanBytes = -1 }), "-1 bytes"},
		{batch(func(b *OutputBatch) { b.Shards[1].Kept, b.Shards[1].Anew = true, true }), "shard 1 of replica 0"},
		{batch(func(b *OutputBatch) { b.Shards[1].Sums = make([]dataset.LamSums, 2) }), "of 2 of 1 methods"},
		{batch(func(b *OutputBatch) { b.Shards[0].Sums[0].Drawn = math.NaN() }), "sums of λ NaN"},
		{batch(func(b *OutputBatch) { b.Shards[0].Sums[0].Final = math.Inf(1) }), "sums of λ 1 and +Inf"},
		{batch(func(b *OutputBatch) { b.Totals[0].Count = -5 }), "-5 samples of the method"},
	} {
		err := c.word.AssertValid()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%+v: %v, want an error with %q", c.word, err, c.want)
		}
	}
}
