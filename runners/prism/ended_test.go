package prism

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"testing"
	"time"
)

// TestWhileWorkers: a job that waits for a process which has ended comes to its end, and one that finishes or
// fails by itself keeps its own result.
func TestWhileWorkers(t *testing.T) {
	defer func(d time.Duration) { endsWithin = d }(endsWithin)
	own := errors.New("its own")
	for _, c := range []struct {
		name   string
		within time.Duration
		run    func(context.Context) error
		want   error // nil: none; own; otherwise any *endedError
	}{
		{"it waits for ever", time.Millisecond, func(ctx context.Context) error {
			slog.Debug(stopped)
			<-ctx.Done()
			return ctx.Err()
		}, &endedError{}},
		{"it finishes", time.Hour, func(context.Context) error {
			slog.Debug(stopped)
			return nil
		}, nil},
		{"it finishes late", time.Millisecond, func(ctx context.Context) error {
			slog.Debug(stopped)
			<-ctx.Done()
			return nil
		}, nil},
		{"it fails", time.Hour, func(context.Context) error { return own }, own},
		{"it panics", time.Hour, func(context.Context) error {
			slog.Debug(stopped)
			slog.Error(failed)
			return errors.New("send on closed channel")
		}, &endedError{}},
		{"it fails, and its workers are ended", time.Hour, func(context.Context) error {
			slog.Error(failed)
			slog.Debug(stopped)
			return own
		}, own},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, output := slog.Default(), log.Writer()
			endsWithin = c.within
			err := whileWorkers(t.Context(), c.run)
			ended := (*endedError)(nil)
			if errors.As(c.want, &ended) != errors.As(err, &ended) || ended == nil && err != c.want {
				t.Errorf("%v, want %v", err, c.want)
			}
			if slog.Default() != before || log.Writer() != output {
				t.Error("the loggers are not those from before")
			}
		})
	}
}

// TestWhileInterrupted: an interrupt ends the workers too, and stays what the error says.
func TestWhileInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := whileWorkers(ctx, func(ctx context.Context) error {
		cancel()
		slog.Debug(stopped)
		<-ctx.Done()
		return ctx.Err()
	})
	if err != context.Canceled {
		t.Error(err)
	}
}

func TestCommand(t *testing.T) {
	for config, want := range map[string]string{
		`{"command":"/opt/premix","env":{"K":"secret"}}`: "/opt/premix",
		``:  "of the workers",
		`x`: "of the workers",
	} {
		if got := command(config); got != want {
			t.Errorf("%s: %q, want %q", config, got, want)
		}
	}
}
