package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/premix/premix/io/blob"
)

// A moodyStore answers some requests in place of the store behind it.
type moodyStore struct {
	busy    atomic.Int64 // percent of requests that are answered 503
	answers atomic.Int64 // such answers
	served  atomic.Int64 // so many requests are answered before it is busy
	mu      sync.Mutex
	random  *rand.Rand
}

func newMoodyStore() *moodyStore { return &moodyStore{random: rand.New(rand.NewPCG(1, 2))} }

func (m *moodyStore) through(store http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		busy := m.random.Int64N(100) < m.busy.Load() && m.served.Add(-1) < 0
		m.mu.Unlock()
		if !busy {
			store.ServeHTTP(w, r)
			return
		}
		m.answers.Add(1)
		io.CopyN(io.Discard, r.Body, 1000)
		http.Error(w, "<Error><Code>SlowDown</Code></Error>", http.StatusServiceUnavailable)
	})
}

// TestBusyStore: stores that answer 503 to 30 % of all requests delay a job, and do nothing else to it.
// How often is in the summary.
func TestBusyStore(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	premix(t, "synth", "--out", in, "--images", "24", "--format", "webdataset")
	flags := []string{"--size", "64", "--shards", "2"}
	premix(t, append([]string{"mix", "--in", in, "--out", out, "--cache", filepath.Join(dir, "c")}, flags...)...)
	m := newMoodyStore()
	g, s := gcs(t, m.through), s3(t, m.through)
	copyTree(t, in, blob.Join(g, "in"))
	m.busy.Store(30)
	to := blob.Join(s, "out")
	text := premix(t, append([]string{"mix", "--in", blob.Join(g, "in"), "--out", to, "--cache", blob.Join(g, "cache")}, flags...)...)
	m.busy.Store(0)
	if m.answers.Load() < 10 || !strings.Contains(text, "\nstore    answered busy ") || !strings.Contains(text, "24 good") {
		t.Errorf("%d busy answers; it said:\n%s", m.answers.Load(), text)
	}
	sameTree(t, out, to)
}

// TestInterruptBusyStore: Ctrl-C does not wait for a store that is busy, from the start or in the middle of a job.
func TestInterruptBusyStore(t *testing.T) {
	for _, c := range []struct {
		store  func(*testing.T, ...func(http.Handler) http.Handler) string
		served int64
	}{{gcs, 0}, {s3, 40}} {
		t.Run(fmt.Sprint(c.served), func(t *testing.T) {
			dir := t.TempDir()
			in := filepath.Join(dir, "in")
			premix(t, "synth", "--out", in, "--images", "40")
			m := newMoodyStore()
			root := c.store(t, m.through)
			m.served.Store(c.served)
			m.busy.Store(100)
			ctx, stop := context.WithTimeout(context.Background(), time.Minute) // of the five that it would wait
			defer stop()
			cmd := exec.CommandContext(ctx, "premix", "mix", "--in", in, "--out", blob.Join(root, "out"), "--cache", filepath.Join(dir, "c"), "--shards", "30", "--size", "32")
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for m.answers.Load() < 4 && ctx.Err() == nil {
				time.Sleep(10 * time.Millisecond)
			}
			cmd.Process.Signal(syscall.SIGINT)
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
				t.Errorf("exit code %d", code)
			}
		})
	}
}
