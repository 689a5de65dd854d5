package stage

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/osfile"
	"github.com/premix/premix/sample"
)

// defaultMemory bounds the files, pixels, crops and samples that one process has in work.
const defaultMemory = 1 << 30

// A pool bounds the work of one process, whatever the number of bundles that its runner hands it
// at once: each worker decodes one image at a time, and the memory of images in flight is bounded
// in bytes. Runners give a bundle to one goroutine, so the pool is what uses all cores.
//
// Three quarters of the memory are for files and the pixels decoded from them, which wait for nothing but
// a worker. The rest is for crops and samples, which wait for each other: see [ahead].
type pool struct {
	slots   chan *worker
	bytes   *semaphore.Weighted // of files and decoded pixels
	most    int64               // of bytes
	ahead   ahead
	keeping keeping
	max     int64 // of both together
	stays   int   // of each buffer of a worker, from one image to the next: see [maxKept]
}

// A worker is the scratch memory of one image being worked on.
type worker struct {
	sample.Maker
	half sample.Half
}

var (
	poolsMu sync.Mutex
	pools   = map[[2]int64]*pool{}
)

// poolFor returns the pool of this process for a bound on workers and memory.
func poolFor(workers int, memory int64) *pool {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	memory = max(memory, 0)
	poolsMu.Lock()
	defer poolsMu.Unlock()
	key := [2]int64{int64(workers), memory}
	p := pools[key]
	if p == nil {
		if memory > 0 {
			p = newPool(workers, memory)
		} else if p = newPool(workers, defaultMemory); ownHeap.Load() {
			p.keeping.available = osfile.Available
		}
		pools[key] = p
		limitHeap(p.max)
	}
	return p
}

func newPool(workers int, memory int64) *pool {
	p := &pool{slots: make(chan *worker, workers), max: memory}
	p.stays = int(min(maxKept, max(leastKept, memory/int64(4*workers))))
	p.ahead.most = memory / 4
	p.most = memory - p.ahead.most
	p.keeping.most = p.most - p.most/roomForWork
	p.bytes = semaphore.NewWeighted(p.most)
	for range workers {
		p.slots <- new(worker)
	}
	return p
}

func (p *pool) workers() int { return cap(p.slots) }

// reserve waits until n bytes may be held. More than the bound counts as the whole bound, so that
// one image of any allowed size can pass, alone. The caller returns them with release.
func (p *pool) reserve(ctx context.Context, n int64) (release func(), err error) {
	n = min(max(n, 0), p.most)
	if err := p.makeRoom(n); err != nil {
		return nil, err
	}
	if err := p.bytes.Acquire(ctx, n); err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() { p.bytes.Release(n) }), nil
}

// more adds to a reservation of have bytes what is missing to need, if that is free, and returns what gives
// it back; else nil.
func (p *pool) more(have, need int64) (release func()) {
	n := min(need, p.most) - have
	if !p.bytes.TryAcquire(n) {
		return nil
	}
	return sync.OnceFunc(func() { p.bytes.Release(n) })
}

// fits refuses an image that takes more memory than the bound allows by itself. That is no defect of the
// image: with another bound it would be read, so it must not become a failure. Where the output is begun,
// nothing but the bound may change.
func (p *pool) fits(name string, cfg *imaging.Config, data []byte, begun bool) error {
	have, need := max(p.max, imaging.LeastMemory), cfg.MemoryWith(data)
	if need <= have {
		return nil
	}
	code, other := CodeUsage, fmt.Sprintf(", or make such images failures with --max-pixels %d", max(p.max/8, 1))
	if begun {
		code, other = CodeFailed, ""
	}
	return refuse(code, "%s: decoding the image takes %d MiB of memory, --max-memory is %d MiB: give the job more%s", name, need>>20, p.max>>20, other)
}

// do runs f with a worker of the pool, which works for params. A panic in f becomes an error.
func (p *pool) do(ctx context.Context, params *sample.Params, f func(*worker) error) (err error) {
	select {
	case w := <-p.slots:
		defer func() {
			huge := cap(w.half.Original.Pix) > hugePicture
			w.Trim(p.stays)
			w.half.Trim(p.stays)
			if huge {
				debug.FreeOSMemory()
			}
			p.slots <- w
		}()
		defer recoverAs(&err)
		w.Reset(params)
		return f(w)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// recoverAs turns a panic into an error: in a goroutine of our own it would end the process and
// every bundle in it.
func recoverAs(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("stage: panic: %v\n%s", r, debug.Stack())
	}
}

// hugePicture is the size of an image, in bytes, after which the memory goes back to the system before
// that of the next one is taken: the garbage of one beside another would be twice the bound.
const hugePicture = 128 << 20

// maxKept bounds each buffer that a worker keeps from one image to the next, in bytes. The bound on
// memory does not count these buffers, and without maxKept those of a single huge image would stay
// as long as the process lives.
const maxKept = 16 << 20

// leastKept is kept however many workers share little memory: the pixels of an ordinary photograph. To get them
// anew for each image takes a sixth more CPU time.
const leastKept = 4 << 20

var buffers = sync.Pool{New: func() any { return new([]byte) }}

func getBuffer(n int) []byte {
	b := *buffers.Get().(*[]byte)
	if cap(b) < n {
		b = make([]byte, 0, n)
	}
	return b[:0]
}

// putBuffer gives a buffer back. One of a huge entry is left to the garbage collector.
func putBuffer(b []byte) {
	if cap(b) <= maxKept {
		buffers.Put(&b)
	}
}
