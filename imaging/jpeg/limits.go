package jpeg

import (
	"context"

	"github.com/premix/premix"
)

// The limits of what one image may cost. A small file may ask for any number of passes over a large
// image, and with arithmetic coding for any number of decisions. Work that takes coded data in proportion
// is not counted: the size of the file bounds it. At 128·2²⁰ pixels the scans of libjpeg's own script, 5
// passes without subsampling, are half of maxSteps.
const (
	// maxPasses bounds the scans of an image: the blocks that all its scans visit are at most
	// maxPasses times the blocks of the image, and the scans at most 4·maxPasses. Encoders that search
	// for the smallest file make some tens of scans.
	maxPasses = 64
	// maxSteps bounds the work of all scans, in units of at most two nanoseconds on a slow core.
	maxSteps = 2 << 30

	stepsBlock    = 20  // a block that a scan visits
	stepsDecision = 5   // an arithmetic decision
	stepsRestart  = 300 // a restart interval
	stepsSmoothed = 350 // a block that is smoothed
)

// lookEvery is how many blocks are visited between two looks at the context.
const lookEvery = 1 << 16

// visit counts the visit of n blocks, by a scan or by the output, and looks at the context.
func (d *Decoder) visit(n int) error {
	for d.unseen += n; d.unseen >= lookEvery; d.unseen -= lookEvery {
		if err := d.ctx.Err(); err != nil {
			return context.Cause(d.ctx)
		}
	}
	return nil
}

// spend counts the visit of n blocks by a scan, each of which takes `more` steps besides those of
// every block, and the arithmetic decisions since it was called last.
func (d *Decoder) spend(n, more int) error {
	if d.blockWork -= int64(n); d.blockWork < 0 {
		return premix.Faultf(premix.TooLarge, "jpeg: its scans pass over the image more than %d times, the limit", maxPasses)
	}
	decided := d.arith.decided
	d.arith.decided = 0
	return d.work(n, int64(n)*int64(stepsBlock+more)+decided*stepsDecision)
}

// work counts the visit of n blocks that takes so many steps.
func (d *Decoder) work(n int, steps int64) error {
	if d.steps -= steps; d.steps < 0 {
		return premix.Faultf(premix.TooLarge, "jpeg: its scans take more than %d million steps to decode, the limit", d.limit()>>20)
	}
	return d.visit(n)
}

// limit is maxSteps, or what a test set.
func (d *Decoder) limit() int64 {
	if d.stepLimit > 0 {
		return d.stepLimit
	}
	return maxSteps
}
