package mix

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
)

func TestSoft(t *testing.T) {
	tests := []struct {
		name      string
		a, b      int
		lam       float64
		smoothing float64
		want      []float32
	}{
		{"pair", 0, 2, 0.75, 0, []float32{0.75, 0, 0.25, 0}},
		{"one class", 1, 1, 0.3, 0, []float32{0, 1, 0, 0}},
		{"nothing pasted", 3, 1, 1, 0, []float32{0, 0, 0, 1}},
		{"all pasted", 3, 1, 0, 0, []float32{0, 1, 0, 0}},
		// ε 0.1 over 4 classes: off 0.025, on 0.925.
		{"smoothed pair", 0, 2, 0.75, 0.1, []float32{0.7, 0.025, 0.25, 0.025}},
		{"smoothed class", 1, 1, 1, 0.1, []float32{0.025, 0.925, 0.025, 0.025}},
	}
	for _, tt := range tests {
		r := &premix.Recipe{LabelA: tt.a, LabelB: tt.b, Lam: tt.lam}
		got := Soft([]float32{9, 9, 9, 9, 9}, r, 4, tt.smoothing)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// The two values of a pair add up to exactly 1 in float32, and a smoothed vector sums to 1.
func TestSoftSumsToOne(t *testing.T) {
	for i := range 5000 {
		lam := math.Sqrt(float64(i) / 5000)
		if i%7 == 0 {
			lam = math.Exp2(-float64(i) / 50)
		}
		r := &premix.Recipe{LabelA: 5, LabelB: 900, Lam: lam}
		v := Soft(nil, r, 1000, 0)
		if s := v[5] + v[900]; s != 1 {
			t.Fatalf("λ %v: %v + %v = %v", lam, v[5], v[900], s)
		}
		sum := 0.0
		for _, y := range Soft(v, r, 1000, 0.1) {
			sum += float64(y)
		}
		if math.Abs(sum-1) > 1e-6 {
			t.Fatalf("λ %v smoothed: sum %v", lam, sum)
		}
	}
}

func TestHeavier(t *testing.T) {
	for _, tt := range []struct {
		lam  float64
		want int
	}{{1, 3}, {0.5, 3}, {math.Nextafter(0.5, 0), 8}, {0, 8}} {
		if got := Heavier(3, 8, tt.lam); got != tt.want {
			t.Errorf("λ %v: %d, want %d", tt.lam, got, tt.want)
		}
	}
}
