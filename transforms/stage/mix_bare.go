package stage

import (
	"context"
	"sync/atomic"
)

// bare says that samples have no pixels: see [NoPixels].
var bare atomic.Bool

// NoPixels makes Mix in this process hand its samples to the writers without an image, and read none. All else of a
// job is as it is: bench/scale measures that on more images than one machine can draw.
func NoPixels() { bare.Store(true) }

// bareSamples hands n samples without an image to write, in so many variants.
func bareSamples(ctx context.Context, n, variants int, write func(i int, pictures [][]byte) error) error {
	none := make([][]byte, variants)
	for i := range n {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := write(i, none); err != nil {
			return err
		}
	}
	return nil
}
