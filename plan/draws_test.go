package plan

import (
	"testing"

	"github.com/premix/premix/mix"
	"gonum.org/v1/gonum/stat/distuv"
)

// λ of a whole replica follows its law.
func TestLambdaFollowsItsLaw(t *testing.T) {
	for _, alpha := range []float64{0.2, 1, 3} {
		all := replica(t, params(func(m *mix.Params) { m.Lambda.Alpha = alpha }), 20000, 16)
		var drawn []float64
		for _, r := range all {
			drawn = append(drawn, r.LamDrawn)
		}
		follows(t, "λ", drawn, distuv.Beta{Alpha: alpha, Beta: alpha}.CDF)
	}
}

// Methods come in their shares, the rest and what Prob leaves stays unmixed, and an α of its own
// is that of its method alone.
func TestMethodsFollowTheirWeights(t *testing.T) {
	p := params(func(m *mix.Params) {
		m.Methods = []mix.Weighted{{Name: mix.SaliencyMix, Weight: 0.5}, {Name: mix.MixUp, Weight: 0.25, Alpha: 4}}
		m.Prob = 0.8
	})
	all := replica(t, p, 20000, 16)
	counts := make([]int, 20) // of 0.05 each
	place := map[string]int{mix.SaliencyMix: 0, mix.MixUp: 8, mix.None: 12}
	share := map[string]int{mix.SaliencyMix: 8, mix.MixUp: 4, mix.None: 8}
	seen := map[string]int{}
	drawn := map[string][]float64{}
	for _, r := range all {
		counts[place[r.Method]+seen[r.Method]%share[r.Method]]++
		seen[r.Method]++
		drawn[r.Method] = append(drawn[r.Method], r.LamDrawn)
	}
	uniformCounts(t, "methods", counts)
	follows(t, "λ of saliencymix", drawn[mix.SaliencyMix], unit)
	follows(t, "λ of mixup", drawn[mix.MixUp], distuv.Beta{Alpha: 4, Beta: 4}.CDF)
	if len(all) != 20000 || mixed(all) != 20000-seen[mix.None] {
		t.Errorf("%d recipes, %d mixed, of %v", len(all), mixed(all), seen)
	}
}

// Random centres and corners are anywhere in the crop, the scale of resizemix is uniform, and what
// is drawn is independent of λ.
func TestPlacesAreUniform(t *testing.T) {
	const n = 12288 // one for each pixel of 96×128
	for name, edit := range map[string]func(*mix.Params){
		"cutmix":  func(m *mix.Params) { m.Methods = one(mix.CutMix) },
		"cutout":  func(m *mix.Params) { m.Methods = one(mix.Cutout) },
		"uniform": func(m *mix.Params) { m.Detector = mix.DetectorUniform },
	} {
		all := replica(t, params(edit), n, 16)
		x, y, joint := make([]int, 128), make([]int, 96), make([]int, 64)
		for _, r := range all {
			x[r.Peak.X]++
			y[r.Peak.Y]++
			joint[r.Peak.X/32*16+r.Peak.Y/24*4+int(r.LamDrawn*4)]++
		}
		uniformCounts(t, name+": columns", x)
		uniformCounts(t, name+": rows", y)
		uniformCounts(t, name+": columns, rows and λ", joint)
	}
	fixed := func(m *mix.Params) { m.Lambda = mix.Lambda{Law: mix.LawFixed, Value: 0.75} }

	all := replica(t, params(func(m *mix.Params) { m.Methods = one(mix.ResizeMix); fixed(m) }), n, 16)
	// τ = 0.1 + 0.7·0.25 = 0.275: 26 rows and 35 columns.
	x, y := make([]int, 128-35+1), make([]int, 96-26+1)
	for _, r := range all {
		x[r.Box.X0]++
		y[r.Box.Y0]++
		if r.Box.X1-r.Box.X0 != 35 || r.Box.Y1-r.Box.Y0 != 26 {
			t.Fatalf("box %v", r.Box)
		}
	}
	uniformCounts(t, "resizemix: columns", x)
	uniformCounts(t, "resizemix: rows", y)

	all = replica(t, params(func(m *mix.Params) { m.Scheme = mix.Sal2Rand; m.Lambda = mix.Lambda{Law: mix.LawFixed, Value: 0.9999} }), n, 16)
	x = make([]int, 128)
	for _, r := range all { // the box is empty: nothing is pushed back
		x[r.Box.X0]++
	}
	uniformCounts(t, "sal2rand: columns", x)

	all = replica(t, params(func(m *mix.Params) { m.Methods = one(mix.ResizeMix) }), n, 16)
	var tau []float64
	for _, r := range all {
		tau = append(tau, 0.1+0.7*(1-r.LamDrawn))
	}
	follows(t, "resizemix: scale", tau, func(v float64) float64 { return unit((v - 0.1) / 0.7) })
}

// Over replicas, the partner of an image is any other one equally often.
func TestPartnersAreUniform(t *testing.T) {
	const n = 40
	counts := make([]int, n)
	for r := range 2000 {
		p := params(nil)
		p.Replica = r
		all := replica(t, p, n, 2)
		perm := NewPermutation(n, 0, r)
		for i, c := range all {
			if perm.Inverse(int64(i)) == 7 {
				counts[perm.Inverse(c.Position/20*20+(c.Position+1)%20)]++
			}
		}
	}
	if counts[7] != 0 {
		t.Errorf("image 7 met itself %d times", counts[7])
	}
	uniformCounts(t, "partners", append(counts[:7:7], counts[8:]...))
}
