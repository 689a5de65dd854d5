package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A linkBench is an output of which some parts are links to what belongs to someone else.
type linkBench struct {
	t           *testing.T
	out, theirs string
}

func (b *linkBench) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// file puts a link in the place of a file, to a file of theirs.
func (b *linkBench) file(rel string) {
	b.t.Helper()
	to, at := filepath.Join(b.theirs, filepath.Base(rel)), filepath.Join(b.out, rel)
	b.check(os.WriteFile(to, []byte("theirs: "+rel), 0o666))
	if err := os.Remove(at); !errors.Is(err, fs.ErrNotExist) {
		b.check(err)
	}
	b.check(os.Symlink(to, at))
}

// folder moves a folder away, or makes a new one, puts things of theirs into it, and leaves a link.
func (b *linkBench) folder(rel string, with ...string) {
	b.t.Helper()
	to, at := filepath.Join(b.theirs, filepath.Base(rel)), filepath.Join(b.out, rel)
	if err := os.Rename(at, to); errors.Is(err, fs.ErrNotExist) {
		b.check(os.Mkdir(to, 0o777))
	} else {
		b.check(err)
	}
	for _, name := range append(with, "notes.txt", "below/notes.txt") {
		p := filepath.Join(to, name)
		b.check(os.MkdirAll(filepath.Dir(p), 0o777))
		b.check(os.WriteFile(p, []byte("theirs: "+name), 0o666))
	}
	b.check(os.Symlink(to, at))
}

// record changes what the record of the first shard lists.
func (b *linkBench) record(old, path string) {
	b.t.Helper()
	name := filepath.Join(b.out, "__premix__/train/shards/r000-000000.json")
	text, err := os.ReadFile(name)
	b.check(err)
	changed := bytes.Replace(text, []byte(`"`+old+`"`), []byte(`"`+path+`"`), 1)
	if bytes.Equal(changed, text) {
		b.t.Fatalf("the record does not list %s", old)
	}
	b.check(os.WriteFile(name, changed, 0o666))
}

// run runs a command and returns its exit code and what it said.
func (b *linkBench) run(args ...string) (int, string) {
	text, err := exec.Command("premix", args...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), string(text)
	}
	b.check(err)
	return exitDone, string(text)
}

// TestLinks puts links into an output, and runs what writes to it and removes from it: nothing of theirs
// changes. What premix wrote behind a linked folder may be replaced by a run that goes on, but nothing is
// removed there.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	in, cache := filepath.Join(dir, "in"), filepath.Join(dir, "cache")
	premix(t, "synth", "--out", in, "--images", "24")
	flags := []string{"--in", in, "--size", "32", "--shards", "2"}
	for _, format := range []string{"webdataset", "parquet"} {
		premix(t, append([]string{"mix", "--out", filepath.Join(dir, format), "--format", format, "--cache", cache}, flags...)...)
	}
	const again, overwrite, rebuild = 0, 1, 2
	for _, c := range []struct {
		name, format string
		link         func(*linkBench)
		want         [3]int // exit codes
	}{
		{"files", "webdataset", func(b *linkBench) {
			for _, f := range []string{"premix-train-000000.tar", "README.md", "_info.json", "__index__/premix-train-000001.idx", "__premix__/train/run.json",
				"__premix__/train/inputs.json", "__premix__/train/report.html", "__premix__/train/shards/r000-000001.json",
				"__premix__/train/plan/premix-train-000001.parquet", ".tmp-premix-train-000000.tar-0123456789abcdef"} {
				b.file(f)
			}
		}, [3]int{exitDone, exitDone, exitBad}},
		{"copies and cache", "webdataset", func(b *linkBench) {
			b.folder("__premix__/.spool-train")
			b.folder("__premix__/.peaks-train")
			b.check(os.Remove(filepath.Join(b.out, "premix-train-000000.tar")))
			b.check(os.Remove(filepath.Join(b.out, "__premix__/train/manifest.json")))
		}, [3]int{exitDone, exitDone, exitBad}},
		{"lock", "webdataset", func(b *linkBench) { b.file("__premix__/.lock") }, [3]int{exitUsage, exitUsage, exitUsage}},
		{"description", "webdataset", func(b *linkBench) {
			b.folder("__premix__", ".spool-train/theirs", ".peaks-train/theirs", "train/.tmp-config.json-0123456789abcdef")
			b.check(os.Remove(filepath.Join(b.out, "premix-train-000000.tar")))
		}, [3]int{exitDone, exitUsage, exitBad}},
		{"indexes", "webdataset", func(b *linkBench) { b.folder("__index__", ".tmp-a.idx-0123456789abcdef") }, [3]int{exitDone, exitUsage, exitDone}},
		{"plans", "webdataset", func(b *linkBench) { b.folder("__premix__/train/plan") }, [3]int{exitDone, exitUsage, exitDone}},
		{"shards", "parquet", func(b *linkBench) { b.folder("data") }, [3]int{exitDone, exitUsage, exitDone}},
		{"index of a record", "webdataset", func(b *linkBench) { b.record("__index__/premix-train-000000.idx", "theirs.txt") }, [3]int{exitDone, exitDone, exitDone}},
		{"plan of a record", "webdataset", func(b *linkBench) {
			b.record("__premix__/train/plan/premix-train-000000.parquet", "../theirs/theirs.txt")
		}, [3]int{exitDone, exitDone, exitDone}},
		{"shard of a record", "webdataset", func(b *linkBench) {
			b.record("premix-train-000000.tar", "train-00000-of-00002") // as TFRecord would name it
			b.check(os.WriteFile(filepath.Join(b.out, "train-00000-of-00002"), []byte("theirs"), 0o666))
		}, [3]int{exitDone, exitDone, exitBad}},
	} {
		for command, args := range [][]string{
			append([]string{"--cache", "none", "--format", c.format}, flags...),
			append([]string{"--cache", cache, "--format", c.format, "--overwrite", "--seed", "5"}, flags...),
			nil,
		} {
			t.Run(c.name+"/"+[]string{"again", "overwrite", "reindex"}[command], func(t *testing.T) {
				b := &linkBench{t, filepath.Join(t.TempDir(), "out"), ""}
				b.theirs = filepath.Join(filepath.Dir(b.out), "theirs")
				b.check(os.CopyFS(b.out, os.DirFS(filepath.Join(dir, c.format))))
				b.check(os.Mkdir(b.theirs, 0o777))
				for _, name := range []string{b.theirs, b.out} {
					b.check(os.WriteFile(filepath.Join(name, "theirs.txt"), []byte("theirs"), 0o666))
				}
				c.link(b)
				before := everything(t, filepath.Dir(b.out))
				if command == rebuild {
					args = []string{"reindex", b.out}
				} else {
					args = append([]string{"mix", "--out", b.out}, args...)
				}
				code, text := b.run(args...)
				if code != c.want[command] {
					t.Errorf("exit code %d, want %d: it said\n%s", code, c.want[command], text)
				}
				if code == exitUsage && !strings.Contains(text, "symbolic link") {
					t.Errorf("it does not say what is wrong:\n%s", text)
				}
				after := everything(t, filepath.Dir(b.out))
				for p := range after {
					if _, ok := before[p]; !ok && strings.HasPrefix(filepath.Base(p), ".") {
						t.Errorf("%s was left behind", p)
					}
				}
				for p, was := range before {
					got, ok := after[p]
					theirs := strings.HasPrefix(was, "theirs")
					behind := strings.HasPrefix(p, b.theirs+string(filepath.Separator))
					switch {
					case !ok && (theirs || behind):
						t.Errorf("%s was removed", p)
					case got != was && (theirs || code == exitUsage):
						t.Errorf("%s was changed", p)
					}
				}
			})
		}
	}
}
