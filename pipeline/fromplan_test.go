package pipeline

import (
	"strings"
	"testing"

	"github.com/premix/premix/dataset"
)

// TestFromPlanGeometry: options of crops are compared under the geometry of the plan.
func TestFromPlanGeometry(t *testing.T) {
	for _, tt := range []struct {
		plan, options string
		refused       bool
	}{
		{"geometry=center", "hflip=auto", false},
		{"geometry=center", "hflip=0", false},
		{"geometry=center", "resize=256", false},
		{"geometry=center", "hflip=0.5", true},
		{"geometry=center hflip=0.5", "hflip=auto", false},
		{"hflip=0", "hflip=auto", false},
		{"hflip=0", "hflip=0.5", true},
		{"", "hflip=0.5", false},
		{"geometry=center", "geometry=rrc", true},
	} {
		config := func(options string) Config {
			c := Default()
			c.In, c.Out, c.Given = []string{"synth:10"}, "out", map[string]bool{}
			values := map[string]string{}
			for _, word := range strings.Fields(options) {
				name, value, _ := strings.Cut(word, "=")
				values[name], c.Given[name] = value, true
			}
			set(t, &c, values)
			return c
		}
		planned := config(tt.plan)
		m := &dataset.Manifest{Recipe: planned.RecipeJSON("webdataset"), Shape: dataset.Shape{Format: "webdataset"}, Replicas: []dataset.Replica{{}}}
		c := config(tt.options)
		c.Plan = "plan"
		r, err := c.FromPlan(m, nil)
		if (err != nil) != tt.refused {
			t.Errorf("%s, --plan with %s: %v", tt.plan, tt.options, err)
			continue
		}
		if err != nil {
			continue
		}
		want, got := planned.cropGeometry(), r.cropGeometry()
		if got != want {
			t.Errorf("%s, --plan with %s: %+v, want %+v", tt.plan, tt.options, got, want)
		}
	}
}
