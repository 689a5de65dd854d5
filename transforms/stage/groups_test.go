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
			g.chooseGroups(0, c.slots, c.replicas)
			if g.Shards >= 4*c.slots && g.Groups < 4*c.slots {
				t.Errorf("%d groups for %d slots", g.Groups, c.slots)
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
		{1_281_167, 1024, 0, 4, 10, 64, 13},
		{1_000_000_000, 99_999, 0, 64, 1, 15259, 954},
	} {
		g := &Global{N: c.n, Shards: c.shards}
		g.chooseGroups(c.wanted, c.slots, c.replicas)
		if g.Groups != c.groups || g.Buckets != c.buckets || g.Parts != c.groups*c.replicas {
			t.Errorf("%+v: %d groups, %d parts, %d buckets", c, g.Groups, g.Parts, g.Buckets)
		}
	}
}
