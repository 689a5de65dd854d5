package flinktest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A world is what the tests share: an input, its peaks, and what a local run makes of it.
type world struct {
	*cluster
	dir, in, cache, want string
	recipe               []string
}

var shared *world

// theWorld prepares the input once: 1,600 drawn images in class folders, whose mixing takes long
// enough to be disturbed.
func theWorld(t *testing.T) *world {
	t.Helper()
	c := theCluster(t)
	c.whole(t)
	if shared != nil {
		shared.cluster = c
		return shared
	}
	dir, err := os.MkdirTemp("", "premix-flinktest-")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{cluster: c, dir: dir, in: filepath.Join(dir, "in"), cache: filepath.Join(dir, "cache"), want: filepath.Join(dir, "want")}
	w.recipe = []string{"--size", "128", "--shards", "64", "--seed", "7"}
	c.local(t, "synth", "--out", w.in, "--images", "1600", "--format", "imagefolder")
	c.local(t, w.mix(w.want)...)
	shared = w
	return w
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared != nil {
		os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

// mix is the command line that every run of the shared recipe has.
func (w *world) mix(out string, more ...string) []string {
	return append(append([]string{"mix", "--in", w.in, "--out", out, "--cache", w.cache}, w.recipe...), more...)
}

// mixShards is the number of shards of the shared recipe.
const mixShards = 64

// frozen starts a job of the shared recipe and stops its workers (SIGSTOP) in the middle of the mix
// stage, when at most half of the shards are done: every slot has work left then, and nothing moves
// until thaw, so that a test can disturb the job at leisure. It returns the number of shards done.
func (w *world) frozen(t *testing.T, out string, more ...string) (r *run, done int) {
	t.Helper()
	const attempts = 5 // on a busy machine the look may come too late
	for range attempts {
		if err := os.RemoveAll(out); err != nil {
			t.Fatal(err)
		}
		r = w.start(t, w.on(w.mix(out, more...)...)...)
		r.mixing(out, 4)
		w.signal(t, syscall.SIGSTOP)
		if done = records(out); done <= mixShards/2 {
			t.Cleanup(func() { w.thaw(t) }) // so that a failed test stops no other one
			return r, done
		}
		w.thaw(t)
		r.wait(0)
		w.alone(t)
	}
	t.Fatalf("in %d attempts more than half of the shards were done when the workers were stopped", attempts)
	return nil, 0
}

// thaw lets workers go on.
func (w *world) thaw(t *testing.T) { w.signal(t, syscall.SIGCONT) }

// clean wants that a job left nothing behind but its output.
func (w *world) clean(t *testing.T, out string) {
	t.Helper()
	hidden(t, out, w.cache)
	w.alone(t)
}

// TestFlinkSameBytes runs a whole job, peaks included, in two formats and two replicas, and wants
// the bytes of a local run, and work on every slot of both TaskManagers.
func TestFlinkSameBytes(t *testing.T) {
	w := theWorld(t)
	args := []string{"mix", "--in", w.in, "--size", "64", "--format", "webdataset", "--format", "tfrecord", "--replicas", "2", "--shards", "16", "--limit", "800"}
	dir := t.TempDir()
	direct, prism, flink := filepath.Join(dir, "direct"), filepath.Join(dir, "prism"), filepath.Join(dir, "flink")
	w.local(t, append(args, "--out", direct, "--cache", filepath.Join(dir, "c1"))...)
	w.local(t, append(args, "--out", prism, "--cache", filepath.Join(dir, "c2"), "--runner", "prism")...)
	promised(t, direct, prism)
	cache := filepath.Join(dir, "c3")
	r := w.start(t, w.on(append(args, "--out", flink, "--cache", cache)...)...)
	output := r.wait(0)
	promised(t, direct, flink)
	hidden(t, flink, cache)
	w.alone(t)
	says(t, output, "flink job premix")
	if strings.Contains(output, "restart strategy") {
		t.Errorf("the cluster has a restart strategy:\n%s", output)
	}
	for _, step := range []string{"Peaks/", "Mix/"} {
		owners := map[string]int64{}
		for i, s := range w.step(t, w.last(t).Jid, "transforms."+step) {
			if s.Metrics.Read == 0 {
				t.Errorf("%s: slot %d, on %s, had no work", step, i, s.TM)
			}
			owners[s.TM] += s.Metrics.Read
		}
		if len(owners) != 2 {
			t.Errorf("%s: work on %v, want both TaskManagers", step, owners)
		}
		figure(t, "elements of %s by TaskManager: %v", step, owners)
	}
	figure(t, "whole job of 800 images, 2 replicas, 2 formats: %.1f s", r.wall.Seconds())
}

// TestFlinkBalance wants that the busiest of four slots has at most 25 % more shards than the mean.
func TestFlinkBalance(t *testing.T) {
	w := theWorld(t)
	for _, shards := range []int{8, 32, 1024} {
		t.Run(strconv.Itoa(shards), func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			w.start(t, w.on("mix", "--in", w.in, "--out", out, "--cache", w.cache, "--size", "128", "--method", "none", "--limit", "1024", "--shards", strconv.Itoa(shards))...).wait(0)
			if n := records(out); n != shards {
				t.Fatalf("%d shards, want %d", n, shards)
			}
			// Every group of the plan has the same number of shards here.
			var most, all int64
			var counts []int64
			for _, s := range w.step(t, w.last(t).Jid, "transforms.Mix/") {
				counts = append(counts, s.Metrics.Read)
				most, all = max(most, s.Metrics.Read), all+s.Metrics.Read
			}
			if float64(most) > 1.25*float64(all)/4 {
				t.Errorf("groups by slot: %v", counts)
			}
			figure(t, "%d shards in %d groups, by slot: %v", shards, all, counts)
		})
	}
}

// TestFlinkTaskManagerKilled kills one of two TaskManagers in the middle of the mix stage; the
// job ends on the slots that are left.
func TestFlinkTaskManagerKilled(t *testing.T) {
	w := theWorld(t)
	out := filepath.Join(t.TempDir(), "out")
	r, done := w.frozen(t, out)
	tm := w.pid(t, "tm1")
	var orphans []process
	for _, p := range w.workers(t) {
		if p.parent == tm {
			orphans = append(orphans, p)
		}
	}
	if len(orphans) == 0 {
		t.Fatal("the TaskManager has no worker")
	}
	killed := time.Now()
	if err := syscall.Kill(tm, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w.thaw(t)
	// Its workers notice that they have no parent any more, long before the job ends.
	within(t, "no worker of the TaskManager is left", func() bool {
		for _, p := range w.workers(t) {
			if slices.ContainsFunc(orphans, func(o process) bool { return o.pid == p.pid }) {
				return false
			}
		}
		return true
	})
	output := r.wait(0)
	took := time.Since(killed)
	w.restart(t, "1")
	promised(t, w.want, out)
	w.clean(t, out)
	says(t, output, "warning: flink: a worker failed")
	figure(t, "TaskManager killed with %d of %d shards done: the job ended %.1f s later", done, mixShards, took.Seconds())
}

// TestFlinkWorkerKilled kills one of two worker processes of a TaskManager in the middle of the mix
// stage.
func TestFlinkWorkerKilled(t *testing.T) {
	w := theWorld(t)
	out := filepath.Join(t.TempDir(), "out")
	r, done := w.frozen(t, out, "--flink-sdk-workers", "2")
	var workers []process
	within(t, "each TaskManager has two workers", func() bool {
		count := map[int]int{}
		workers = w.workers(t)
		for _, p := range workers {
			count[p.parent]++
		}
		return len(count) == 2 && len(workers) == 4
	})
	killed := time.Now()
	if err := syscall.Kill(workers[0].pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	w.thaw(t)
	output := r.wait(0)
	took := time.Since(killed)
	promised(t, w.want, out)
	w.clean(t, out)
	says(t, output, "warning: flink: a worker failed")
	figure(t, "worker killed with %d of %d shards done: the job ended %.1f s later", done, mixShards, took.Seconds())
}

// TestFlinkTransientError takes the input away in the middle of the mix stage, and gives it back
// after the cluster has seen a worker fail.
func TestFlinkTransientError(t *testing.T) {
	w := theWorld(t)
	out := filepath.Join(t.TempDir(), "out")
	r, _ := w.frozen(t, out)
	within(t, "the launcher has told how far the job is", func() bool {
		return strings.Contains(r.out.String(), fmt.Sprintf("mix  %d of %d shards", records(out), mixShards))
	})
	folders, err := filepath.Glob(filepath.Join(w.in, "*"))
	if err != nil || len(folders) == 0 {
		t.Fatal(err, "no class folder")
	}
	for _, f := range folders {
		if err := os.Rename(f, f+".away"); err != nil {
			t.Fatal(err)
		}
	}
	back := func() {
		for _, f := range folders {
			os.Rename(f+".away", f)
		}
	}
	defer back()
	jid := w.last(t).Jid
	w.thaw(t)
	within(t, "a worker has failed", func() bool { return w.faults(t, jid) > 0 })
	back()
	output := r.wait(0)
	promised(t, w.want, out)
	w.clean(t, out)
	says(t, output, "warning: flink: a worker failed", "no such file")
}

// TestFlinkPermanentError lets every attempt fail: the job ends with the worker's own error.
func TestFlinkPermanentError(t *testing.T) {
	w := theWorld(t)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	w.local(t, "synth", "--out", in, "--images", "40", "--format", "imagefolder")
	cache := filepath.Join(dir, "cache")
	args := []string{"mix", "--in", in, "--out", out, "--cache", cache, "--size", "64", "--shards", "4"}
	// The peaks are there, so that only the mix stage reads the images.
	w.local(t, "peaks", "--in", in, "--cache", cache, "--size", "64")
	images, err := filepath.Glob(filepath.Join(in, "*", "*"))
	if err != nil || len(images) != 40 {
		t.Fatal(err, images)
	}
	// The same names and sizes as before, but no pixels; and the same time, so that the cache
	// takes them for unchanged.
	for _, f := range images {
		fi, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, make([]byte, fi.Size()), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(f, fi.ModTime(), fi.ModTime()); err != nil {
			t.Fatal(err)
		}
	}
	output := w.start(t, w.on(args...)...).wait(1)
	last := problem(output)
	says(t, last, "failed: ", "is another image of the same size as the one whose peak was found")
	if strings.Contains(last, "Exception") || strings.Contains(last, "caused by") {
		t.Errorf("not in one line of its own: %s", last)
	}
	hidden(t, out, cache)
	w.alone(t)
}

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
		says(t, problem(output), "4 of 39 images are bad", "--max-bad")
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
	says(t, last, "--out "+out, "is not seen by the worker on", "mount that all hosts share")
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
	says(t, problem(second), "a job on a cluster works on "+out, "--break-lock")
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
		{"job server of something else", w.rest, strings.TrimPrefix(w.rest, "http://"), "is no Beam job server"},
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
