package blob

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// A silentError says that a store did nothing for a time of silence. It is a net.Error.
type silentError struct{ d time.Duration }

func (e *silentError) Error() string   { return fmt.Sprintf("the store has been silent for %v", e.d) }
func (e *silentError) Timeout() bool   { return true }
func (e *silentError) Temporary() bool { return true }

// A watch ends a request whose store is silent. The time counts only while the store is waited for: not
// while an upload waits for bytes to send, nor while nobody reads the answer.
type watch struct {
	limit  time.Duration
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer
	since time.Time // when the store was last heard of; zero: it is not waited for
	fired bool
	done  bool
}

// newWatch begins to wait for the store. cancel ends the request.
func newWatch(cancel context.CancelCauseFunc) *watch {
	w := &watch{limit: silence, cancel: cancel, since: time.Now()}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(w.limit, w.look)
	return w
}

func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch d := time.Since(w.since); {
	case w.done:
	case w.since.IsZero():
		w.timer.Reset(w.limit)
	case d < w.limit:
		w.timer.Reset(w.limit - d)
	default:
		w.fired = true
		w.cancel(&silentError{w.limit})
	}
}

// wait says that from now on the store is waited for.
func (w *watch) wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = time.Now()
}

// rest says that the store is not waited for.
func (w *watch) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since = time.Time{}
}

// stop ends the watch and releases the context of the request.
func (w *watch) stop() {
	w.mu.Lock()
	w.done = true
	w.timer.Stop()
	w.mu.Unlock()
	w.cancel(nil)
}

// silent returns an error if the watch has ended the request.
func (w *watch) silent() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fired {
		return &silentError{w.limit}
	}
	return nil
}

// A sentBody is the body of a request. After detach nobody reads what is below it any more, so that it
// can be sent again.
type sentBody struct {
	body  io.ReadCloser
	watch *watch

	mu       sync.Mutex
	detached bool
	failed   bool // the body could not be read; the store is not to blame
}

func (s *sentBody) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.detached {
		return 0, io.ErrClosedPipe
	}
	s.watch.rest()
	n, err := s.body.Read(p)
	s.watch.wait()
	s.failed = s.failed || err != nil && err != io.EOF
	return n, err
}

func (s *sentBody) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.detached = true
	return s.body.Close()
}

// detach reports whether the body could not be read.
func (s *sentBody) detach() (failed bool) {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.detached = true
	return s.failed
}

// An answerBody is the body of an answer.
type answerBody struct {
	io.ReadCloser
	ctx    context.Context // of the caller
	watch  *watch
	budget *budget
	began  time.Time
}

func (a *answerBody) Read(p []byte) (int, error) {
	a.watch.wait()
	n, err := a.ReadCloser.Read(p)
	a.watch.rest()
	if err == nil {
		return n, nil
	}
	quiet := a.watch.silent()
	a.watch.stop()
	if err == io.EOF || a.ctx.Err() != nil {
		return n, err
	}
	f := failure{cause: broken, began: a.began}
	if quiet != nil {
		err, f.cause = quiet, silent
	}
	f.err = err
	a.budget.broke(f)
	return n, err
}

func (a *answerBody) Close() error {
	err := a.ReadCloser.Close()
	a.watch.stop()
	return err
}
