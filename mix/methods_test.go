package mix

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseMethods(t *testing.T) {
	tests := []struct {
		list string
		want []Weighted
	}{
		{"saliencymix", []Weighted{{Name: SaliencyMix, Weight: 1}}},
		{"none", []Weighted{{Name: None, Weight: 1}}},
		{"cutmix:1:alpha=0.2", []Weighted{{Name: CutMix, Weight: 1, Alpha: 0.2}}},
		{"saliencymix:0.5:alpha=1,mixup:0.3", []Weighted{{Name: SaliencyMix, Weight: 0.5, Alpha: 1}, {Name: MixUp, Weight: 0.3}}},
		{"cutout:0.7, cutmix:0.2 ,mixup:0.1", []Weighted{{Name: Cutout, Weight: 0.7}, {Name: CutMix, Weight: 0.2}, {Name: MixUp, Weight: 0.1}}},
		{"resizemix:1:scale=0.2,0.5:alpha=2", []Weighted{{Name: ResizeMix, Weight: 1, Alpha: 2, MinScale: 0.2, MaxScale: 0.5}}},
		{"mixup:0.5,resizemix:0.5:scale=2e-1-5E-1", []Weighted{{Name: MixUp, Weight: 0.5}, {Name: ResizeMix, Weight: 0.5, MinScale: 0.2, MaxScale: 0.5}}},
		{"resizemix:1:scale=0.2-0.5:alpha=2", []Weighted{{Name: ResizeMix, Weight: 1, Alpha: 2, MinScale: 0.2, MaxScale: 0.5}}},
	}
	for _, tt := range tests {
		got, err := ParseMethods(tt.list)
		if err != nil {
			t.Errorf("%s: %v", tt.list, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.list, diff)
		}
	}
}

func TestParseMethodsRefuses(t *testing.T) {
	tests := []struct{ list, want string }{
		{"", `unknown method "": use saliencymix, cutmix`},
		{"saliencemix", "did you mean saliencymix?"},
		{"MixUp", "did you mean mixup?"},
		{"puzzle", "use saliencymix, cutmix, mixup, cutout, resizemix, none"},
		{"saliencymix,mixup", "saliencymix in a list has no weight: write saliencymix:0.5"},
		{"cutmix:half", `weight "half" is not a number`},
		{"cutmix:alpha=1", `weight "alpha=1" is not a number: write cutmix:WEIGHT:OPTION=VALUE`},
		{"cutmix:0.7,mixup:0.4", "add up to 1.1"},
		{"cutmix:1.2", "weight 1.2 is not in [0,1]"},
		{"cutmix:-0.2", "weight -0.2"},
		{"cutmix:NaN", "weight NaN"},
		{"cutmix:0.2,cutmix:0.4", "cutmix is there twice"},
		{"cutmix:1:alpha=0.01", "alpha 0.01 is below 0.05"},
		{"cutmix:1:alpha=x", `alpha "x" is not a number`},
		{"cutmix:1:alpa=1", `unknown option "alpa": did you mean alpha?`},
		{"cutmix:1:scale=0.1-0.2", "scale is an option of resizemix"},
		{"resizemix:1:scale=0.5", "not a range: write scale=0.1-0.8"},
		{"resizemix:1:scale=0.8-0.1", "the smaller first"},
		{"resizemix:1:scale=0.5-1.5", "two numbers in (0,1]"},
	}
	for _, tt := range tests {
		_, err := ParseMethods(tt.list)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.list, err, tt.want)
		}
	}
}

func TestChoose(t *testing.T) {
	part := []Weighted{{Name: CutMix, Weight: 0.5}, {Name: None}, {Name: MixUp, Weight: 0.25}}
	// In float64 these weights add up to a little less than 1.
	whole := []Weighted{{Name: CutMix, Weight: 0.7}, {Name: MixUp, Weight: 0.2}, {Name: Cutout, Weight: 0.1}}
	tests := []struct {
		methods []Weighted
		u       float64
		want    string
	}{
		{part, 0, CutMix}, {part, 0.4999, CutMix}, {part, 0.5, MixUp}, {part, 0.7499, MixUp}, {part, 0.75, ""},
		{whole, 0.65, CutMix}, {whole, 0.8, MixUp}, {whole, 1 - 0x1p-53, Cutout}, {nil, 0, ""},
	}
	for _, tt := range tests {
		got := ""
		if m := Choose(tt.methods, tt.u); m != nil {
			got = m.Name
		}
		if got != tt.want {
			t.Errorf("%v at %v: %q, want %q", tt.methods, tt.u, got, tt.want)
		}
	}
}

func FuzzParseMethods(f *testing.F) {
	for _, s := range []string{"saliencymix", "saliencymix:0.5:alpha=1,mixup:0.3", "resizemix:1:scale=0.2-0.5", "a:b:c=d,,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		methods, err := ParseMethods(list)
		if err != nil {
			return
		}
		p := Params{Methods: methods, Prob: 1}
		p.EnsureDefaults()
		if err := p.Validate(); err != nil {
			t.Fatalf("%q is taken, but not valid: %v", list, err)
		}
	})
}
