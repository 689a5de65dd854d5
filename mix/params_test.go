package mix

import (
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	tests := []struct {
		name string
		edit func(*Params)
		want string // a part of the message; "" none
	}{
		{"default", func(*Params) {}, ""},
		{"none", func(p *Params) { p.Methods = []Weighted{{Name: None, Weight: 1}} }, ""},
		{"unknown method", func(p *Params) { p.Methods = []Weighted{{Name: "slencymix", Weight: 1}} }, `unknown method "slencymix"`},
		{"weights", func(p *Params) { p.Methods = []Weighted{{Name: SaliencyMix, Weight: 0.7}, {Name: None, Weight: 0.4}} }, "add up to"},
		{"negative weight", func(p *Params) { p.Methods = []Weighted{{Name: SaliencyMix, Weight: -0.1}} }, "not in [0,1]"},
		{"probability", func(p *Params) { p.Prob = 1.5 }, "probability of mixing 1.5"},
		{"small alpha", func(p *Params) { p.Lambda.Alpha = 0.01 }, "alpha 0.01"},
		{"border", func(p *Params) { p.Border = "wrap" }, `unknown border "wrap"`},
		{"smoothing", func(p *Params) { p.Smoothing = 1 }, "smoothing 1"},
	}
	for _, tt := range tests {
		p := Default()
		tt.edit(&p)
		p.EnsureDefaults()
		err := p.Validate()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
