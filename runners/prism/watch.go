package prism

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
)

// listening is what prism logs between listening and accepting, with the attribute endpoint.
const listening = "Serving JobManagement"

// A watch is a log handler that calls keep when prism's job service begins to listen. Prism writes that
// line after it has opened the port and before it accepts the first connection, and waits for the
// handler: there is no other place between the two from which Beam calls anything of ours.
type watch struct {
	keep   func(port int) error
	failed func() // ends the wait for a service that will not answer
	next   slog.Handler

	once     sync.Once
	endpoint string
	err      error
}

func (w *watch) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || w.next.Enabled(ctx, level)
}

func (w *watch) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == listening {
		w.once.Do(func() { w.began(r) })
	}
	if !w.next.Enabled(ctx, r.Level) {
		return nil
	}
	return w.next.Handle(ctx, r)
}

func (w *watch) began(r slog.Record) {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "endpoint" {
			w.endpoint = a.Value.String()
		}
		return true
	})
	_, text, err := net.SplitHostPort(w.endpoint)
	if err == nil {
		var port int
		if port, err = strconv.Atoi(text); err == nil {
			err = w.keep(port)
		}
	} else {
		err = fmt.Errorf("its job service listens at %q: %w", w.endpoint, err)
	}
	if err != nil {
		w.err = err
		w.failed()
	}
}

func (w *watch) WithAttrs(attrs []slog.Attr) slog.Handler { return w.next.WithAttrs(attrs) }

func (w *watch) WithGroup(name string) slog.Handler { return w.next.WithGroup(name) }
