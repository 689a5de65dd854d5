package plan

import "math/bits"

// Shards cuts the N positions of a replica into S runs: position p lies in shard ⌊p·S/N⌋, so
// that the sizes differ by at most one. Products are taken in 128 bits.
type Shards struct{ N, S int64 }

// Of is the shard that holds a position in [0,N).
func (s Shards) Of(position int64) int64 {
	hi, lo := bits.Mul64(uint64(position), uint64(s.S))
	q, _ := bits.Div64(hi, lo, uint64(s.N))
	return int64(q)
}

// Range is the run of positions lo ≤ p < hi of a shard in [0,S): lo = ⌈shard·N/S⌉. It is empty
// for some shards if S > N.
func (s Shards) Range(shard int64) (lo, hi int64) { return s.first(shard), s.first(shard + 1) }

func (s Shards) first(shard int64) int64 {
	hi, lo := bits.Mul64(uint64(shard), uint64(s.N))
	q, r := bits.Div64(hi, lo, uint64(s.S))
	if r > 0 {
		q++
	}
	return int64(q)
}

// The sizes that DefaultShards uses.
const (
	mostASmallSet   = 1024 // below this number of samples shards are few
	samplesPerShard = 1252 // gives ImageNet's 1,281,167 images 1,024 shards
	leastASmall     = 16
	multiple        = 64      // divides among the ranks and workers of common set-ups
	belowSmall      = 8 << 10 // images of fewer bytes on average are small
	bytesPerShard   = 4 << 20
	multipleOfSmall = 32
)

// MaxShards is how many shards of a replica the names of shards have digits for.
const MaxShards = 99999

// DefaultShards is the number of shards for n samples made of images of so many bytes in all, encoded:
// that of [ShardsByCount], or fewer where there are at least 1,024 samples of images below 8 KiB on
// average: the smallest multiple of 32 with at most 4 MiB of input a shard.
func DefaultShards(n, bytes int64) int64 {
	s := ShardsByCount(n)
	if n < mostASmallSet || bytes/n >= belowSmall {
		return s
	}
	return min(s, roundUp(ShardsFor(bytes, bytesPerShard), multipleOfSmall))
}

// ShardsByCount is the smallest multiple of 64 with at most 1,252 samples a shard (1,024 shards for
// ImageNet), and below 1,024 samples the largest power of two with at least 16 samples a shard, at
// least 1; never more than the largest multiple of 64 that names have digits for, 99,968, so that beyond 125
// million samples shards have more of them. It is the default of versions that did not look at bytes.
func ShardsByCount(n int64) int64 {
	if n < mostASmallSet {
		s := int64(1)
		for s*2*leastASmall <= n {
			s *= 2
		}
		return s
	}
	return min(roundUp(ShardsFor(n, samplesPerShard), multiple), MaxShards/multiple*multiple)
}

func roundUp(n, multiple int64) int64 { return (n + multiple - 1) / multiple * multiple }

// ShardsFor is the smallest number of shards that hold at most perShard of n samples each, at
// least 1.
func ShardsFor(n, perShard int64) int64 {
	if n <= 0 {
		return 1
	}
	return (n-1)/max(perShard, 1) + 1
}
