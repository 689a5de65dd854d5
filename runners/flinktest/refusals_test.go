package flinktest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFlinkRefusals holds that the exit codes of a refusal are those of a local run, and that
// nothing is tried again.
func TestFlinkRefusals(t *testing.T) {
	w := theWorld(t)
	dir := t.TempDir()
	in, cache := filepath.Join(dir, "in"), filepath.Join(dir, "cache")
	w.local(t, "synth", "--out", in, "--images", "40", "--format", "imagefolder")
	bad, err := filepath.Glob(filepath.Join(in, "*", "*"))
	if err != nil || len(bad) != 40 {
		t.Fatal(err, bad)
	}
	args := func(out string) []string {
		return w.on("mix", "--in", in, "--out", filepath.Join(dir, out), "--cache", cache, "--size", "64", "--shards", "4")
	}
	t.Run("other input", func(t *testing.T) {
		w.local(t, "mix", "--in", in, "--out", filepath.Join(dir, "a"), "--cache", cache, "--size", "64", "--shards", "4", "--limit", "40")
		if err := os.Remove(bad[0]); err != nil {
			t.Fatal(err)
		}
		before := files(t, filepath.Join(dir, "a"))
		output := w.start(t, append(args("a"), "--limit", "40")...).wait(4)
		says(t, output, "made from other input")
		if after := files(t, filepath.Join(dir, "a")); len(after) != len(before) {
			t.Errorf("%d files, before %d", len(after), len(before))
		}
		// Flink would try six times; a second attempt may begin before the job is ended.
		if n := w.faults(t, w.last(t).Jid); n > 3 {
			t.Errorf("it was tried %d times", n)
		}
	})
	t.Run("bad images", func(t *testing.T) {
		for _, f := range bad[1:5] {
			if err := os.WriteFile(f, []byte("no image"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		output := w.start(t, args("b")...).wait(3)
		says(t, problem(output), "4 of 39 images failed", "--max-bad")
		hidden(t, filepath.Join(dir, "b"), cache)
	})
	w.alone(t)
}

// TestFlinkUnseenOutput takes the marker away that the launcher wrote, as a host does that does
// not share the folder: the first worker refuses.
func TestFlinkUnseenOutput(t *testing.T) {
	w := theWorld(t)
	out := filepath.Join(t.TempDir(), "out")
	r := w.start(t, w.on(w.mix(out)...)...)
	var marker []string
	for len(marker) == 0 {
		select {
		case <-r.done:
			t.Fatalf("it ended without a marker:\n%s", r.out.String())
		case <-time.After(5 * time.Millisecond):
			marker, _ = filepath.Glob(filepath.Join(out, "__premix__", "train", ".reach-*"))
		}
	}
	if err := os.Remove(marker[0]); err != nil {
		t.Fatal(err)
	}
	last := problem(r.wait(2))
	says(t, last, "--out "+out, "does not see it", "mount that all hosts share")
	if records(out) != 0 {
		t.Error("shards were written")
	}
	w.clean(t, out)
}

// TestFlinkInterrupt ends the launcher with Ctrl-C in the middle of the mix stage; the same command
// goes on afterwards.
func TestFlinkInterrupt(t *testing.T) {
	w := theWorld(t)
	out := filepath.Join(t.TempDir(), "out")
	r, done := w.frozen(t, out)
	jid := w.last(t).Jid
	told := time.Now()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	// Nothing is mixed meanwhile, so it is the interrupt that ends the job.
	within(t, "the job is being cancelled", func() bool { return strings.HasPrefix(w.state(t, jid), "CANCEL") })
	w.thaw(t)
	r.wait(130)
	took := time.Since(told)
	if s := w.state(t, jid); s != "CANCELED" {
		t.Errorf("the job is %s", s)
	}
	if n := records(out); n == mixShards {
		t.Error("every shard was written")
	}
	w.clean(t, out)
	figure(t, "Ctrl-C with %d of %d shards done: the launcher ended %.1f s later", done, mixShards, took.Seconds())
	w.start(t, w.on(w.mix(out)...)...).wait(0)
	promised(t, w.want, out)
	w.clean(t, out)
}

// TestFlinkBinaryMissing starts a job whose binary is not on the TaskManagers' host, and one whose
// binary is for another platform.
func TestFlinkBinaryMissing(t *testing.T) {
	w := theWorld(t)
	foreign := filepath.Join(t.TempDir(), "premix-elsewhere")
	// An ELF header for a machine that no host is.
	header := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 57)...)
	header[16], header[18], header[20] = 2, 0xf3, 1
	if err := os.WriteFile(foreign, header, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, command, want string }{
		{"missing", filepath.Join(t.TempDir(), "premix"), "put this binary at the same path on the host of each TaskManager"},
		{"foreign", foreign, "this binary is for another platform"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			args := append(w.on(w.mix(out)...), "--", fmt.Sprintf(`--environment_config={"command":%q}`, c.command))
			last := problem(w.start(t, args...).wait(1))
			says(t, last, c.want)
			hidden(t, out)
		})
	}
}

// TestFlinkAsync submits a job and leaves; the job needs no launcher, and its output is not free for
// another one while it works.
func TestFlinkAsync(t *testing.T) {
	w := theWorld(t)
	out := filepath.Join(t.TempDir(), "out")
	output := w.start(t, w.on(w.mix(out, "--async")...)...).wait(0)
	jid := w.last(t).Jid
	says(t, output, "flink job premix", "curl -X PATCH '"+w.rest+"/jobs/"+jid+"?mode=cancel'")
	within(t, "a worker is there", func() bool { return len(w.workers(t)) > 0 })
	w.signal(t, syscall.SIGSTOP) // so that the job does not end meanwhile
	t.Cleanup(func() { w.thaw(t) })
	second := w.start(t, w.on(w.mix(out)...)...).wait(2)
	w.thaw(t)
	says(t, problem(second), "a job on a cluster uses "+out, "--break-lock")
	within(t, "the job has ended", func() bool { return slices.Contains([]string{"FINISHED", "FAILED", "CANCELED"}, w.state(t, jid)) })
	if s := w.state(t, jid); s != "FINISHED" {
		t.Fatalf("the job is %s", s)
	}
	promised(t, w.want, out)
	w.clean(t, out)
}

// TestFlinkWrongAddress gives addresses where nothing listens, or something else. Nothing is
// written then.
func TestFlinkWrongAddress(t *testing.T) {
	w := theWorld(t)
	out := filepath.Join(t.TempDir(), "out")
	for _, c := range []struct{ name, rest, jobServer, want string }{
		{"no REST", "http://127.0.0.1:9", w.jobServer, "no REST interface at http://127.0.0.1:9"},
		{"REST of something else", "http://" + w.jobServer, w.jobServer, "no REST interface at http://" + w.jobServer},
		{"no job server", w.rest, "127.0.0.1:9", "no Beam job server at 127.0.0.1:9"},
		{"job server of something else", w.rest, strings.TrimPrefix(w.rest, "http://"), "is not a Beam job server"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := w.mix(out, "--runner", "flink", "--flink-rest", c.rest, "--flink-job-server", c.jobServer)
			output := w.start(t, args...).wait(1)
			if strings.Count(strings.TrimSpace(output), "\n") > 0 {
				t.Errorf("more than a line:\n%s", output)
			}
			says(t, output, c.want)
		})
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("something was written")
	}
}
