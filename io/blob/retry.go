package blob

import (
	"context"
	"errors"
	"hash/fnv"
	"io"
	"net"
	"syscall"
	"time"

	"gocloud.dev/gcerrors"
)

// attempts and pause control how often and when a request is repeated after a temporary failure. The
// SDKs of the stores repeat some requests themselves before that.
var (
	attempts = 4
	pause    = 200 * time.Millisecond
)

// requests limits the requests to stores that this process has in flight. A stream counts only until
// its first byte, an upload not at all: callers limit those, and may need a second object while the
// first is open.
var requests = make(chan struct{}, 64)

// acquire waits for a place among the requests in flight.
func acquire(ctx context.Context) (release func(), err error) {
	select {
	case requests <- struct{}{}:
		return func() { <-requests }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// request runs an idempotent request within the limit of requests in flight, and repeats it after
// temporary failures.
func request(ctx context.Context, uri string, f func() error) error {
	return retry(ctx, uri, func() error {
		release, err := acquire(ctx)
		if err != nil {
			return err
		}
		defer release()
		return f()
	})
}

// retry calls f until it succeeds, fails for good, or has failed attempts times.
func retry(ctx context.Context, uri string, f func() error) error {
	for i := 1; ; i++ {
		err := f()
		if err == nil || i == attempts || ctx.Err() != nil || !transient(uri, err) {
			return err
		}
		t := time.NewTimer(backoff(uri, i))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return err
		}
	}
}

// backoff doubles with each failure. The half of it depends on the address, so that the workers of
// a job do not come back all at once.
func backoff(uri string, failures int) time.Duration {
	h := fnv.New64a()
	io.WriteString(h, uri)
	h.Write([]byte{byte(failures)})
	d := pause << (failures - 1)
	return d/2 + time.Duration(float64(d/2)*float64(h.Sum64()>>11)/(1<<53))
}

// transient reports whether a failure of a store may pass.
func transient(uri string, err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, errDone) {
		return false
	}
	s, _ := scheme(uri)
	if d := drivers[s]; d != nil {
		switch c := d.status(err); {
		case c == 408, c == 429, c >= 500 && c != 501:
			return true
		case c >= 400:
			return false
		}
	}
	switch gcerrors.Code(err) {
	case gcerrors.Internal, gcerrors.ResourceExhausted, gcerrors.DeadlineExceeded:
		return true
	case gcerrors.Unknown:
	default:
		return false
	}
	var ne net.Error
	return errors.As(err, &ne) || errors.Is(err, errShort) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ECONNREFUSED) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}
