package stage

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/plan"
	"github.com/premix/premix/sample"
)

// TestKeep holds that a worker keeps little of a huge image: it is outside of the bound on memory.
func TestKeep(t *testing.T) {
	p := poolFor(1, 1<<20+3)
	for _, side := range []int{100, 3000} {
		err := p.do(t.Context(), new(sample.Params), func(w *worker) error {
			w.half.Original.Resize(side, side)
			w.half.Crop.Resize(side, side)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = p.do(t.Context(), new(sample.Params), func(w *worker) error { // the next image, by the only worker
			for i, b := range [][]byte{w.half.Original.Pix, w.half.Crop.Pix} {
				want := 3 * side * side
				if want > maxKept {
					want = 0
				}
				if cap(b) != want {
					t.Errorf("after an image of %d×%d: buffer %d has %d bytes, want %d", side, side, i, cap(b), want)
				}
			}
			return nil
		})
		check(t, err)
	}
	putBuffer(make([]byte, maxKept+1))
	if b := getBuffer(0); cap(b) > maxKept {
		t.Errorf("a buffer of %d bytes was kept", cap(b))
	}
}

// TestDo has the workers of a pool meet panics, errors and jobs that are given up, and wants them to go on, two at a time.
func TestDo(t *testing.T) {
	p := newPool(2, 1<<20)
	params := new(sample.Params)
	if err := p.do(t.Context(), params, func(*worker) error { panic("broken") }); err == nil || !strings.Contains(err.Error(), "panic: broken") {
		t.Errorf("a panic: %v", err)
	}
	sad := errors.New("sad")
	if err := p.do(t.Context(), params, func(*worker) error { return sad }); err != sad {
		t.Errorf("an error: %v", err)
	}
	begun, end := make(chan *worker), make(chan bool)
	results := make(chan error)
	for range 2 {
		go func() {
			results <- p.do(t.Context(), params, func(w *worker) error { begun <- w; <-end; return nil })
		}()
	}
	if a, b := <-begun, <-begun; a == b {
		t.Error("two tasks at once have the same scratch memory")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(sad)
	if err := p.do(ctx, params, func(*worker) error { t.Error("more at once than workers"); return nil }); err != sad {
		t.Errorf("given up while all workers are busy: %v", err)
	}
	close(end)
	check(t, errors.Join(<-results, <-results))
	ran := 0
	for range 100 {
		check(t, p.do(t.Context(), params, func(*worker) error { ran++; return nil }))
	}
	if ran != 100 {
		t.Errorf("%d tasks of 100", ran)
	}
}

// An image that takes more than the bound stops the job, with the limit that would make it a failure; one
// of 128 MiB passes alone, as small bounds always let it.
func TestFits(t *testing.T) {
	for _, tt := range []struct {
		bound, memory int64
		data          int
		want          string
	}{
		{1 << 20, imaging.LeastMemory, 0, ""},
		{1 << 20, imaging.LeastMemory - 20, 11, "--max-memory is 1 MiB: give the job more, or make such images failures with --max-pixels 131072"},
		{256 << 20, 256 << 20, 0, ""},
		{256 << 20, 256<<20 + 1, 0, "c/a.png: decoding the image takes 256 MiB of memory, --max-memory is 256 MiB"},
	} {
		err := (&pool{max: tt.bound}).fits("c/a.png", &imaging.Config{Memory: tt.memory}, make([]byte, tt.data), false)
		if tt.want == "" {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		if r := FindRefusal(err); r == nil || r.Code != CodeUsage || !strings.Contains(r.Message, tt.want) {
			t.Errorf("%v, want a refusal that says %q", err, tt.want)
		}
	}
	// An output that is begun has been touched, and its recipe is settled.
	err := (&pool{max: 1 << 20}).fits("c/a.png", &imaging.Config{Memory: 1 << 30}, nil, true)
	if r := FindRefusal(err); r == nil || r.Code != CodeFailed || strings.Contains(r.Message, "--max-pixels") {
		t.Errorf("an output is begun: %v", err)
	}
}

// TestReserveBeforeReading wants nothing read while there is no memory for it.
func TestReserveBeforeReading(t *testing.T) {
	s := newFakeSet(t)
	a := newBench(t, s.dir, func(j *Job) { j.Workers, j.MaxMemory = 2, 1<<20+7 })
	a.planned()
	var row plan.Row
	for i := range a.plan.Chunks {
		err := Distribute(t.Context(), a.job, a.global, &a.plan.Chunks[i], 0, func(_ int64, batch []byte) {
			rows, err := plan.ReadRows(nil, batch)
			if err != nil {
				t.Fatal(err)
			}
			row = rows[0]
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	p := poolFor(a.job.Workers, a.job.MaxMemory)
	all, err := p.reserve(t.Context(), p.most)
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan bool, 1)
	task := &shardTask{job: a.job, global: a.global}
	task.fetch = func(context.Context, []byte, *premix.Sample) ([]byte, error) {
		read <- true
		return nil, errors.New("enough")
	}
	done := make(chan error, 1)
	go func() {
		pic := &picture{sample: row.Sample, place: row.Sample.Location, ready: make(chan struct{})}
		done <- task.load(t.Context(), p, pic)
	}()
	for !waiting(p) {
		select {
		case <-read:
			t.Fatal("it was read before its memory was to be had")
		default:
			runtime.Gosched()
		}
	}
	all()
	<-read
	wantError(t, <-done, "enough")
	if err := p.bytes.Acquire(t.Context(), p.most); err != nil {
		t.Fatal(err)
	}
	p.bytes.Release(p.most)
}

// waiting says whether somebody waits for memory: then not even nothing is to be had.
func waiting(p *pool) bool {
	if p.bytes.TryAcquire(0) {
		p.bytes.Release(0)
		return false
	}
	return true
}
