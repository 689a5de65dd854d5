package stage

import (
	"math"
	"os"
	"runtime/debug"
	"sync/atomic"
)

// besides is what a process may hold beside the bound on decoded pixels before the garbage collector
// works more: code, rows, buffers of workers and writers, and garbage.
const besides = 160 << 20

var ownHeap atomic.Bool

// OwnProcess says that this process runs nothing but jobs of premix. Its garbage collector then keeps to
// MaxMemory and a little more, instead of letting the garbage grow to the size of what is in use. A
// program that calls premix as a library decides for itself.
func OwnProcess() { ownHeap.Store(os.Getenv("GOMEMLIMIT") == "") }

// limitHeap makes the garbage collector keep to a bound on decoded pixels; the largest of the process counts.
func limitHeap(memory int64) {
	if !ownHeap.Load() {
		return
	}
	want := memory + min(besides, math.MaxInt64-memory)
	if have := debug.SetMemoryLimit(-1); have == math.MaxInt64 || have < want {
		debug.SetMemoryLimit(want)
	}
}
