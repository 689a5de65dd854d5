package stage

import (
	"math"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// besides is what a process may hold beside the bound on decoded pixels before the garbage collector
// works more: code, buffers of workers and writers, and garbage. Rows come on top.
const besides = 160 << 20

// rowMemory is what a row of a shuffle takes in memory, with the garbage that is made of it.
const rowMemory = 200

var ownHeap atomic.Bool

// OwnProcess says that this process runs nothing but jobs of premix. Its garbage collector then keeps to
// MaxMemory and a little more, instead of letting the garbage grow to the size of what is in use. A
// program that calls premix as a library decides for itself.
func OwnProcess() { ownHeap.Store(os.Getenv("GOMEMLIMIT") == "") }

// heap is what the garbage collector keeps to: the largest bound on decoded pixels in this process, and the most rows
// that are held at once. Without room for these it would work all the time.
var heap struct {
	sync.Mutex
	memory, rows int64
}

// limitHeap makes the garbage collector keep to a bound on decoded pixels.
func limitHeap(memory int64) { setHeap(memory, 0) }

// growHeap makes room for rows.
func growHeap(rows int64) { setHeap(0, rows) }

func setHeap(memory, rows int64) {
	if !ownHeap.Load() {
		return
	}
	heap.Lock()
	defer heap.Unlock()
	heap.memory, heap.rows = max(heap.memory, memory), max(heap.rows, rows)
	if heap.memory > 0 { // else no pool has been made yet, which does this
		debug.SetMemoryLimit(heapLimit(heap.memory, heap.rows))
	}
}

// heapLimit is the limit for a bound on decoded pixels and a number of rows.
func heapLimit(memory, rows int64) int64 {
	more := int64(besides) + rowMemory*min(rows, 1<<40)
	return memory + min(more, math.MaxInt64-memory)
}
