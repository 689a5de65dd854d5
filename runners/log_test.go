package runners

import (
	"bytes"
	"errors"
	"log"
	"log/slog"
	"strings"
	"testing"
)

// What Beam and net/http log is without secrets, after Beam has set its own handler.
func TestRedactLogs(t *testing.T) {
	before, output, flags := slog.Default(), log.Writer(), log.Flags()
	defer func() {
		slog.SetDefault(before)
		log.SetOutput(output)
		log.SetFlags(flags)
	}()
	defer func(redact func(string) string) { Redact = redact }(Redact)
	Redact = func(text string) string { return strings.ReplaceAll(text, "CANARY", "…") }
	var b bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	redactLogs()
	redactLogs()
	const address = "https://host/c/k?sig=CANARY"
	log.Print("unsolicited ", address)
	l := slog.With("with", address).WithGroup("group")
	l.Error("failed "+address, "err", errors.New("get "+address), slog.Group("g", "inner", address), "n", 3)
	text := b.String()
	if strings.Contains(text, "CANARY") || strings.Count(text, "https://host/c/k?sig=…") != 5 || !strings.Contains(text, "group.n=3") {
		t.Error(text)
	}
}
