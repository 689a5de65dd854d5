package blob

import (
	"context"
	"errors"
	"net"
	"syscall"
	"time"

	"gocloud.dev/gcerrors"
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
func request(ctx context.Context, uri string, f func(context.Context) error) error {
	return retry(ctx, uri, func(ctx context.Context) error {
		release, err := acquire(ctx)
		if err != nil {
			return err
		}
		defer release()
		return guarded(func() error { return f(ctx) })
	})
}

// retry calls f until it succeeds, fails for good, or has used up its budget. Most of it the transport
// has used by then; what is left is for answers that break off.
func retry(ctx context.Context, uri string, f func(context.Context) error) error {
	ctx, b := withBudget(ctx)
	for {
		began := time.Now()
		err := f(ctx)
		if err == nil || !transient(uri, err, b.brokeOff()) || !b.again(ctx, b.take(failureOf(err, began))) {
			return err
		}
	}
}

// failureOf is the failure behind an error that may pass.
func failureOf(err error, began time.Time) failure {
	return failure{cause: broken, began: began, few: errors.Is(err, errShort) || !ofNetwork(err)}
}

// transient reports whether a failure of a store may pass. brokeOff says that an answer broke off: client
// libraries do not pass that on.
func transient(uri string, err error, brokeOff bool) bool {
	var f *finalError
	if errors.Is(err, context.Canceled) || errors.Is(err, errDone) || errors.As(err, &f) {
		return false
	}
	s, _ := scheme(uri)
	if d := drivers[s]; d != nil {
		switch c := d.status(err); {
		case busyStatus(c):
			return true
		case c >= 400:
			return false
		}
	}
	if brokeOff {
		return true
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
