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

	"github.com/premix/premix/runners/prism"
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

// clean wants a job to leave nothing but its output.
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
	direct, onPrism, flink := filepath.Join(dir, "direct"), filepath.Join(dir, "prism"), filepath.Join(dir, "flink")
	w.local(t, append(args, "--out", direct, "--cache", filepath.Join(dir, "c1"))...)
	w.local(t, append(args, "--out", onPrism, "--cache", filepath.Join(dir, "c2"), "--runner", "prism", fmt.Sprintf("--prism-open-port=%v", prism.Check() != nil))...)
	promised(t, direct, onPrism)
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

// TestFlinkAddedReplica adds a replica to an output that a local run began as one replica without a number,
// and wants the bytes of a local run.
func TestFlinkAddedReplica(t *testing.T) {
	w := theWorld(t)
	dir := t.TempDir()
	local, flink := filepath.Join(dir, "local"), filepath.Join(dir, "flink")
	w.local(t, w.mix(local)...)
	if err := os.CopyFS(flink, os.DirFS(local)); err != nil {
		t.Fatal(err)
	}
	w.start(t, w.on(w.mix(flink, "--first-replica", "1")...)...).wait(0)
	w.local(t, w.mix(local, "--first-replica", "1")...)
	promised(t, local, flink)
	w.clean(t, flink)
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
		return strings.Contains(r.out.String(), fmt.Sprintf("  %d of %d shards", records(out), mixShards))
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
