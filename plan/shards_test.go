package plan

import (
	"math"
	"testing"
)

func TestShardsCoverEverything(t *testing.T) {
	for n := int64(1); n <= 130; n++ {
		for s := int64(1); s <= 140; s++ {
			sh := Shards{n, s}
			next, least, most := int64(0), n, int64(0)
			for k := range s {
				lo, hi := sh.Range(k)
				if lo != next || hi < lo {
					t.Fatalf("%d in %d: shard %d is [%d,%d) after %d", n, s, k, lo, hi, next)
				}
				for p := lo; p < hi; p++ {
					if sh.Of(p) != k || p*s/n != k {
						t.Fatalf("%d in %d: position %d in shard %d, not %d", n, s, p, sh.Of(p), k)
					}
				}
				next, least, most = hi, min(least, hi-lo), max(most, hi-lo)
			}
			if next != n || most-least > 1 {
				t.Fatalf("%d in %d: %d positions, sizes %d to %d", n, s, next, least, most)
			}
		}
	}
}

func TestShardsOfHugeSets(t *testing.T) {
	for _, sh := range []Shards{{math.MaxInt64, 1 << 40}, {1 << 40, 1<<40 - 1}, {math.MaxInt64, math.MaxInt64}, {1281167, 1024}} {
		for _, k := range []int64{0, 1, sh.S / 2, sh.S - 1} {
			lo, hi := sh.Range(k)
			if sh.Of(lo) != k || sh.Of(hi-1) != k || lo > 0 && sh.Of(lo-1) != k-1 || hi < sh.N && sh.Of(hi) != k+1 {
				t.Errorf("%v: shard %d is [%d,%d)", sh, k, lo, hi)
			}
		}
		if _, hi := sh.Range(sh.S - 1); hi != sh.N {
			t.Errorf("%v: ends at %d", sh, hi)
		}
	}
}

func TestShardsByCount(t *testing.T) {
	for _, tt := range []struct{ n, want int64 }{
		{0, 1}, {1, 1}, {31, 1}, {32, 2}, {63, 2}, {64, 4}, {300, 16}, {1023, 32},
		{1024, 64}, {80128, 64}, {80129, 128}, {126689, 128}, {1281167, 1024}, {1282048, 1024}, {1282049, 1088},
	} {
		if got := ShardsByCount(tt.n); got != tt.want {
			t.Errorf("ShardsByCount(%d) = %d, want %d", tt.n, got, tt.want)
		}
		if got := DefaultShards(tt.n, tt.n*100<<10); got != tt.want {
			t.Errorf("DefaultShards(%d) of images of 100 KiB = %d, want %d", tt.n, got, tt.want)
		}
	}
}

// TestMostShards wants the default to stay within what names have digits for.
func TestMostShards(t *testing.T) {
	for _, n := range []int64{125_159_936, 125_159_937, 1 << 40} {
		if got := DefaultShards(n, n*100<<10); got != 99968 || got > MaxShards {
			t.Errorf("%d images have %d shards, want 99968", n, got)
		}
	}
}

func TestDefaultShards(t *testing.T) {
	const million = 1_000_000
	for _, tt := range []struct{ n, bytes, want int64 }{
		{1023, 1023, 32}, // as by count
		{32, 32, 2},
		{1024, 1024, 32},
		{1024, 0, 32},
		{50_000, 120 * million, 32},      // CIFAR
		{60_000, 17 * million, 32},       // MNIST
		{100_000, 200 * million, 64},     // Tiny ImageNet
		{1_281_167, 3000 * million, 736}, // ImageNet at 32×32
		{1_281_167, 138_000 * million, 1024},
		{50_000, 32 * 4 << 20, 32},
		{50_000, 32*4<<20 + 1, 64},
		{50_000, math.MaxInt64, 64},
		{1024, 1024*8<<10 - 1, 32},
		{1024, 1024 * 8 << 10, 64},
	} {
		if got := DefaultShards(tt.n, tt.bytes); got != tt.want {
			t.Errorf("DefaultShards(%d, %d) = %d, want %d", tt.n, tt.bytes, got, tt.want)
		}
	}
}

func TestShardsFor(t *testing.T) {
	for _, tt := range []struct{ n, per, want int64 }{
		{0, 10, 1}, {1, 10, 1}, {10, 10, 1}, {11, 10, 2}, {5, 0, 5}, {math.MaxInt64, 1, math.MaxInt64},
	} {
		if got := ShardsFor(tt.n, tt.per); got != tt.want {
			t.Errorf("ShardsFor(%d, %d) = %d, want %d", tt.n, tt.per, got, tt.want)
		}
	}
}

func TestKey(t *testing.T) {
	for _, tt := range []struct {
		position, n int64
		replica     int
		named       bool
		want        string
	}{
		{417, 1281167, 0, false, "000000417"},
		{417, 1281167, 12, true, "r012-000000417"},
		{0, 1, 1234, true, "r1234-000000000"},
		{7, 12345678901, 0, false, "00000000007"},
	} {
		if got := Key(tt.position, tt.n, tt.replica, tt.named); got != tt.want {
			t.Errorf("Key(%d, %d, %d, %v) = %q, want %q", tt.position, tt.n, tt.replica, tt.named, got, tt.want)
		}
	}
}
