package crop

import "github.com/premix/premix"

// Locate is the pixel of the crop that shows the middle of the pixel p of the original, after
// mirroring; where the crop does not reach, the nearest one. It is integer arithmetic, the same
// everywhere. p must lie in the original.
func (p Plan) Locate(at premix.Peak) premix.Peak {
	x := locate(at.X-p.From.X0, p.From.X1-p.From.X0, p.W, p.Win.X0, p.Win.X1)
	y := locate(at.Y-p.From.Y0, p.From.Y1-p.From.Y0, p.H, p.Win.Y0, p.Win.Y1)
	if p.Flip {
		x = p.Win.X1 - p.Win.X0 - 1 - x
	}
	return premix.Peak{X: x, Y: y}
}

// locate maps the pixel v of n, which are resized to m pixels of which the window [lo,hi) is kept.
func locate(v, n, m, lo, hi int) int {
	at := floorDiv((2*int64(v)+1)*int64(m), 2*int64(n)) // ⌊(v+½)·m/n⌋
	return int(min(max(at-int64(lo), 0), int64(hi-lo-1)))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
