package flinktest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFlinkRaces lets two jobs at once share a cache, on the same images in two places and on other replicas, and
// kills workers at moments that are drawn. Both outputs have the bytes of local runs that were alone, and the
// cache has all peaks. PREMIX_RACES is the number of rounds; `make races` runs twenty.
func TestFlinkRaces(t *testing.T) {
	c := theCluster(t)
	c.whole(t)
	rounds := 3
	if n := os.Getenv("PREMIX_RACES"); n != "" {
		var err error
		if rounds, err = strconv.Atoi(n); err != nil || rounds < 1 {
			t.Fatalf("PREMIX_RACES=%s: want a number of rounds", n)
		}
	}
	dir := t.TempDir()
	in, moved := filepath.Join(dir, "in"), filepath.Join(dir, "moved")
	c.local(t, "synth", "--out", in, "--images", "240")
	if err := os.CopyFS(moved, os.DirFS(in)); err != nil {
		t.Fatal(err)
	}
	racers := []flinkRacer{{in: in, args: []string{"--replicas", "2"}}, {in: moved, args: []string{"--replicas", "2", "--first-replica", "1"}}}
	for i := range racers {
		r := &racers[i]
		r.want = filepath.Join(dir, fmt.Sprint("want", i))
		c.local(t, r.mix(r.want, filepath.Join(dir, fmt.Sprint("cache", i)))...)
	}
	for i := range rounds {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			c.race(t, racers, rand.New(rand.NewPCG(uint64(i), 5)))
		})
	}
}

// A flinkRacer is one of the jobs that share a cache.
type flinkRacer struct {
	in   string
	args []string
	want string // what a run that was alone made
}

func (r *flinkRacer) peaks(cache string) []string {
	return append([]string{"--in", r.in, "--cache", cache, "--geometry", "rrc", "--size", "64", "--chunk-size", "5"}, r.args...)
}

func (r *flinkRacer) mix(out, cache string) []string {
	return slices.Concat([]string{"mix", "--out", out, "--shards", "4"}, r.peaks(cache))
}

// race runs the racers at once, and kills one or two of their workers.
func (c *cluster) race(t *testing.T, racers []flinkRacer, random *rand.Rand) {
	dir := t.TempDir()
	cache := filepath.Join(dir, "cache")
	var runs []*run
	var outs []string
	for i := range racers {
		outs = append(outs, filepath.Join(dir, strconv.Itoa(i)))
		runs = append(runs, c.start(t, c.on(append(racers[i].mix(outs[i], cache), "--parallelism", "2")...)...))
	}
	killed := 0
	for range 1 + random.IntN(2) {
		within(t, "a worker is there, or the jobs are done", func() bool { return len(c.workers(t)) > 0 || ended(runs) })
		time.Sleep(time.Duration(random.Int64N(int64(2500 * time.Millisecond))))
		if workers := c.workers(t); len(workers) > 0 {
			if syscall.Kill(workers[random.IntN(len(workers))].pid, syscall.SIGKILL) == nil {
				killed++
			}
		}
	}
	for i := range racers {
		runs[i].wait(0)
		promised(t, racers[i].want, outs[i])
		c.local(t, "verify", outs[i])
		again := c.start(t, append([]string{"peaks"}, racers[i].peaks(cache)...)...)
		if output := again.wait(0); !strings.Contains(output, "240 images, 240 of them from the cache") {
			t.Errorf("the cache lacks peaks:\n%s", output)
		}
	}
	// Beam's TaskManager may forget a worker that it started as its job ended. That is no matter of the cache.
	c.signal(t, syscall.SIGKILL)
	c.alone(t)
	figure(t, "%d workers killed; the jobs took %.1f and %.1f s", killed, runs[0].wall.Seconds(), runs[1].wall.Seconds())
}

// ended says whether all runs have ended.
func ended(runs []*run) bool {
	for _, r := range runs {
		select {
		case <-r.done:
		default:
			return false
		}
	}
	return true
}
