package flink

import (
	"os"
	"strings"
	"testing"
)

// TestCause reads traces as Flink gives them.
func TestCause(t *testing.T) {
	refusal, err := os.ReadFile("testdata/refusal.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, trace, prefix, suffix string }{
		{"of a DoFn", string(refusal), `premix-refusal={"Code":4,"Message":"/data/out-flink holds`, `and 2 more"}`},
		{"of a DoFn, without a name", "java.lang.RuntimeException: x\n\tcaused by:\nsource failed\n\tcaused by:\nn01/a.jpg: gone\n\tat a.b(C.java:1)\nCaused by: y", "n01/a.jpg: gone", "n01/a.jpg: gone"},
		{"innermost exception", "a.B: outer\n\tat x\nCaused by: java.util.concurrent.ExecutionException: java.lang.IllegalStateException: disk: full\n\tat y\n", "disk: full", "disk: full"},
		{"missing binary", `Caused by: java.io.IOException: Cannot run program "/opt/premix" (in directory "/"): error=2, No such file or directory`, `Cannot run program "/opt/premix"`, "or start the job from a mount that all hosts share"},
		{"foreign binary", `Caused by: java.io.IOException: Cannot run program "/opt/premix": error=8, Exec format error`, `Cannot run program "/opt/premix"`, "go build ./cmd/premix)"},
		{"binary that does not start", "java.lang.IllegalStateException: Process died with exit code 127", "Process died with exit code 127: this binary is for another platform", ")"},
		{"no slots", "x\nCaused by: org.apache.flink.runtime.jobmanager.scheduler.NoResourceAvailableException: Could not acquire the minimum required resources.", "Could not acquire", "or lower --parallelism"},
		{"versions", "java.io.InvalidClassException: org.apache.flink.api.X; local class incompatible: stream classdesc serialVersionUID = 1", "org.apache.flink.api.X; local class", "both must be 1.19.x"},
		{"a line", "just text", "just text", "just text"},
	} {
		got := cause(c.trace)
		if !strings.HasPrefix(got, c.prefix) || !strings.HasSuffix(got, c.suffix) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	if got := oneLine("a\n\tb  " + strings.Repeat("é", 300)); strings.Contains(got, "\n") || len(got) > 410 || !strings.HasPrefix(got, "a b é") {
		t.Errorf("%q", got)
	}
}
