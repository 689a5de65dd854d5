package prism

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
)

// What prism logs when a worker has ended (for debugging only, before it closes what the job sends work to),
// and when a job has failed.
const (
	stopped = "shutdown"
	failed  = "job failed"
)

// endsWithin is how long a job may go on after its worker process has ended: prism ends the process of a
// finished job before beam.Run returns.
var endsWithin = 15 * time.Second

// whileWorkers calls run, whose job has a worker process that prism starts. Where the process ends before it has
// asked for work, prism waits for ever, or panics as it sends the work: run's context ends then, and the error says
// why.
func whileWorkers(parent context.Context, run func(context.Context) error) error {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	before := slog.Default()
	e := &ended{next: before.Handler(), gone: func() { time.AfterFunc(endsWithin, cancel) }}
	setLog(e)
	defer slog.SetDefault(before)
	err := run(ctx)
	if err != nil && parent.Err() == nil && e.first.Load() == stopped {
		return &endedError{command(*jobopts.EnvironmentConfig)}
	}
	return err
}

// setLog makes a handler that of the default logger, and leaves package log as it is: slog would lead it to
// the handler, which may lead back there.
func setLog(h slog.Handler) {
	output, flags := log.Writer(), log.Flags()
	slog.SetDefault(slog.New(h))
	log.SetOutput(output)
	log.SetFlags(flags)
}

// command is that of a PROCESS environment. The environment's variables may be secret.
func command(config string) string {
	var c struct{ Command string }
	if json.Unmarshal([]byte(config), &c) != nil || c.Command == "" {
		return "of the workers"
	}
	return c.Command
}

// An endedError says that the worker process of a job has ended.
type endedError struct{ command string }

func (e *endedError) Error() string {
	return fmt.Sprintf("--runner prism: the command %s in --environment_config ended before the job did: it must be this program, or start it and wait for it; what it said is above", e.command)
}

// An ended is a log handler that calls gone when a worker process has ended, unless the job had failed before.
type ended struct {
	gone  func()
	next  slog.Handler
	first atomic.Value // stopped or failed, whichever came first
}

func (e *ended) Enabled(context.Context, slog.Level) bool { return true }

func (e *ended) Handle(ctx context.Context, r slog.Record) error {
	switch {
	case r.Level == slog.LevelDebug && r.Message == stopped:
		if e.first.CompareAndSwap(nil, stopped) {
			e.gone()
		}
	case r.Level == slog.LevelError && r.Message == failed:
		e.first.CompareAndSwap(nil, failed)
	}
	if !e.next.Enabled(ctx, r.Level) {
		return nil
	}
	return e.next.Handle(ctx, r)
}

func (e *ended) WithAttrs(attrs []slog.Attr) slog.Handler { return e.next.WithAttrs(attrs) }

func (e *ended) WithGroup(name string) slog.Handler { return e.next.WithGroup(name) }
