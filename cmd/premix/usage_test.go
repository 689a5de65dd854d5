package main

import (
	"archive/tar"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/premix/premix/internal/golden"
)

// A usageCase is a wrong use of testdata/usage.txt.
type usageCase struct {
	line   int
	env    []string // NAME=VALUE
	words  []string
	answer string // the exit code, and stderr
}

// parseUsage reads the table. Its cases are blocks between empty lines; a block of comments is kept in between.
func parseUsage(text string) (cases []usageCase, err error) {
	for i, line := range strings.Split(text, "\n") {
		command, is := strings.CutPrefix(line, "$ ")
		switch {
		case is:
			c := usageCase{line: i + 1, words: strings.Fields(command)}
			for len(c.words) > 0 && strings.Contains(c.words[0], "=") && strings.ToUpper(c.words[0][:1]) == c.words[0][:1] && c.words[0][0] != '-' {
				c.env, c.words = append(c.env, c.words[0]), c.words[1:]
			}
			cases = append(cases, c)
		case line == "" || strings.HasPrefix(line, "#"):
		case len(cases) == 0:
			return nil, fmt.Errorf("line %d: an answer without a command", i+1)
		default:
			cases[len(cases)-1].answer += line + "\n"
		}
	}
	return cases, nil
}

// rewriteUsage puts the answers of cases into the table.
func rewriteUsage(text string, cases []usageCase) string {
	var b strings.Builder
	next := 0
	for i, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		switch {
		case next < len(cases) && cases[next].line == i+1:
			b.WriteString(line + "\n" + cases[next].answer)
			next++
		case line == "" || strings.HasPrefix(line, "#"):
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// TestUsage runs every case of testdata/usage.txt, and wants its exit code, and its whole message: at most two lines, or
// one line of what was understood and two for each doubt. It wants no output to be begun.
func TestUsage(t *testing.T) {
	path, err := filepath.Abs(filepath.Join("testdata", "usage.txt"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := parseUsage(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) < 80 {
		t.Errorf("%d cases", len(cases))
	}
	t.Run("cases", func(t *testing.T) { runUsages(t, cases) })
	golden.Equal(t, "usage.txt", []byte(rewriteUsage(string(text), cases)))
}

// understood are the lines before a message: how the input is understood, and what the cache has of it.
var understood = regexp.MustCompile(`(?m)^premix: (?:\S+: (?:imagefolder|webdataset, .*)|(?:\d+ )?classes: .*|\S+ is of class .*|\S+ has the label .*|peaks: .*|warning: .*)\n`)

// fingerprint is that of a cache, which follows the versions of kernels.
var fingerprint = regexp.MustCompile(`\b[0-9a-f]{16}\b`)

// runUsages runs cases in an empty folder, and sets their answers.
func runUsages(t *testing.T, cases []usageCase) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("HOME", dir)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	for _, name := range []string{"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME"} {
		t.Setenv(name, "")
	}
	makeUsageInputs(t)
	for i := range cases {
		c := &cases[i]
		t.Run(strings.Join(append(c.env, c.words...), " "), func(t *testing.T) {
			for _, e := range c.env {
				name, value, _ := strings.Cut(e, "=")
				t.Setenv(name, value)
			}
			code, stdout, stderr := runHere(c.words...)
			if stdout != "" || code == exitDone {
				t.Errorf("exit code %d, stdout %q", code, stdout)
			}
			message := understood.ReplaceAllString(stderr, "")
			lines, doubts := strings.Count(message, "\n"), strings.Count(stderr, "premix: In doubt: ")+strings.Count(stderr, "premix: Doubt ")
			if most := max(2, 1+2*doubts); lines < 1 || lines > most {
				t.Errorf("%d lines, want 1 to %d:\n%s", lines, most, stderr)
			}
			got := fmt.Sprintf("%d\n%s", code, fingerprint.ReplaceAllString(strings.ReplaceAll(stderr, dir, "DIR"), "FINGERPRINT"))
			c.answer = got
			if _, err := os.Stat("o"); err == nil && code != exitBad { // crops are kept for the next try
				t.Error("an output was begun")
			}
			if err := os.RemoveAll("o"); err != nil {
				t.Error(err)
			}
		})
	}
}

// makeUsageInputs fills the working directory for the cases.
func makeUsageInputs(t *testing.T) {
	t.Helper()
	do := func(words ...string) {
		t.Helper()
		if code, _, stderr := runHere(words...); code != exitDone {
			t.Fatalf("premix %s: exit code %d: %s", strings.Join(words, " "), code, stderr)
		}
	}
	do("synth", "--out", "in", "--images", "12")
	do("synth", "--out", "other", "--images", "24")
	do("synth", "--out", "wds", "--images", "12", "--format", "webdataset")
	do("synth", "--out", "doubt/images", "--images", "12")
	do("synth", "--out", "doubt/annotations", "--images", "12")
	do("mix", "--in", "in", "--out", "out", "--size", "32", "--cache", "c")
	image, err := os.ReadFile(filepath.Join("in", "ball", "ball_000000000.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	jpeg := string(image)
	// Samples without a label: all of them, and a third of them.
	var none, some strings.Builder
	for i := range 66 {
		writeMember(t, &none, fmt.Sprintf("%03d.jpg", i), jpeg)
		writeMember(t, &some, fmt.Sprintf("%03d.jpg", i), jpeg)
		if i%3 < 2 {
			writeMember(t, &some, fmt.Sprintf("%03d.cls", i), fmt.Sprint(i%2))
		}
	}
	for name, text := range map[string]string{
		"a.jpg": jpeg, "flat/a.jpg": jpeg, "flat/b.jpg": jpeg, "text/cat/a.txt": "a", "mds/train/shard.00000.mds": "x", "notes.txt": "some notes\n",
		"pickles/data_batch_1": "\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x15training batch 1 of 5q\x03u.",
		"unlabelled/a.tar":     none.String(), "some/a.tar": some.String(),
		"column.csv": "a.jpg\nb.jpg\n", "twice.csv": "image,label\na.jpg,cat\na.jpg,dog\n", "flat.csv": "image,label\na.jpg,cat\nb.jpg,dog\n", "zebra.txt": "zebra\n",
		"typo.yaml": "in: in\nsied: 3\n", "foreign.yaml": "in: in\nbatch_size: 64\n", "value.yaml": "in: in\nsize: large\n", "tab.yaml": "in:\n\t- in\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("empty", 0o777); err != nil {
		t.Fatal(err)
	}
}

// writeMember adds a file to a tar, which has no end.
func writeMember(t *testing.T, b *strings.Builder, name, text string) {
	t.Helper()
	w := tar.NewWriter(b)
	if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}
