package stage

import (
	"context"
	"sync"
)

// ahead bounds the crops and the encoded samples of all shards in work, in bytes. A crop waits for the
// last sample that needs it, and a sample for those before it in its shard, so to wait for a free byte
// could be to wait for oneself: the first image of a shard is also the source of the last. So a shard may
// always make its next sample, and runs ahead of it only as far as there is memory.
type ahead struct {
	most int64

	mu    sync.Mutex
	used  int64
	peak  int64         // the most that was used
	freed chan struct{} // closed when something is given back; nil: nobody waits
}

// A lead is what one shard has of it.
type lead struct {
	of *ahead

	// Both are guarded by of.mu.
	samples int   // that are begun and not written
	bytes   int64 // of them, and of crops
}

// take waits until the shard may begin a sample that takes n bytes.
func (l *lead) take(ctx context.Context, n int64) error {
	for {
		freed := l.try(n)
		if freed == nil {
			return nil
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// try takes n bytes for a sample, or returns what is closed when it is worth to try again.
func (l *lead) try(n int64) (freed <-chan struct{}) {
	a := l.of
	a.mu.Lock()
	defer a.mu.Unlock()
	if l.samples > 0 && a.used+n > a.most {
		if a.freed == nil {
			a.freed = make(chan struct{})
		}
		return a.freed
	}
	l.samples++
	l.bytes += n
	a.used += n
	a.peak = max(a.peak, a.used)
	return nil
}

// give gives n bytes back, and says how many samples were written.
func (l *lead) give(n int64, written int) {
	a := l.of
	a.mu.Lock()
	defer a.mu.Unlock()
	l.samples -= written
	l.bytes -= n
	a.used -= n
	if a.freed != nil {
		close(a.freed)
		a.freed = nil
	}
}

// end gives back what is left after an error.
func (l *lead) end() { l.give(l.bytes, l.samples) }
