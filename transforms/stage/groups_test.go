package stage

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestBalance deals the parts of plans out as Flink's rebalancing does, and wants the number of
// shards on the busiest of the slots within 25 % of the mean. Buckets lie on any slot, since that
// is decided by a hash of their numbers; from each slot parts are dealt out round-robin, beginning
// with the slot itself.
func TestBalance(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ shards, perShard, replicas, slots int64 }{
		{8, 16, 1, 4},
		{8, 1252, 1, 4},
		{32, 64, 1, 4},
		{32, 1252, 1, 4},
		{96, 1252, 1, 4},
		{1024, 1, 1, 4},
		{1024, 1252, 1, 4}, // ImageNet
		{1024, 1252, 3, 4},
		{1024, 1252, 1, 64},
		{16384, 1252, 1, 256},
	} {
		t.Run(fmt.Sprintf("shards=%d,%d,replicas=%d,slots=%d", c.shards, c.perShard, c.replicas, c.slots), func(t *testing.T) {
			g := &Global{N: c.shards * c.perShard, Shards: c.shards}
			g.chooseGroups(0, c.slots, c.replicas, 1)
			if g.Shards >= 4*c.slots && g.Parts < 4*c.slots {
				t.Errorf("%d parts for %d slots", g.Parts, c.slots)
			}
			perPart := make([]int64, g.Parts)
			for s := range g.Shards {
				for r := range c.replicas {
					perPart[r*g.Groups+g.group(s)]++
				}
			}
			for range 100 {
				// The parts of a slot's buckets leave it one after the other.
				next := make([]int64, c.slots)
				for s := range next {
					next[s] = int64(s)
				}
				at := make([]int, g.Buckets)
				for b := range at {
					at[b] = random.IntN(int(c.slots))
				}
				load := make([]int64, c.slots)
				last := int64(0)
				for part := range g.Parts {
					b := g.Bucket(part)
					if b < last || b >= g.Buckets {
						t.Fatalf("part %d is in bucket %d, the one before in %d of %d", part, b, last, g.Buckets)
					}
					last = b
					from := at[b]
					load[next[from]%c.slots] += perPart[part]
					next[from]++
				}
				most, all := int64(0), int64(0)
				for _, n := range load {
					most = max(most, n)
					all += n
				}
				if all != c.shards*c.replicas {
					t.Fatalf("%d shards were dealt out", all)
				}
				if mean := float64(all) / float64(c.slots); float64(most) > 1.25*mean {
					t.Fatalf("%d shards on one slot, %.1f in the mean (%d groups, %d buckets): %v", most, mean, g.Groups, g.Buckets, load)
				}
			}
		})
	}
}

func TestGroupsWithinReason(t *testing.T) {
	for _, c := range []struct {
		n, shards, wanted, slots, replicas int64
		groups, buckets                    int64
	}{
		{0, 1, 0, 0, 1, 1, 1},
		{600, 16, 0, 4, 1, 16, 1},
		{1_281_167, 1024, 0, 0, 1, 64, 2},
		{1_281_167, 1024, 0, 4, 1, 64, 2},
		{1_281_167, 1024, 0, 100, 1, 1024, 2},
		{1_281_167, 1024, 7, 100, 1, 7, 2},
		{1_281_167, 1024, 1, 100, 1, 1, 1},
		{1_281_167, 1024, 0, 4, 10, 20, 13},
		{1_281_167, 1024, 0, 1600, 90, 285, 110},
		{1_000_000_000, 99_999, 0, 64, 1, 15259, 954},
	} {
		g := &Global{N: c.n, Shards: c.shards}
		g.chooseGroups(c.wanted, c.slots, c.replicas, 1)
		if g.Groups != c.groups || g.Buckets != c.buckets || g.Parts != c.groups*c.replicas {
			t.Errorf("%+v: %d groups, %d parts, %d buckets", c, g.Groups, g.Parts, g.Buckets)
		}
	}
}

// TestRounds wants each part in one round, in ascending order, and rounds of bounded size.
func TestRounds(t *testing.T) {
	for _, c := range []struct {
		n, shards, replicas, built, rounds int64
	}{
		{1000, 8, 1, 1, 1},
		{1000, 8, 3, 64, 1},
		{1_281_167, 1024, 1, 1, 1},
		{1_281_167, 1024, 90, 64, 28},
		{1_281_167, 1024, 90, 1, 1}, // a cluster
		{14_200_000, 11_400, 1, 64, 4},
		{14_200_000, 11_400, 90, 64, 64},
	} {
		g := &Global{N: c.n, Shards: c.shards}
		g.chooseGroups(0, 0, c.replicas, c.built)
		if g.Rounds != c.rounds {
			t.Errorf("%+v: %d rounds", c, g.Rounds)
		}
		perRound, last := make([]int64, g.Rounds), int64(0)
		for part := range g.Parts {
			for round := range g.Rounds {
				if g.inRound(part, round) {
					if first, last := g.replicasIn(round); part/g.Groups < first || part/g.Groups > last || last >= c.replicas {
						t.Fatalf("%+v: round %d is of the replicas %d to %d, and has part %d", c, round, first, last, part)
					}
					if round < last {
						t.Fatalf("%+v: part %d is in round %d, the one before in %d", c, part, round, last)
					}
					last = round
					perRound[round] += c.n / g.Groups
				}
			}
		}
		for round, rows := range perRound {
			if most := max(roundRows, c.n*c.replicas/g.Rounds) + 2*c.n/g.Groups; rows == 0 || rows > most {
				t.Errorf("%+v: %d rows in round %d, want at most %d", c, rows, round, most)
			}
		}
	}
	for _, c := range []struct{ images, replicas, want int64 }{{0, 1, 1}, {100, 90, 1}, {1_281_167, 1, 1}, {1_281_167, 90, 28}, {1e9, 90, 64}} {
		if got := MostRounds(c.images, c.replicas); got != c.want {
			t.Errorf("%+v: %d rounds", c, got)
		}
	}
}
