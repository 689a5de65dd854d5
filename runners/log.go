package runners

import (
	"context"
	"log/slog"
)

// Redact hides the secrets in what Beam and package log write in this process. main sets it.
var Redact = func(text string) string { return text }

// A redactor is a log handler that hides secrets, in what package log writes too: with a handler of its own as
// the default, slog leads package log there.
type redactor struct{ slog.Handler }

// redactLogs puts a redactor before the handler that Beam has set.
func redactLogs() {
	h := slog.Default().Handler()
	if _, ok := h.(redactor); !ok {
		slog.SetDefault(slog.New(redactor{h}))
	}
}

func (h redactor) Handle(ctx context.Context, r slog.Record) error {
	hidden := slog.NewRecord(r.Time, r.Level, Redact(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		hidden.AddAttrs(redactAttr(a))
		return true
	})
	return h.Handler.Handle(ctx, hidden)
}

func (h redactor) WithAttrs(attrs []slog.Attr) slog.Handler {
	hidden := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		hidden[i] = redactAttr(a)
	}
	return redactor{h.Handler.WithAttrs(hidden)}
}

func (h redactor) WithGroup(name string) slog.Handler { return redactor{h.Handler.WithGroup(name)} }

func redactAttr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString, slog.KindAny:
		v = slog.StringValue(Redact(v.String()))
	case slog.KindGroup:
		var hidden []slog.Attr
		for _, member := range v.Group() {
			hidden = append(hidden, redactAttr(member))
		}
		v = slog.GroupValue(hidden...)
	}
	return slog.Attr{Key: a.Key, Value: v}
}
