package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// oddText has what a terminal obeys, or a reader does not see: escape sequences of both kinds, a line that
// looks like a message, and a change of direction. oddName has a byte that is not UTF-8 beside it.
const (
	oddText = "a\x1b[31m\r\nFORGED\u202e\u009b\u200b"
	oddName = oddText + "\x9b"
)

// oddClass is for names of classes, which have no control characters.
var oddClass = strings.NewReplacer("\r", "", "\n", "", "\x1b", "", "\u009b", "").Replace(oddText)

// TestOddNames: whatever is in the names of files, classes, members, keys and arguments, no command prints
// a control character, or a line that a name has made.
func TestOddNames(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	makeOddInputs(t)
	mix := func(in, out string, more ...string) []string {
		return append([]string{"mix", "--in", in, "--out", out, "--size", "32", "--shards", "1", "--max-bad", "50%"}, more...)
	}
	for _, c := range [][]string{
		{"inspect", "in"}, {"inspect", "in", "--json"}, {"inspect", "in/" + oddClass + "/" + oddName + ".jpg"},
		{"inspect", "in", "--html", "page" + oddName + ".html"},
		{"inspect", "tars"}, {"inspect", "tars/" + oddName + ".tar"},
		mix("in", "o", "--format", "webdataset,tfrecord,tfds,array_record,parquet,mds", "--progress", "json"),
		{"verify", "o", "--deep", "2"}, {"verify", "o", "--json"}, {"reindex", "o"},
		{"inspect", "o/webdataset"}, {"inspect", "o", "--json"}, {"inspect", "o", "--sample", "0"}, {"inspect", "o", "--sample", "0", "--json"},
		{"inspect", "o", "--uses", ".jpg"}, {"inspect", "o", "--uses", oddName}, {"inspect", "o", "--sample", oddName},
		{"inspect", "o", "--split", oddName}, {"verify", "o", "--split", oddName}, {"verify", "o", "--in", oddName, "--deep", "1"},
		mix("o/tfrecord", "again", "--classes", "list"), mix("o/tfds", "again"), mix("o/parquet", "again", "--seed", "3"),
		mix("in", "o/webdataset", "--seed", "3"), mix("in", "bad", "--on-bad", "fail"), mix("in", "bad", "--max-bad", "0"),
		mix("tars", "t"), mix("tars", "t2", "--label-key", oddName), mix("tars", "t3", "--classes", "list"), mix("lines", "t4"),
		mix("in", "out"+oddName, "--cache", "cache"+oddName, "--progress", "plain"), mix("in", "out"+oddName, "--cache", "cache"+oddName, "--dry-run"),
		{"verify", "out" + oddName}, {"inspect", "out" + oddName}, {"reindex", "out" + oddName}, mix("in", "out"+oddName, "--seed", "2"),
		mix("lines", "out2"+oddName), {"mix", "--plan", "out" + oddName, "--out", "replay"},
		{"cache", "ls", "--cache", "cache" + oddName}, {"cache", "prune", "--all", "--cache", "cache" + oddName}, {"inspect", "cache"},
		{"mix", "--config", "config.yaml"}, mix("in", "x", "--print-config", "--cache", oddText), mix("in", "x", "--", "--"+oddName),
		mix(oddName, "x"), mix("s3://"+oddName+"/x", "x"), mix("mem://b/"+oddName, "x"),
		{"synth", "--out", "s" + oddName, "--images", "2"}, {"synth", "--out", "s", "--images", "2", "--format", oddName}, {oddName},
	} {
		wantPrintable(t, c...)
	}
	for _, command := range []string{"mix", "pack", "peaks", "verify", "inspect", "reindex", "cache", "cache ls", "cache prune", "synth"} {
		words := strings.Fields(command)
		for _, arg := range []string{oddName, "--" + oddName, "-" + oddName, "--workers=" + oddName, strings.Repeat("x", 4000)} {
			wantPrintable(t, append(words, arg)...)
			wantPrintable(t, append(words, arg, arg)...)
		}
	}
	for _, flag := range flagNames(newMixCommand(&app{})) {
		if flag != "print-config" && flag != "break-lock" {
			wantPrintable(t, mix("in", "x", "--"+flag+"="+oddName, "--dry-run")...)
		}
	}
	keepsNames(t)
	printsConfig(t)
}

// printsConfig: what --print-config prints reads back as the same names.
func printsConfig(t *testing.T) {
	t.Helper()
	print := func(args ...string) string {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), append(args, "--print-config"), &stdout, &stderr); code != exitDone {
			t.Fatalf("%q: exit code %d, %s", args, code, &stderr)
		}
		return stdout.String()
	}
	first := print("mix", "--in", oddText, "--in", oddName, "--in", "a\nb", "--out", oddName, "--cache", oddText)
	if err := os.WriteFile("printed.yaml", []byte(first), 0o666); err != nil {
		t.Fatal(err)
	}
	if again := print("mix", "--config", "printed.yaml"); again != first {
		t.Errorf("printed\n%s\nread back as\n%s", first, again)
	}
}

// wantPrintable runs a command.
func wantPrintable(t *testing.T, args ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	run(t.Context(), args, &stdout, &stderr)
	for _, text := range []string{stdout.String(), stderr.String()} {
		odd := func(r rune) bool { return r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }
		if !utf8.ValidString(text) || strings.ContainsFunc(text, odd) {
			t.Errorf("premix %q prints control characters: %q", args, text)
		}
		for line := range strings.SplitSeq(text, "\n") {
			if strings.HasPrefix(strings.TrimPrefix(line, "premix: "), "FORGED") {
				t.Errorf("premix %q prints a line of a name: %q", args, text)
			}
			if len(line) > 4000 && !strings.HasPrefix(strings.TrimSpace(line), `"`) {
				t.Errorf("premix %.99q prints a line of %d bytes", args, len(line))
			}
		}
	}
}

// keepsNames: what is written to files has the names as they are.
func keepsNames(t *testing.T) {
	t.Helper()
	failures, err := os.ReadFile("o/webdataset/__premix__/train/failures.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"name":"` + `a[31mFORGED` + "\u202e\u200b" + `/bada\u001b[31m\r\nFORGED` + "\u202e\u009b\u200b" + `\\x9b.jpg"`; !bytes.Contains(failures, []byte(want)) {
		t.Errorf("failures.jsonl has %q", failures)
	}
	for _, page := range []string{"page" + oddName + ".html", "o/webdataset/__premix__/train/report.html"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.Valid(text) || bytes.ContainsAny(text, "\x1b\r\u202e\u009b\u200b") || !bytes.Contains(text, []byte(`a[31mFORGED\u202e`)) {
			t.Errorf("%q has control characters, or not the name", page)
		}
	}
}

// makeOddInputs makes folders of class folders (in; lines with a class that cannot be written) and of a tar
// (tars), a class list, and a configuration.
func makeOddInputs(t *testing.T) {
	t.Helper()
	wantPrintable(t, "synth", "--out", "in", "--images", "24")
	rename := func(from, to string) {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	rename("in/ball", "in/"+oddClass)
	images, err := filepath.Glob("in/*FORGED*/*")
	if err != nil || len(images) == 0 {
		t.Fatal(images, err)
	}
	jpeg, err := os.ReadFile(images[0])
	if err != nil {
		t.Fatal(err)
	}
	rename(images[0], "in/"+oddClass+"/"+oddName+".jpg")
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	member := func(name, data string) {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o644, Format: tar.FormatPAX}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	for i, data := range []string{string(jpeg), "bad", string(jpeg), string(jpeg)} {
		key := fmt.Sprintf("%d%s", i, oddText)
		member(key+".cls", fmt.Sprint(i%2))
		member(key+".jpg", data)
	}
	member(strings.Repeat("L", 4000)+oddText+".cls", "0")
	member(strings.Repeat("L", 4000)+oddText+".jpg", string(jpeg))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"in/" + oddClass + "/bad" + oddName + ".jpg":  []byte("\xff\xd8bad"),
		"in/" + oddClass + "/side" + oddName + ".txt": []byte("x"),
		"tars/" + oddName + ".tar":                    archive.Bytes(),
		"lines/c" + oddText + "/x.jpg":                jpeg, "lines/d/x.jpg": jpeg,
		"list":        []byte("c" + oddClass + "\nd\n"),
		"config.yaml": []byte("\"\\e[31m\\nFORGED\": 3\nsize: \"\\e[31m\"\n"),
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
