// Package workererr finds in what a cluster says of a failure what a reader needs: the text of the
// error that a DoFn returned, on one line.
package workererr

import "strings"

// Find returns the error that a DoFn returned, without what Beam and the runner put around it, or "".
// Beam joins its layers by "caused by:" in a line of its own; after the last comes a Java stack
// trace (Flink) or the way that the error took through the worker (Dataflow).
func Find(text string) string {
	const mark = "caused by:\n"
	i := strings.LastIndex(text, mark)
	if i < 0 {
		return ""
	}
	text = text[i+len(mark):]
	for _, end := range []string{"\n\tat ", "\npassed through:"} {
		text, _, _ = strings.Cut(text, end)
	}
	text = strings.TrimSpace(text)
	if first, rest, ok := strings.Cut(text, "\n"); ok && strings.HasPrefix(first, "DoFn[") && strings.HasSuffix(first, " failed:") {
		text = strings.TrimSpace(rest)
	}
	return text
}

// Line joins the lines of a text. What is on one line stays as it is.
func Line(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(line)
	}
	return b.String()
}
