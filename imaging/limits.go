package imaging

import (
	"math"

	"github.com/premix/premix"
)

// Limits bound what one input image may cost. A zero field stands for its default.
type Limits struct {
	// MaxPixels bounds the width times the height that a header declares; default 128·2²⁰. No
	// side is longer than 65,535 pixels, whatever the limit.
	MaxPixels int64
	// MaxBytes bounds the encoded size; default 128 MiB.
	MaxBytes int64
}

const (
	defaultMaxPixels = 128 << 20
	defaultMaxBytes  = 128 << 20
	maxSide          = 65535

	// What decoding may take for each of MaxPixels. At the default limits these are 512 MiB of samples,
	// some seconds, and 1 GiB of memory.
	workPerPixel   = 4
	memoryPerPixel = 8
	// What it may always take: headers, rows, and the tables of small images.
	leastWork = 1 << 20
)

// LeastMemory is what decoding one image may take whatever the limits.
const LeastMemory = 128 << 20

func (l Limits) checkBytes(n int) error {
	limit := l.MaxBytes
	if limit == 0 {
		limit = defaultMaxBytes
	}
	if int64(n) > limit {
		return premix.Faultf(premix.TooLarge, "imaging: %d bytes, the limit is %d", n, limit)
	}
	return nil
}

// pixels is the limit of pixels.
func (l Limits) pixels() int64 {
	if l.MaxPixels == 0 {
		return defaultMaxPixels
	}
	return l.MaxPixels
}

// memory is the bytes that decoding one image may hold.
func (l Limits) memory() int64 {
	return max(memoryPerPixel*min(l.pixels(), math.MaxInt64/memoryPerPixel), LeastMemory)
}

// checkCost refuses an image that takes more work or memory than the limit of pixels stands for. The
// memory includes the data twice.
func (l Limits) checkCost(f Format, work, memory int64) error {
	if limit := leastWork + workPerPixel*min(l.pixels(), math.MaxInt64/workPerPixel/2); work > limit {
		return premix.Faultf(premix.TooLarge, "%s: %d bytes of samples, the limit is %d (%d for each of --max-pixels)", f, work, limit, workPerPixel)
	}
	if limit := l.memory(); memory > limit {
		return premix.Faultf(premix.TooLarge, "%s: decoding takes %d MiB of memory, the limit is %d MiB (%d bytes for each of --max-pixels)", f, memory>>20, limit>>20, memoryPerPixel)
	}
	return nil
}

func (l Limits) checkPixels(f Format, w, h int) error {
	limit := l.pixels()
	if w < 0 || h < 0 {
		return premix.Faultf(premix.Corrupt, "%s: negative size %d×%d", f, w, h)
	}
	if w == 0 || h == 0 {
		return premix.Faultf(premix.Empty, "%s: no pixels, the header says %d×%d", f, w, h)
	}
	if w > maxSide || h > maxSide {
		return premix.Faultf(premix.TooLarge, "%s: %d×%d pixels, the limit is %d a side", f, w, h, maxSide)
	}
	if int64(w)*int64(h) > limit {
		return premix.Faultf(premix.TooLarge, "%s: %d×%d pixels, the limit is %d", f, w, h, limit)
	}
	return nil
}
