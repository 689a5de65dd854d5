package blob

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// How requests to stores are repeated. Tests shorten these times.
var (
	// silence is how long a store may take to begin its answer, to send the next byte of it, and to take
	// the next bytes of an upload.
	silence = 60 * time.Second
	// patience is how long one request is repeated, from its first failure on.
	patience = 5 * time.Minute
	// attempts bounds the requests to a host that has never answered this process, and those whose
	// failure is probably not that of a network or of a busy store.
	attempts = 4
	// pause is the longest pause after the first failure. It doubles with each one, up to longestPause.
	pause        = 200 * time.Millisecond
	longestPause = 20 * time.Second
	// longestAfter bounds what a Retry-After of the store may ask for.
	longestAfter = time.Minute
)

// A cause is why a request is repeated.
type cause int

const (
	busy   cause = iota // the store answered that it cannot now: 429, 503 and the like
	silent              // the store did not answer for a time of silence, or stopped in the middle
	broken              // no connection, or one that broke off
)

// A failure is one that may pass.
type failure struct {
	cause cause
	began time.Time     // when the request was made
	after time.Duration // what the store asks to wait
	few   bool          // repeat it attempts times at most
	err   error
}

// A budget bounds how long one request is repeated. It travels in the context, so that the layers that
// repeat (the transport, retry, a stream, the client of GCS) share one budget and do not multiply.
type budget struct {
	mu       sync.Mutex
	since    time.Time // when the first of the failures began
	failures int       // since the last progress
	few      int       // those of them that are bounded by attempts
	pending  *failure  // of a body that broke off; nobody has waited for it yet
	over     bool
}

type budgetKey struct{}

// withBudget returns the budget of a context, and a context that has one.
func withBudget(ctx context.Context) (context.Context, *budget) {
	if b, ok := ctx.Value(budgetKey{}).(*budget); ok {
		return ctx, b
	}
	b := new(budget)
	return context.WithValue(ctx, budgetKey{}, b), b
}

// again waits and returns true, or returns false at once if the request must not be repeated any more.
func (b *budget) again(ctx context.Context, f failure) bool {
	d, ok := b.next(ctx, f)
	if !ok {
		return false
	}
	from := time.Now()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return false
	}
	count(f, time.Since(from))
	return true
}

// next records a failure and returns how long to wait.
func (b *budget) next(ctx context.Context, f failure) (time.Duration, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = nil
	if b.over || ctx.Err() != nil {
		return 0, false
	}
	if b.failures == 0 {
		b.since = f.began
	}
	b.failures++
	if f.few {
		b.few++
	}
	left := patience - time.Since(b.since)
	if left <= 0 || f.few && b.few >= attempts {
		b.over = true
		return 0, false
	}
	return min(jitter(b.failures)+min(f.after, longestAfter), left), true
}

// jitter returns a pause from 0 to a bound that doubles with each failure: the workers of a job must
// not come back all at once.
func jitter(failures int) time.Duration {
	most := min(pause<<min(failures-1, 20), longestPause)
	return rand.N(most + 1)
}

// broke notes that the body of an answer broke off.
func (b *budget) broke(f failure) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = &f
}

// brokeOff reports whether an answer broke off, and nobody has waited for it yet.
func (b *budget) brokeOff() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pending != nil
}

// take returns the failure that is pending, or else another.
func (b *budget) take(other failure) failure {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pending != nil {
		return *b.pending
	}
	return other
}

// settle waits for a failure that is pending. It returns its error if there is no budget left for it.
func (b *budget) settle(ctx context.Context) error {
	b.mu.Lock()
	f := b.pending
	b.mu.Unlock()
	if f == nil || b.again(ctx, *f) {
		return nil
	}
	return orCancelled(ctx, f.err)
}

// settled forgets a failure that is pending: the answer that broke off was not needed.
func (b *budget) settled() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = nil
}

// progress gives the request its whole budget again.
func (b *budget) progress() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pending == nil {
		b.failures, b.few = 0, 0
	}
}

// Waits counts the requests to stores that were repeated.
type Waits struct {
	// Busy were answered 429, 503 or the like.
	Busy int64
	// Silent had no answer in time, or no further bytes of it.
	Silent int64
	// Broken had no connection, or one that broke off.
	Broken int64
	// Waited is the time that all of them together waited, that of silence included. Several requests
	// may have waited at once.
	Waited time.Duration
}

// Repeated is the number of all requests that were repeated.
func (w Waits) Repeated() int64 { return w.Busy + w.Silent + w.Broken }

// Sub returns what was counted since old.
func (w Waits) Sub(old Waits) Waits {
	return Waits{w.Busy - old.Busy, w.Silent - old.Silent, w.Broken - old.Broken, w.Waited - old.Waited}
}

// Add returns the sum of both.
func (w Waits) Add(v Waits) Waits {
	return Waits{w.Busy + v.Busy, w.Silent + v.Silent, w.Broken + v.Broken, w.Waited + v.Waited}
}

var waits struct {
	by     [3]atomic.Int64
	waited atomic.Int64
}

func count(f failure, waited time.Duration) {
	waits.by[f.cause].Add(1)
	if f.cause == silent {
		waited += silence
	}
	waits.waited.Add(int64(waited))
}

// ReadWaits returns what this process has counted since it started.
func ReadWaits() Waits {
	return Waits{waits.by[busy].Load(), waits.by[silent].Load(), waits.by[broken].Load(), time.Duration(waits.waited.Load())}
}
