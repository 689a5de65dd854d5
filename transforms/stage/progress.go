package stage

import (
	"sync/atomic"
)

// Progress counts what the stages of this process have done since it started. Local runners run
// in the launcher's process, which reads it; on a cluster every worker has its own.
type Progress struct {
	Chunks, Images, Bad          int64 // computed
	CachedChunks, CachedImages   int64
	ByStatus                     [6]int64 // chunks by Status
	Planned, PlannedShards       int64
	Mixed, Shards, SkippedShards int64
	Bytes                        int64
}

var now struct {
	chunks, images, bad, cachedChunks, cachedImages, planned, plannedShards, mixed, shards, skipped, bytes atomic.Int64
	status                                                                                                 [6]atomic.Int64
}

// ReadProgress returns the counts of this process.
func ReadProgress() Progress {
	p := Progress{
		Chunks: now.chunks.Load(), Images: now.images.Load(), Bad: now.bad.Load(),
		CachedChunks: now.cachedChunks.Load(), CachedImages: now.cachedImages.Load(),
		Planned: now.planned.Load(), PlannedShards: now.plannedShards.Load(),
		Mixed: now.mixed.Load(), Shards: now.shards.Load(), SkippedShards: now.skipped.Load(), Bytes: now.bytes.Load(),
	}
	for i := range p.ByStatus {
		p.ByStatus[i] = now.status[i].Load()
	}
	return p
}

// ResetProgress sets all counts to zero, for a process that runs several jobs one after the other.
func ResetProgress() {
	for _, c := range []*atomic.Int64{&now.chunks, &now.images, &now.bad, &now.cachedChunks, &now.cachedImages, &now.planned, &now.plannedShards, &now.mixed, &now.shards, &now.skipped, &now.bytes} {
		c.Store(0)
	}
	for i := range now.status {
		now.status[i].Store(0)
	}
}

func countImage(bad bool) {
	now.images.Add(1)
	if bad {
		now.bad.Add(1)
	}
}

// countPeaks counts a finished chunk; cached is the number of its entries that were not computed.
func countPeaks(s Status, cached int64) {
	now.status[s].Add(1)
	now.chunks.Add(1)
	if cached > 0 {
		now.cachedChunks.Add(1)
		now.cachedImages.Add(cached)
	}
}

// countBad counts the failures of a chunk that came from the cache.
func countBad(s *Summary) {
	now.bad.Add(total(s.Failed))
}

func setTotals(samples, shards int64) {
	now.planned.Store(samples)
	now.plannedShards.Store(shards)
}

func countShard(samples, bytes int64, skipped bool) {
	now.shards.Add(1)
	now.bytes.Add(bytes)
	if skipped {
		now.skipped.Add(1)
		now.mixed.Add(samples)
	}
}
