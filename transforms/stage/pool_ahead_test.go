package stage

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"runtime"
	"slices"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/plan"
)

// rows are all rows of the plan, in order.
func (b *bench) rows() (rows []plan.Row) {
	b.Helper()
	for i := range b.plan.Chunks {
		err := Distribute(b.Context(), b.job, b.global, &b.plan.Chunks[i], 0, func(_ int64, batch []byte) {
			var err error
			if rows, err = plan.ReadRows(rows, batch); err != nil {
				b.Fatal(err)
			}
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	slices.SortFunc(rows, func(a, b plan.Row) int { return int(a.Position - b.Position) })
	return rows
}

// TestRunsAheadOfMemory holds two shards up, each in the reading of its images, until both wait for memory
// for crops and samples. Then they go on to the end, although the first image of each is needed for the last.
func TestRunsAheadOfMemory(t *testing.T) {
	a := newBench(t, "synth:40", func(j *Job) { j.Workers, j.MaxMemory = 2, 64<<10+1 })
	a.planned()
	rows := a.rows()
	crop := int64(a.job.cropBytes())
	p := poolFor(a.job.Workers, a.job.MaxMemory)
	if p.ahead.most > 6*crop {
		t.Fatalf("memory for %d crops: the shards would wait for something else first", p.ahead.most/crop)
	}
	hold := make(chan struct{})
	done := make(chan error, 2)
	written := [2]int{}
	for shard := range written {
		task := &shardTask{job: a.job, global: a.global, shard: int64(shard), rows: rows[20*shard : 20*(shard+1)]}
		task.fetch = func(ctx context.Context, dst []byte, s *premix.Sample) ([]byte, error) {
			<-hold
			return source.Fetch(ctx, dst, s.Location)
		}
		recipes, err := task.allRecipes()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			done <- task.samples(t.Context(), []int{0}, recipes, func(i int, _ [][]byte) error {
				if i != written[shard] {
					t.Errorf("shard %d: sample %d after %d", shard, i, written[shard])
				}
				written[shard]++
				return nil
			})
		}()
	}
	for begun := int64(0); begun < 2; runtime.Gosched() {
		p.ahead.mu.Lock()
		if begun = 0; p.ahead.freed != nil {
			begun = p.ahead.used / (3 * crop) // the least that each has
		}
		p.ahead.mu.Unlock()
	}
	close(hold)
	for range written {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if written != [2]int{20, 20} {
		t.Errorf("samples of the shards: %v", written)
	}
	// Each shard may have its next sample, with two crops, whatever the others have.
	if most := p.ahead.most + 2*3*crop; p.ahead.used != 0 || p.ahead.peak > most {
		t.Errorf("at the end %d bytes are held; at most it was %d, want %d", p.ahead.used, p.ahead.peak, most)
	}
}

// TestAheadAfterErrors gives all memory back where a shard fails.
func TestAheadAfterErrors(t *testing.T) {
	a := newBench(t, "synth:40", func(j *Job) { j.Workers, j.MaxMemory = 2, 64<<10+2 })
	a.planned()
	task := &shardTask{job: a.job, global: a.global, rows: a.rows()[:20]}
	recipes, err := task.allRecipes()
	if err != nil {
		t.Fatal(err)
	}
	err = task.samples(t.Context(), []int{0}, recipes, func(i int, _ [][]byte) error {
		if i == 3 {
			return context.DeadlineExceeded
		}
		return nil
	})
	wantError(t, err, "deadline")
	if p := poolFor(a.job.Workers, a.job.MaxMemory); p.ahead.used != 0 || p.ahead.peak == 0 {
		t.Errorf("%d bytes are held, at most %d", p.ahead.used, p.ahead.peak)
	}
}

// TestReadTwice wants a picture that takes more memory than others of its size to be read once where the
// rest is free, and to be given up until it is where it is not.
func TestReadTwice(t *testing.T) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, image.NewGray(image.Rect(0, 0, 400, 400)), nil); err != nil {
		t.Fatal(err)
	}
	for _, busy := range []bool{false, true} {
		p := newPool(1, 4<<20)
		reads := 0
		task := &shardTask{job: &Job{}}
		task.fetch = func(_ context.Context, dst []byte, _ *premix.Sample) ([]byte, error) {
			reads++
			return append(dst, file.Bytes()...), nil
		}
		// The row does not tell the size, so that the usual memory is too little.
		pic := &picture{sample: &premix.Sample{Name: "a.jpg"}, place: premix.Location{Length: int64(file.Len())}}
		others := func() {}
		if busy {
			var err error
			if others, err = p.reserve(t.Context(), p.most-pic.usual()); err != nil {
				t.Fatal(err)
			}
		}
		type result struct {
			n       int
			release func()
			err     error
		}
		got := make(chan result)
		go func() {
			data, release, err := task.encoded(t.Context(), p, pic)
			got <- result{len(data), release, err}
		}()
		want := 1
		if busy {
			for !waiting(p) {
				runtime.Gosched()
			}
			want = 2
		}
		others()
		r := <-got
		if r.err != nil || r.n != file.Len() || reads != want {
			t.Errorf("busy %v: %d bytes, %v, read %d times, want %d", busy, r.n, r.err, reads, want)
			continue
		}
		if p.bytes.TryAcquire(p.most - 3*400*400) {
			t.Errorf("busy %v: the pixels are not counted", busy)
		}
		r.release()
		if !p.bytes.TryAcquire(p.most) {
			t.Errorf("busy %v: memory was not given back", busy)
		}
	}
}
