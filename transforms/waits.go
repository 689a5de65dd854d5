package transforms

import (
	"context"
	"sync"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/premix/premix/io/blob"
)

// The counters that a runner shows of requests to stores that were repeated, and of the milliseconds that
// they waited in all.
var (
	repeatedRequests = beam.NewCounter("premix", "store_requests_repeated")
	storeWaits       = beam.NewCounter("premix", "store_wait_ms")
)

// counted is what of the waits of this process is in the counters.
var counted struct {
	sync.Mutex
	blob.Waits
}

// countWaits is deferred by every DoFn that works on files. The work itself runs on many goroutines, and
// metrics belong to that of the bundle; so it adds what the process has counted since the last call.
func countWaits(ctx context.Context) {
	counted.Lock()
	now := blob.ReadWaits()
	d := now.Sub(counted.Waits)
	counted.Waits = now
	counted.Unlock()
	if d.Repeated() > 0 {
		repeatedRequests.Inc(ctx, d.Repeated())
		storeWaits.Inc(ctx, d.Waited.Milliseconds())
	}
}
