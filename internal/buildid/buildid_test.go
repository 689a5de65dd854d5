package buildid

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// TestMain is a worker that says which build it is when it is asked, if the environment says so.
func TestMain(m *testing.M) {
	if os.Getenv("BUILDID_TEST_WORKER") != "" {
		fmt.Println("started")
		bufio.NewReader(os.Stdin).ReadString('\n')
		id, err := Own()
		fmt.Println(id.SHA256, err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestReplaced starts a program, replaces its file, and asks it which build it is: the one that was started.
func TestReplaced(t *testing.T) {
	own, err := Own()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(own.Path)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "premix")
	if err := os.WriteFile(copied, text, 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(copied)
	cmd.Env = append(os.Environ(), "BUILDID_TEST_WORKER=1")
	in, err1 := cmd.StdinPipe()
	pipe, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(pipe)
	if line, err := out.ReadString('\n'); err != nil || line != "started\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if err := errors.Join(os.WriteFile(copied+".new", append(text, 0), 0o777), os.Rename(copied+".new", copied)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(in)
	line, err := out.ReadString('\n')
	if want := own.SHA256 + " <nil>\n"; err != nil || line != want {
		t.Errorf("%q, %v, want %q", line, err, want)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if now, err := File(copied); err != nil || now.SHA256 == own.SHA256 {
		t.Errorf("the file that has the path now: %v, %v", now, err)
	}
}

func TestCheck(t *testing.T) {
	own, err := Own()
	if err != nil {
		t.Fatal(err)
	}
	mine := InProcess()
	if mine.SHA256 != "" {
		t.Error("a job for this process waits for the hash of its file")
	}
	for name, want := range map[string]ID{"this process": mine, "this file": own} {
		if err := Check(want); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	foreign, other := mine, own
	foreign.Process, foreign.Host = "another", "launcher"
	other.SHA256, other.Host, other.Path = strings.Repeat("ab", 32), "launcher", "/opt/premix"
	moved := other
	moved.Host, moved.Path = own.Host, own.Path
	for _, c := range []struct {
		name string
		want ID
		text string
	}{
		{"another process", foreign, "the job is for its launcher's own process on launcher"},
		{"another file", other, "and the job wants build abababababab (" + Version + ", " + own.Revision + ", " + own.Platform + "); copy /opt/premix of host launcher to " + own.Path + " on " + own.Host + ", "},
		{"a replaced file", moved, "was replaced while the job started"},
		{"a launcher that does not say", ID{}, "was started by an older build"},
	} {
		var o *OtherError
		if err := Check(c.want); !errors.As(err, &o) || !strings.Contains(err.Error(), c.text) || !strings.HasPrefix(err.Error(), "the worker on "+own.Host+" was rejected") {
			t.Errorf("%s: %v, want %q", c.name, err, c.text)
		}
	}
}

// TestDiffers compares builds in pairs: for one platform by their files, for two by their sources.
func TestDiffers(t *testing.T) {
	id := func(sum, platform, sources string, codec int) ID {
		return ID{SHA256: sum, Platform: platform, Sources: sources, Codec: codec, Host: platform, Path: "/p/" + sum}
	}
	job := id("aa", "linux/amd64", "s1", 2)
	for _, c := range []struct {
		worker ID
		want   string
	}{
		{id("aa", "linux/amd64", "", 2), ""},
		{id("bb", "linux/amd64", "s1", 2), "copy /p/aa of host linux/amd64"},
		{id("bb", "linux/arm64", "s1", 2), ""},
		{id("bb", "linux/arm64", "s2", 2), "which have other sources; build both from one commit"},
		{id("bb", "linux/arm64", "", 2), "it must be known that they have the same sources; build both"},
		{id("bb", "linux/arm64", "s1", 3), "which make other bytes"},
	} {
		switch err := job.compare(c.worker); {
		case c.want == "" && err != nil:
			t.Errorf("%+v: %v", c.worker, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%+v: %v, want %q", c.worker, err, c.want)
		}
	}
	changed := job
	changed.Sources = ""
	if err := changed.compare(id("bb", "linux/arm64", "", 2)); err == nil {
		t.Error("two builds of unknown sources are taken for the same")
	}
}

func TestSources(t *testing.T) {
	info := func(sum string, settings ...string) *debug.BuildInfo {
		i := &debug.BuildInfo{GoVersion: "go1", Main: debug.Module{Path: "m", Version: "v1.2.3", Sum: sum}}
		for _, s := range settings {
			key, value, _ := strings.Cut(s, "=")
			i.Settings = append(i.Settings, debug.BuildSetting{Key: key, Value: value})
		}
		return i
	}
	const rev = "0123456789abcdef0123456789abcdef01234567"
	replaced := info("", "vcs.revision="+rev, "vcs.modified=false")
	replaced.Deps = []*debug.Module{{Path: "d", Replace: &debug.Module{Path: "../d"}}}
	listed, workspace := info("", "vcs.revision="+rev, "vcs.modified=false"), info("", "vcs.revision="+rev, "vcs.modified=false")
	listed.Deps = []*debug.Module{{Path: "d", Version: "v1.0.0", Sum: "h1:y"}}
	workspace.Deps = []*debug.Module{{Path: "d", Version: "(devel)"}}
	for _, c := range []struct {
		info              *debug.BuildInfo
		revision, sources string
	}{
		{info(""), "unknown sources", ""},
		{info("h1:x"), "module v1.2.3", "m v1.2.3 h1:x go1"},
		{info("", "vcs.revision="+rev, "vcs.modified=false"), "revision 0123456789ab", "m " + rev + " go1"},
		{info("", "vcs.revision="+rev, "vcs.modified=true"), "revision 0123456789ab with changes", ""},
		{info("", "vcs.revision="+rev), "revision 0123456789ab with changes", ""},
		{info("", "vcs.revision="+rev, "vcs.modified=false", "-ldflags=-s -w"), "revision 0123456789ab", "m " + rev + " go1"},
		{info("", "vcs.revision="+rev, "vcs.modified=false", "-ldflags=-X m.x=1"), "revision 0123456789ab with -ldflags -X", ""},
		{replaced, "revision 0123456789ab with replaced modules", ""},
		{listed, "revision 0123456789ab", "m " + rev + " go1"},
		{workspace, "revision 0123456789ab with replaced modules", ""},
	} {
		if revision, got := sources(c.info); revision != c.revision || got != c.sources {
			t.Errorf("%v: %q, %q, want %q, %q", c.info, revision, got, c.revision, c.sources)
		}
	}
}

// TestCheckFile looks at files that are to be sent to workers.
func TestCheckFile(t *testing.T) {
	own, err := Own()
	if err != nil {
		t.Fatal(err)
	}
	if id, err := CheckFile(own.Path); err != nil || id.SHA256 != own.SHA256 || id.Platform != own.Platform {
		t.Errorf("this program: %+v, %v", id, err)
	}
	text, err := os.ReadFile(own.Path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"other":  {append(text, 0), "another file: start the job with the file itself, or leave it out"},
		"script": {[]byte("#!/bin/sh\n"), "is not premix"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, c.content, 0o777); err != nil {
			t.Fatal(err)
		}
		if _, err := CheckFile(path); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
