package saliency

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

// dft is the definition of the two-dimensional transform.
func dft(p *plane) [side][side]complex128 {
	var rows, out [side][side]complex128
	w := func(k int) complex128 { return cmplx.Rect(1, -2*math.Pi*float64(k%side)/side) }
	for y := range side {
		for v := range side {
			for x := range side {
				rows[y][v] += complex(p.row(y)[x], 0) * w(v*x)
			}
		}
	}
	for u := range side {
		for v := range side {
			for y := range side {
				out[u][v] += rows[y][v] * w(u*y)
			}
		}
	}
	return out
}

func TestDFT(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var p, q, re, im, tmp plane
	for i := range p {
		p[i] = float64(r.IntN(256))
	}
	q = p
	want := dft(&p)
	dftReal(&re, &im, &p, &tmp)
	for v := range side {
		for u := range side/2 + 1 {
			if d := cmplx.Abs(complex(re.row(v)[u], im.row(v)[u]) - want[u][v]); d > 1e-8 {
				t.Fatalf("frequency (%d, %d) is off by %g", u, v, d)
			}
			re.row(-v & (side - 1))[-u&(side-1)] = re.row(v)[u]
			im.row(-v & (side - 1))[-u&(side-1)] = -im.row(v)[u]
		}
	}
	var tre, tim plane
	inverse(&tre, &tim, &re, &im)
	for y := range side {
		for x := range side {
			back := complex(tim.row(digits[y])[x], tre.row(digits[y])[x]) / (side * side)
			if d := cmplx.Abs(back - complex(q.row(y)[x], 0)); d > 1e-10 {
				t.Fatalf("pixel (%d, %d) comes back off by %g", x, y, d)
			}
		}
	}
}
