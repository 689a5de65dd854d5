//go:build amd64 && !noasm

package saliency

import (
	"math"
	"math/rand/v2"
	"testing"
)

// spectrumRows are pairs of rows as a spectrum may have them: of all magnitudes, on the axes and the
// diagonals, with zeros of both signs.
func spectrumRows(r *rand.Rand) (rows [][2][side]float64) {
	odd := []float64{0, math.Copysign(0, -1), 1, -1, 255 * side * side, -255 * side * side, 1e-12, -1e-30, 5e-324, math.Sqrt2, 1 - 0x1p-53}
	for i := range 200 {
		var row [2][side]float64
		for u := range side {
			for part := range row {
				v := r.NormFloat64() * math.Exp(r.Float64()*40-25)
				if i%3 == 0 || r.IntN(8) == 0 {
					v = odd[r.IntN(len(odd))]
				}
				row[part][u] = v
			}
			if r.IntN(8) == 0 {
				row[1][u] = row[0][u]
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// guardedRow is a row between others that must stay as they are.
type guardedRow struct{ before, row, after [side]float64 }

func newGuardedRow() *guardedRow {
	var g guardedRow
	for i := range g.row {
		g.before[i], g.row[i], g.after[i] = 7, 8, 9
	}
	return &g
}

func (g *guardedRow) check(t *testing.T, want [side]float64) {
	t.Helper()
	for u := range side {
		if g.before[u] != 7 || g.after[u] != 9 || u >= known+3 && g.row[u] != 8 {
			t.Fatalf("column %d: wrote beyond the columns it works on", u)
		}
		if u < known && math.Float64bits(g.row[u]) != math.Float64bits(want[u]) {
			t.Fatalf("column %d: %v, want %v", u, g.row[u], want[u])
		}
	}
}

func TestLogRowAVX2(t *testing.T) {
	needAVX2(t)
	for _, row := range spectrumRows(rand.New(rand.NewPCG(18, 0))) {
		got, want := newGuardedRow(), [side]float64{}
		logRowAVX2(&got.row, &row[0], &row[1])
		logRowGo(&want, &row[0], &row[1])
		got.check(t, want)
	}
}

func TestPolarRowAVX2(t *testing.T) {
	needAVX2(t)
	for _, row := range spectrumRows(rand.New(rand.NewPCG(19, 0))) {
		var wantSin, wantCos [side]float64
		sin, cos := newGuardedRow(), newGuardedRow()
		polarRowAVX2(&sin.row, &cos.row, &row[0], &row[1])
		polarRowGo(&wantSin, &wantCos, &row[0], &row[1])
		sin.check(t, wantSin)
		cos.check(t, wantCos)
	}
}

func TestExpDifferenceAVX2(t *testing.T) {
	needAVX2(t)
	r := rand.New(rand.NewPCG(20, 0))
	for _, scale := range []float64{0, 1e-9, 1, 20, 300} {
		var a, b plane
		for i := range a {
			a[i], b[i] = (r.Float64()*2-1)*scale, (r.Float64()*2-1)*scale
		}
		got, want, mean := a, a, b
		expDifferenceAVX2(&got, &b)
		expDifferenceGo(&want, &b)
		if b != mean {
			t.Error("wrote to the mean")
		}
		for i := range got {
			if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
				t.Fatalf("exp(%v − %v) = %v, want %v", a[i], b[i], got[i], want[i])
			}
		}
	}
}
