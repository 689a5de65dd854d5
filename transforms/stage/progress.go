package stage

import (
	"slices"
	"sync"
	"time"

	"github.com/premix/premix/io/blob"
)

// Progress counts what the stages of this process have done since it started. Local runners run
// in the launcher's process, which reads it; on a cluster every worker has its own.
type Progress struct {
	Chunks, Images, Bad          int64 // computed
	CachedChunks, CachedImages   int64
	ByStatus                     [len(statusNames)]int64 // chunks by Status
	Planned, PlannedShards       int64
	PlannedAt                    time.Time // when these two were set first: the peaks have ended
	Round, Rounds                int64     // the round that works, from 1, and how many the job has
	Mixed, Shards, SkippedShards int64
	KeptSamples                  int64      // of Mixed, those of skipped shards
	Bytes                        int64      // of finished shards
	ReadBytes, MixedBytes        int64      // of Images as the input has them, and of Mixed as the shards have them
	KeptCrops                    int64      // that were read, and not made
	DamagedCrops                 []string   // files of kept crops that were found damaged and removed, some of them
	Waits                        blob.Waits // requests to stores that were repeated
}

var progress struct {
	sync.Mutex
	counts Progress
	before blob.Waits // what the process had counted at the last reset
}

// ReadProgress returns the counts of this process.
func ReadProgress() Progress {
	progress.Lock()
	defer progress.Unlock()
	p := progress.counts
	p.Waits = blob.ReadWaits().Sub(progress.before)
	return p
}

// ResetProgress sets all counts to zero, for a process that runs several jobs one after the other.
func ResetProgress() {
	addProgress(func(p *Progress) {
		*p = Progress{}
		progress.before = blob.ReadWaits()
	})
}

// addProgress changes the counts of this process.
func addProgress(change func(*Progress)) {
	progress.Lock()
	defer progress.Unlock()
	change(&progress.counts)
}

func countImage(size int64, bad bool) {
	addProgress(func(p *Progress) {
		p.Images++
		p.ReadBytes += size
		if bad {
			p.Bad++
		}
	})
}

// uncountImages takes images back that are read again, and counted then.
func uncountImages(images, size, bad int64) {
	addProgress(func(p *Progress) {
		p.Images -= images
		p.ReadBytes -= size
		p.Bad -= bad
	})
}

// countPeaks counts a finished chunk; cached is the number of its entries that were not computed.
func countPeaks(s Status, cached int64) {
	addProgress(func(p *Progress) {
		p.ByStatus[s]++
		p.Chunks++
		if cached > 0 {
			p.CachedChunks++
			p.CachedImages += cached
		}
	})
}

// countBad counts the failures of a chunk that came from the cache.
func countBad(s *Summary) { addProgress(func(p *Progress) { p.Bad += total(s.Failed) }) }

// countMixed counts samples; size is that of their images in all outputs.
func countMixed(samples, size int64) {
	addProgress(func(p *Progress) {
		p.Mixed += samples
		p.MixedBytes += size
	})
}

func countKeptCrop() { addProgress(func(p *Progress) { p.KeptCrops++ }) }

// countDamagedCrops notes a file once, and sixteen at most.
func countDamagedCrops(uri string) {
	addProgress(func(p *Progress) {
		if len(p.DamagedCrops) < 16 && !slices.Contains(p.DamagedCrops, uri) {
			p.DamagedCrops = append(p.DamagedCrops[:len(p.DamagedCrops):len(p.DamagedCrops)], uri)
		}
	})
}

// countRound notes that a round has begun.
func countRound(round int64) { addProgress(func(p *Progress) { p.Round = max(p.Round, round+1) }) }

func setTotals(samples, shards, rounds int64) {
	addProgress(func(p *Progress) {
		p.Planned, p.PlannedShards, p.Rounds = samples, shards, rounds
		if p.PlannedAt.IsZero() { // a bundle may be repeated
			p.PlannedAt = time.Now()
		}
	})
}

func countShard(samples, bytes int64, skipped bool) {
	addProgress(func(p *Progress) {
		p.Shards++
		p.Bytes += bytes
		if skipped {
			p.SkippedShards++
			p.Mixed += samples
			p.KeptSamples += samples
		}
	})
}
