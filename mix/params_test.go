package mix

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValidate(t *testing.T) {
	only := func(names ...string) []Weighted {
		var m []Weighted
		for _, n := range names {
			m = append(m, Weighted{Name: n, Weight: 1 / float64(len(names))})
		}
		return m
	}
	tests := []struct {
		name string
		edit func(*Params)
		want string // a part of the message; "" none
	}{
		{"default", func(*Params) {}, ""},
		{"none", func(p *Params) { p.Methods = only(None) }, ""},
		{"never", func(p *Params) { p.Prob = 0 }, ""},
		{"unknown method", func(p *Params) { p.Methods = only("slencymix") }, "did you mean saliencymix"},
		{"weights", func(p *Params) {
			p.Methods = []Weighted{{Name: SaliencyMix, Weight: 0.7}, {Name: None, Weight: 0.4}}
		}, "add up to 1.1"},
		{"probability", func(p *Params) { p.Prob = 1.5 }, "probability of mixing 1.5"},
		{"no probability", func(p *Params) { p.Prob = math.NaN() }, "probability of mixing NaN"},
		{"small alpha", func(p *Params) { p.Lambda.Alpha = 0.01 }, "alpha 0.01"},
		{"alpha of a method with fixed lambda", func(p *Params) {
			p.Methods = []Weighted{{Name: MixUp, Weight: 1, Alpha: 0.2}}
			p.Lambda = Lambda{Law: LawFixed, Value: 0.5}
		}, "with a fixed lambda"},
		{"alpha of a method never inside", func(p *Params) {
			p.Methods = []Weighted{{Name: MixUp, Weight: 1, Alpha: 200}}
			p.Lambda = Lambda{Min: 0.9, Outside: Redraw}
		}, "mixup: mix: lambda: fewer than 1"},
		{"scheme", func(p *Params) { p.Scheme = "sal2core" }, `unknown scheme "sal2core": did you mean sal2corr?`},
		{"border", func(p *Params) { p.Border = "wrap" }, `unknown border "wrap"`},
		{"pair", func(p *Params) { p.Pair = "different" }, `unknown pairing "different"`},
		{"smoothing", func(p *Params) { p.Smoothing = 1 }, "smoothing 1"},
		{"mixup with a scheme", func(p *Params) { p.Methods, p.Scheme = only(MixUp), Sal2Sal }, "it blends whole images and has no patch to place"},
		{"cutmix with a scheme", func(p *Params) { p.Methods, p.Scheme = only(CutMix), Sal2Rand }, "at a random place"},
		{"one of two with a scheme", func(p *Params) { p.Methods, p.Scheme = only(CutMix, SaliencyMix), Sal2Rand }, ""},
		{"resizemix with a border", func(p *Params) { p.Methods, p.Border = only(ResizeMix), Shift }, "is always inside"},
		{"cutout with pairing", func(p *Params) { p.Methods, p.Pair = only(Cutout), DifferentClass }, "nothing is paired"},
		{"cutout and mixup with pairing", func(p *Params) { p.Methods, p.Pair = only(Cutout, MixUp), DifferentClass }, ""},
		{"troughs of no map", func(p *Params) { p.Detector, p.Scheme = DetectorUniform, Sal2NonSal }, "this detector does not look at images"},
		{"targets' peaks of no map", func(p *Params) { p.Detector, p.Scheme = DetectorCenter, Sal2Sal }, "use sal2corr or sal2rand"},
		{"uniform, anywhere", func(p *Params) { p.Detector, p.Scheme = DetectorUniform, Sal2Rand }, ""},
	}
	for _, tt := range tests {
		p := Default()
		tt.edit(&p)
		p.EnsureDefaults()
		err := p.Validate()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "%!") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// Every method says why it takes no option of saliencymix.
func TestReasonsAreComplete(t *testing.T) {
	for _, m := range methods[1:] {
		if m.noScheme == "" || m.noBorder == "" {
			t.Errorf("no reason for %s", m.Name)
		}
	}
}

// All problems are told at once.
func TestValidateTellsAll(t *testing.T) {
	p := Params{Prob: 2, Smoothing: -1, Methods: []Weighted{{Name: "x", Weight: 3}}, Scheme: "y"}
	p.EnsureDefaults()
	if n := strings.Count(p.Validate().Error(), "\n") + 1; n < 5 {
		t.Errorf("%d problems of at least 5:\n%v", n, p.Validate())
	}
}

func TestParamsJSON(t *testing.T) {
	p := Default()
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"seed":0,"methods":[{"name":"saliencymix","weight":1}],"scheme":"sal2corr","border":"clip","prob":1,` +
		`"lambda":{"law":"beta","alpha":1,"min":0,"max":1,"outside":"clamp"},"pair":"any","smoothing":0}`
	if string(data) != want {
		t.Errorf("%s, want %s", data, want)
	}
	var back Params
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, back); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Defaults that mean nothing are taken out, so that equal recipes look equal.
func TestDefaultsAreCanonical(t *testing.T) {
	bare := Params{Methods: []Weighted{{Name: CutMix, Weight: 1}}, Prob: 1}
	said := Params{Methods: []Weighted{{Name: CutMix, Weight: 1}}, Prob: 1, Scheme: Sal2Corr, Border: Clip, Pair: AnyPair, Lambda: Lambda{Alpha: 1}}
	bare.EnsureDefaults()
	said.EnsureDefaults()
	if diff := cmp.Diff(bare, said); diff != "" {
		t.Errorf("(-bare +said):\n%s", diff)
	}
}
