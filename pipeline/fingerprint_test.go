package pipeline

import (
	"strings"
	"testing"
)

// set sets options by name.
func set(t *testing.T, c *Config, values map[string]string) {
	t.Helper()
	for _, o := range Options(c) {
		if v, ok := values[o.Name]; ok {
			if err := o.Value.Set(v); err != nil {
				t.Fatalf("--%s %s: %v", o.Name, v, err)
			}
		}
	}
}

// TestSpellings: two spellings of one recipe have one fingerprint, two recipes two.
func TestSpellings(t *testing.T) {
	tests := []struct {
		name       string
		a, b       map[string]string
		same, peak bool
	}{
		{"encode", map[string]string{"encode": "jpeg:95"}, map[string]string{"encode": "jpeg:95:420"}, true, true},
		{"chroma of own codes", map[string]string{"encode": "jpeg:95:opt"}, map[string]string{"encode": "jpeg:95:420:opt"}, true, true},
		{"codes", map[string]string{"encode": "jpeg:95"}, map[string]string{"encode": "jpeg:95:opt"}, false, true},
		{"chroma", map[string]string{"encode": "jpeg:95"}, map[string]string{"encode": "jpeg:95:444"}, false, true},
		{"lambda", map[string]string{"lambda": "0.5"}, map[string]string{"lambda": "0.50"}, true, true},
		{"law", map[string]string{"lambda": "0.5"}, map[string]string{"lambda": "beta"}, false, true},
		{"offset", map[string]string{"label-offset": "1"}, map[string]string{"label-offset": "+1"}, true, true},
		{"other offset", map[string]string{"label-offset": "1"}, map[string]string{"label-offset": "auto"}, false, false},
		{"padding", map[string]string{"geometry": "pad:4"}, map[string]string{"geometry": "pad:4:zero"}, true, true},
		{"edge", map[string]string{"geometry": "pad:4"}, map[string]string{"geometry": "pad:4:reflect"}, false, false},
		{"default flip", map[string]string{"geometry": "pad:4"}, map[string]string{"geometry": "pad:4", "hflip": ".5"}, true, true},
		{"no flip", map[string]string{"geometry": "center"}, map[string]string{"geometry": "center", "hflip": "0", "crop-seed": "3"}, true, true},
		{"flip", map[string]string{"geometry": "center"}, map[string]string{"geometry": "center", "hflip": "0.5"}, false, false},
		{"default resize", map[string]string{"geometry": "pad:4"}, map[string]string{"geometry": "pad:4", "resize": "224"}, true, true},
		{"no resize", map[string]string{"geometry": "pad:4"}, map[string]string{"geometry": "pad:4", "resize": "none"}, false, false},
		{"method", map[string]string{"method": "cutmix"}, map[string]string{"method": "cutmix:1"}, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := Default(), Default()
			set(t, &a, tt.a)
			set(t, &b, tt.b)
			if same := a.recipeFingerprint("webdataset") == b.recipeFingerprint("webdataset"); same != tt.same {
				t.Errorf("equal fingerprints: %v, want %v", same, tt.same)
			}
			if same := a.peaksFingerprint() == b.peaksFingerprint(); same != tt.peak {
				t.Errorf("equal fingerprints of peaks: %v, want %v", same, tt.peak)
			}
		})
	}
}

// TestZeros: an option that is 0 is not the default that the zero value of a law stands for.
func TestZeros(t *testing.T) {
	for option, want := range map[string]string{"alpha": "--alpha 0: use at least 0.05", "max-lambda": "--max-lambda 0: every patch"} {
		c := Default()
		c.In, c.Out = []string{"synth:10"}, "out"
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		set(t, &c, map[string]string{option: "0"})
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--%s 0: %v, want %q", option, err, want)
		}
	}
}
