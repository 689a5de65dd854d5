package dataset_test

import (
	"math"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/io/npy"
	"github.com/premix/premix/mix"
)

// TestFloat16Labels sums the labels of dense16 for the shares of pixels that a box may leave of a picture of 224×224:
// docs/faq.md says how far from 1 they are.
func TestFloat16Labels(t *testing.T) {
	const pixels = 224 * 224
	for _, classes := range []int{2, 10, 1000, 21841} {
		for _, smoothing := range []float64{0, 0.1} {
			worst := 0.0
			for stay := 0; stay <= pixels; stay += 1 + classes/10 {
				r := premix.Recipe{LabelA: 0, LabelB: 1, Lam: float64(stay) / pixels}
				file := npy.AppendFloat16(nil, mix.Soft(nil, &r, classes, smoothing))
				values, width, err := npy.Decode(nil, file)
				if err != nil || width != 2 {
					t.Fatalf("width %d, %v", width, err)
				}
				sum := 0.0
				for _, v := range values {
					sum += float64(v)
				}
				worst = max(worst, math.Abs(sum-1))
			}
			if worst > 5e-4 {
				t.Errorf("%d classes, smoothing %v: a sum is %g away from 1", classes, smoothing, worst)
			}
			t.Logf("%d classes, smoothing %v: %g", classes, smoothing, worst)
		}
	}
}
