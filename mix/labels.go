package mix

import "github.com/premix/premix"

// Heavier is the label that a mixed sample counts as: a, the target's, unless less than half of
// the target stays.
func Heavier(a, b int, lam float64) int {
	if lam >= 0.5 {
		return a
	}
	return b
}

// Soft writes the dense label of a recipe, a vector of classes float32 values that sum to 1, and
// returns it; dst is reused if it is long enough.
//
// Without smoothing the target's class gets float32(λ) and the source's class the rest, computed
// in float32, so that the two add up to exactly 1 in float32; where both are one class it gets 1.
// Smoothing ε is timm's (mixup_target in timm/data/mixup.py): with off = ε/C and on = 1−ε+off,
//
//	y = λ·onehot(a; on, off) + (1−λ)·onehot(b; on, off)
//
// computed in float64 and rounded once; unmixed samples are smoothed as well. Labels must lie in
// [0,classes): Soft panics otherwise, since it runs after labels were checked.
func Soft(dst []float32, r *premix.Recipe, classes int, smoothing float64) []float32 {
	if cap(dst) < classes {
		dst = make([]float32, classes)
	}
	dst = dst[:classes]
	off := smoothing / float64(classes)
	on := 1 - smoothing + off
	for i := range dst {
		dst[i] = float32(off)
	}
	switch {
	case r.LabelA == r.LabelB:
		dst[r.LabelA] = float32(on)
	case smoothing == 0:
		dst[r.LabelA] = float32(r.Lam)
		dst[r.LabelB] = 1 - float32(r.Lam)
	default:
		dst[r.LabelA] = float32(float64(r.Lam*on) + float64((1-r.Lam)*off))
		dst[r.LabelB] = float32(float64(r.Lam*off) + float64((1-r.Lam)*on))
	}
	return dst
}
