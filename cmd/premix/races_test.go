package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestRaces lets runs share a cache and kills them: in each round two runs work side by side on the same images
// in two places, on other replicas, and die by SIGKILL at moments that are drawn; then both are started
// again, side by side. Their outputs have the bytes of runs that were alone, no file of the cache was written
// again, and it has all peaks.
//
// PREMIX_RACES is the number of rounds on each runner; `make races` runs twenty.
func TestRaces(t *testing.T) {
	rounds := 10
	if testing.Short() {
		rounds = 1
	}
	if n := os.Getenv("PREMIX_RACES"); n != "" {
		var err error
		if rounds, err = strconv.Atoi(n); err != nil || rounds < 1 {
			t.Fatalf("PREMIX_RACES=%s: want a number of rounds", n)
		}
	}
	b := newRaces(t)
	for _, runner := range []string{"direct", "prism"} {
		for i := range rounds {
			t.Run(fmt.Sprint(runner, i), func(t *testing.T) {
				t.Parallel()
				b.round(t, runner, rand.New(rand.NewPCG(uint64(i), uint64(len(runner)))))
			})
		}
	}
}

// A races has the inputs and what runs that are alone make of them.
type races struct {
	program string
	racers  []racer
	took    time.Duration // a run that was alone
}

// A racer is one of the runs that share a cache.
type racer struct {
	in   string
	args []string
	want map[string]string // sums of its output
}

func newRaces(t *testing.T) *races {
	t.Helper()
	program, err := exec.LookPath("premix")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	b := &races{program: program}
	in, kept, touched := filepath.Join(dir, "in"), filepath.Join(dir, "kept"), filepath.Join(dir, "touched")
	drawn := filepath.Join(dir, "drawn")
	b.must(t, "synth", "--out", drawn, "--images", "48")
	for _, class := range []string{"ball", "clover", "ring", "tile"} {
		if err := os.CopyFS(filepath.Join(in, class), os.DirFS(filepath.Join(drawn, class))); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(in, "ring", "short.png"), []byte("\x89PNG\r\n\x1a\n and no more"))
	copyTimes(t, in, kept, 0)
	copyTimes(t, in, touched, time.Hour)
	b.racers = []racer{
		{in: in, args: []string{"--replicas", "2"}},
		{in: kept, args: []string{"--replicas", "2", "--first-replica", "1"}},
		{in: touched, args: []string{"--replicas", "3"}},
	}
	for i := range b.racers {
		r := &b.racers[i]
		out, start := filepath.Join(dir, "out"+strconv.Itoa(i)), time.Now()
		b.must(t, b.mix(r, "direct", out, filepath.Join(dir, "cache"+strconv.Itoa(i)))...)
		b.took = max(b.took, time.Since(start))
		b.must(t, "verify", out)
		if r.want, err = promised(out); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// copyTimes copies a folder with the times of its files, which are changed by later.
func copyTimes(t *testing.T, from, to string, later time.Duration) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		at := info.ModTime().Add(later)
		return os.Chtimes(filepath.Join(to, strings.TrimPrefix(path, from)), at, at)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// peaks are the arguments that a run and its peaks have in common.
func (r *racer) peaks(cache string) []string {
	return append([]string{"--in", r.in, "--cache", cache, "--geometry", "rrc", "--size", "32", "--chunk-size", "3"}, r.args...)
}

func (b *races) mix(r *racer, runner, out, cache string) []string {
	args := slices.Concat([]string{"mix", "--out", out, "--shards", "2", "--max-bad", "0.5", "--runner", runner}, r.peaks(cache))
	if runner == "prism" {
		args = append(args, prismPort())
	}
	return args
}

// must runs the program, which has to succeed, and returns what it said.
func (b *races) must(t *testing.T, args ...string) string {
	t.Helper()
	text, err := exec.Command(b.program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("premix %s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return string(text)
}

// round is one race of two of the racers.
func (b *races) round(t *testing.T, runner string, random *rand.Rand) {
	dir := t.TempDir()
	cache := filepath.Join(dir, "cache")
	first := random.IntN(len(b.racers))
	pair := []*racer{&b.racers[first], &b.racers[(first+1)%len(b.racers)]}
	outs := []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}
	var cmds []*exec.Cmd
	for i, r := range pair {
		cmds = append(cmds, b.mortal(t, random, cache, b.mix(r, runner, outs[i], cache)))
	}
	for _, cmd := range cmds {
		_ = cmd.Wait() // killed, or done before
	}
	before := dataFiles(t, cache)
	cmds = nil
	for i, r := range pair {
		cmds = append(cmds, b.start(t, nil, b.mix(r, runner, outs[i], cache)))
	}
	for _, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, cmd.Stdout)
		}
	}
	if t.Failed() {
		return
	}
	after := dataFiles(t, cache)
	for name, sum := range before {
		if after[name] != sum {
			t.Errorf("%s was written again, or removed", name)
		}
	}
	for i, r := range pair {
		b.check(t, r, outs[i], cache)
	}
}

// check wants an output to be whole and to have the right bytes, and the cache to have its peaks.
func (b *races) check(t *testing.T, r *racer, out, cache string) {
	t.Helper()
	b.must(t, "verify", out)
	got, err := promised(out)
	if err != nil {
		t.Fatal(err)
	}
	if !equalSums(r.want, got) {
		t.Errorf("%s differs from the output of a run that was alone", out)
	}
	if text := b.must(t, append([]string{"peaks"}, r.peaks(cache)...)...); !strings.Contains(text, "17 images, 17 of them from the cache") {
		t.Errorf("the cache lacks peaks of %s:\n%s", r.in, text)
	}
}

func equalSums(a, b map[string]string) bool {
	for name, sum := range a {
		if b[name] != sum {
			return false
		}
	}
	return len(a) == len(b) && len(a) > 0
}

// mortal starts the program so that it dies at a drawn moment: at a step of writing a file of the cache, or at a
// time. Some live.
func (b *races) mortal(t *testing.T, random *rand.Rand, cache string, args []string) *exec.Cmd {
	t.Helper()
	switch kind := random.IntN(10); {
	case kind < 5:
		op := []string{"create", "write", "rename", "syncdir"}[random.IntN(4)]
		return b.start(t, []string{fmt.Sprintf("%s=kill %s %s %d", faultVar, op, cache, 1+random.IntN(12))}, args)
	case kind < 9:
		cmd := b.start(t, nil, args)
		at := time.AfterFunc(time.Duration(random.Int64N(int64(b.took))), func() { _ = cmd.Process.Kill() })
		t.Cleanup(func() { at.Stop() })
		return cmd
	}
	return b.start(t, nil, args)
}

func (b *races) start(t *testing.T, env, args []string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(b.program, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout = &bytes.Buffer{}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// dataFiles hashes the rows in a cache.
func dataFiles(t *testing.T, cache string) map[string]string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(cache, "*", "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for _, path := range list {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		sums[path] = fmt.Sprintf("%x", h.Sum(nil))
	}
	return sums
}
