package workererr

import (
	"os"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	refusal, err := os.ReadFile("../../flink/testdata/refusal.txt")
	if err != nil {
		t.Fatal(err)
	}
	const layers = "generic::unknown: process bundle failed for instruction 1 using plan 9-2 : while executing Process for Plan[9-2]:\n" +
		"4: ParDo[transforms.mixFn] Out:[2]\n\tcaused by:\nsource failed processing data\n\tcaused by:\nDoFn[UID:4, PID:e8, Name: github.com/premix/premix/transforms.mixFn] failed:\n"
	for _, c := range []struct{ name, text, want string }{
		{"Flink", string(refusal), `premix-refusal={"Code":4,`},
		{"Dataflow", layers + "read gs://b/k: no permission\n\npassed through:\n==>\n    worker.cc:42\n", "read gs://b/k: no permission"},
		{"two lines", layers + "read a: gone\nread b: gone\n", "read a: gone\nread b: gone"},
		{"not of a DoFn", "java.lang.Exception: TaskManager is lost\n\tat x.y(Z.java:1)\n", ""},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Find(c.text)
			if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("%q, want %q", got, c.want)
			}
			if strings.Contains(got, "caused by") || strings.Contains(got, "\tat ") || strings.Contains(got, "passed through") {
				t.Errorf("what is around it is left: %q", got)
			}
		})
	}
}

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"one  line, as it is":    "one  line, as it is",
		"read a\n\n\tread b\r\n": "read a read b",
	} {
		if got := Line(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
