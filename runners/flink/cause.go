package flink

import (
	"fmt"
	"strings"

	"github.com/premix/premix/runners/internal/workererr"
)

// cause finds in a Java stack trace what a reader needs: the text of a DoFn's own error, or else
// the message of the innermost exception, with a remedy where there is one.
func cause(trace string) string {
	if text := workererr.Find(trace); text != "" {
		return text
	}
	inner := ""
	for _, line := range strings.Split(trace, "\n") {
		if text, ok := strings.CutPrefix(line, "Caused by: "); ok {
			inner = text
		} else if inner == "" && strings.TrimSpace(line) != "" {
			inner = line
		}
	}
	return explain(exception(inner))
}

// exception drops the names of Java's classes before a message.
func exception(text string) string {
	for {
		class, rest, ok := strings.Cut(text, ": ")
		if !ok || strings.ContainsAny(class, " \t/") || !strings.Contains(class, ".") {
			return strings.TrimSpace(text)
		}
		text = rest
	}
}

// explain adds to a message of Flink or Java what to do about it.
func explain(text string) string {
	const remedy = "put this binary at the same path on the host of each TaskManager, or start the job from a mount that all hosts share"
	switch {
	case strings.Contains(text, "Cannot run program") && strings.Contains(text, "error=8"),
		strings.Contains(text, "Exec format error"), strings.Contains(text, "Process died with exit code 126"),
		strings.Contains(text, "Process died with exit code 127"):
		return text + ": this binary is for another platform than the hosts of the TaskManagers; build it for them (CGO_ENABLED=0 GOARCH=… go build ./cmd/premix)"
	case strings.Contains(text, "Cannot run program"), strings.Contains(text, "No such file or directory") && strings.Contains(text, "error=2"):
		return text + ": " + remedy
	case strings.Contains(text, "NoResourceAvailableException"), strings.Contains(text, "slot request timeout"), strings.Contains(text, "Could not acquire the minimum required resources"):
		return text + ": the cluster has not enough free slots; start TaskManagers, or lower --parallelism"
	case strings.Contains(text, "serialVersionUID"), strings.Contains(text, "InvalidClassException"):
		return text + fmt.Sprintf(": job server and cluster are of different versions of Flink; both must be %s.x", supported)
	}
	return text
}
