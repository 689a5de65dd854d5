package main

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
	touch(t, in) // or the outputs would be complete, and their links not looked at
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

// TestLinksFailed: copies and peaks that a run keeps behind a link are used by no other run. They go with the
// run, also if it fails.
func TestLinksFailed(t *testing.T) {
	dir := t.TempDir()
	out, theirs := filepath.Join(dir, "out"), filepath.Join(dir, "theirs")
	b := &linkBench{t, out, theirs}
	b.check(os.MkdirAll(out, 0o777))
	b.check(os.MkdirAll(theirs, 0o777))
	b.check(os.Symlink(theirs, filepath.Join(out, "__premix__")))
	premix(t, "synth", "--out", filepath.Join(dir, "in"), "--images", "24")
	b.check(os.WriteFile(filepath.Join(dir, "in", "ball", "bad.jpg"), []byte("bad"), 0o666))
	mix := []string{"mix", "--in", filepath.Join(dir, "in"), "--out", out, "--size", "32", "--cache", "none"}
	if code, text := b.run(append(mix, "--on-bad", "fail")...); code != exitBad {
		t.Errorf("exit code %d\n%s", code, text)
	}
	for p := range everything(t, theirs) {
		if p != theirs {
			t.Errorf("a run that was refused leaves %s", p)
		}
	}
	held := holdRun(t, "sync", "train-000001.tar", append(mix, "--max-bad", "9%", "--shards", "2")...)
	held.signal(os.Interrupt)
	held.allow()
	if code, text := held.end(); code != exitInterrupted {
		t.Errorf("exit code %d\n%s", code, text)
	}
	for p := range everything(t, theirs) {
		if name := filepath.Base(p); strings.HasPrefix(name, ".spool-") || strings.HasPrefix(name, ".peaks-") {
			t.Errorf("a run that was interrupted leaves %s", p)
		}
	}
}

// TestLinksFormat: the folder of a format may be a link to another disk: it is written to, and --overwrite
// removes nothing there.
func TestLinksFormat(t *testing.T) {
	dir := t.TempDir()
	b := &linkBench{t, filepath.Join(dir, "out"), filepath.Join(dir, "theirs")}
	b.check(os.Mkdir(b.theirs, 0o777))
	mix := []string{"mix", "--in", "synth:24", "--out", b.out, "--size", "32", "--shards", "2", "--format", "webdataset,parquet", "--cache", filepath.Join(dir, "cache")}
	premix(t, mix...)
	b.folder("webdataset", ".tmp-a-0123456789abcdef", "__premix__/train/.tmp-a-0123456789abcdef")
	before := everything(t, dir)
	code, text := b.run(append(mix, "--overwrite", "--seed", "5")...)
	if code != exitUsage || !strings.Contains(text, "symbolic link "+filepath.Join(b.out, "webdataset")) {
		t.Errorf("exit code %d: it said\n%s", code, text)
	}
	if after := everything(t, dir); !maps.Equal(before, after) {
		t.Errorf("it has changed: %v", changes(before, after))
	}
	b.check(os.Remove(filepath.Join(b.theirs, "webdataset", "premix-train-000001.tar")))
	premix(t, mix...)
	if after := everything(t, b.theirs); !fileExists(filepath.Join(b.theirs, "webdataset", "premix-train-000001.tar")) || after[filepath.Join(b.theirs, "webdataset", "__premix__/train/.tmp-a-0123456789abcdef")] == "" {
		t.Errorf("the split was not completed, or temporaries behind the link were removed")
	}
}

// touch changes the time of a file in a folder, and nothing else.
func touch(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err == nil && len(files) == 0 {
		err = os.ErrNotExist
	}
	if err == nil {
		err = os.Chtimes(files[0], time.Time{}, time.Unix(1e9, 0))
	}
	if err != nil {
		t.Fatal(err)
	}
}
