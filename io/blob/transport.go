package blob

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// A transport sends the requests of one connection to a store, whatever its client library. It ends a
// request whose store is silent, repeats one that found the store busy, silent or out of reach, and
// checks an answer before a driver sees it, for drivers crash on headers that are missing. The client
// libraries repeat nothing themselves.
type transport struct {
	send func(*http.Request) (*http.Response, error)
	// busy reports whether an answer whose status does not say so tells that the store is busy.
	// It may read the body, and replaces it then.
	busy func(*http.Request, *http.Response) bool
	// check returns an error for an answer that the driver cannot make sense of.
	check func(*http.Request, *http.Response) error
}

// A repeatError asks a client library to send its request again, whose body only it can rewind. The
// pause is over.
type repeatError struct{ err error }

func (e *repeatError) Error() string { return e.err.Error() }
func (e *repeatError) Unwrap() error { return e.err }

// Do is RoundTrip, for the clients of S3 and Azure.
func (t *transport) Do(req *http.Request) (*http.Response, error) { return t.RoundTrip(req) }

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, b := withBudget(req.Context())
	if err := b.settle(ctx); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	for n := 1; ; n++ {
		began := time.Now()
		resp, err := t.once(req, b)
		f, passes := t.judge(req, resp, err)
		f.began = began
		if !passes {
			if err != nil && ctx.Err() == nil {
				err = &finalError{err}
			}
			return resp, err
		}
		if !b.again(ctx, f) {
			if ctx.Err() != nil {
				drop(resp)
				return nil, ctx.Err()
			}
			if err != nil && n > 1 {
				err = fmt.Errorf("%w (%d attempts)", err, n)
			}
			return resp, err
		}
		if resp != nil {
			err = fmt.Errorf("the store answered %s", resp.Status)
			drop(resp)
			b.settled()
		}
		if req.Body == nil || req.Body == http.NoBody {
			continue
		}
		if req.GetBody == nil {
			return nil, &repeatError{err}
		}
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		next := *req
		next.Body = body
		req = &next
	}
}

// orCancelled returns the error of the context, if it has one.
func orCancelled(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// drop reads the rest of a short answer, so that its connection is used again.
func drop(resp *http.Response) {
	if resp != nil {
		io.CopyN(io.Discard, resp.Body, 64<<10)
		resp.Body.Close()
	}
}

// once sends a request under a watch.
func (t *transport) once(req *http.Request, b *budget) (*http.Response, error) {
	began := time.Now()
	ctx, cancel := context.WithCancelCause(req.Context())
	w := newWatch(cancel)
	r := req.WithContext(ctx)
	var sent *sentBody
	if req.Body != nil && req.Body != http.NoBody {
		sent = &sentBody{body: req.Body, watch: w}
		r.Body = sent
	}
	if req.GetBody != nil { // package http sends again by itself what found its connection closed
		r.GetBody = func() (io.ReadCloser, error) {
			sent.detach()
			body, err := req.GetBody()
			sent = &sentBody{body: body, watch: w}
			return sent, err
		}
	}
	resp, err := t.send(r)
	if err != nil {
		if quiet := w.silent(); quiet != nil {
			err = quiet
		}
		w.stop()
		if sent.detach() {
			err = &finalError{err}
		}
		return nil, err
	}
	if resp.StatusCode >= 300 {
		sent.detach() // it may be sent again
	}
	w.rest()
	reached.Store(req.URL.Host, true)
	resp.Body = &answerBody{ReadCloser: resp.Body, ctx: req.Context(), watch: w, budget: b, began: began}
	if t.check == nil {
		return resp, nil
	}
	if err := t.check(req, resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// reached has the hosts that have answered a request of this process.
var reached sync.Map

// A finalError is a failure that another attempt does not mend.
type finalError struct{ error }

func (e *finalError) Unwrap() error { return e.error }

// answerErrorf returns the error for an answer that makes no sense.
func answerErrorf(format string, args ...any) error {
	return &finalError{fmt.Errorf("the answer is not that of such a store: "+format, args...)}
}

// judge reports whether a failure may pass.
func (t *transport) judge(req *http.Request, resp *http.Response, err error) (failure, bool) {
	if err == nil {
		passes := busyStatus(resp.StatusCode) || t.busy != nil && t.busy(req, resp)
		return failure{cause: busy, after: retryAfter(resp)}, passes
	}
	var s *silentError
	if errors.As(err, &s) {
		return failure{cause: silent}, true
	}
	_, answered := reached.Load(req.URL.Host)
	if req.Context().Err() != nil || final(err, answered) {
		return failure{}, false
	}
	return failure{cause: broken, few: !answered || !ofNetwork(err)}, true
}

// busyStatus reports whether a status says that the store cannot answer now.
func busyStatus(code int) bool {
	return code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code >= 500 && code != http.StatusNotImplemented
}

// retryAfter is what an answer asks to wait, in seconds or until a date.
func retryAfter(resp *http.Response) time.Duration {
	text := resp.Header.Get("Retry-After")
	if s, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// final reports whether a failure to reach a store will not pass. A name that is not found may be a
// fault of the resolver if it was found before.
func final(err error, answered bool) bool {
	var f *finalError
	var name *net.DNSError
	var cert *tls.CertificateVerificationError
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	return errors.As(err, &f) || errors.As(err, &name) && name.IsNotFound && !answered ||
		errors.As(err, &cert) || errors.As(err, &host) || errors.As(err, &authority)
}

// ofNetwork reports whether a failure is that of a connection.
func ofNetwork(err error) bool {
	var op *net.OpError
	var name *net.DNSError
	return errors.As(err, &op) || errors.As(err, &name) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EPIPE)
}
