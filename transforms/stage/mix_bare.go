package stage

import (
	"context"
	"sync/atomic"

	"github.com/premix/premix"
)

// bare says that samples have no pixels: see [NoPixels].
var bare atomic.Bool

// NoPixels makes Mix in this process hand its samples to the writers without an image, and read none. All else of a
// job is as it is: bench/scale measures that on more images than one machine can draw.
func NoPixels() { bare.Store(true) }

// bareSamples hands samples without an image to write.
func bareSamples(ctx context.Context, recipes []premix.Recipe, write func(i int, img []byte) error) error {
	for i := range recipes {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := write(i, nil); err != nil {
			return err
		}
	}
	return nil
}
