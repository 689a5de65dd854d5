package pipeline

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/premix/premix/internal/buildid"
)

// Samples of a codec that knew no damage are made again as it made them.
func TestDeriveParamsOfVersions(t *testing.T) {
	c := Default()
	recipe := string(c.RecipeJSON("webdataset"))
	now := fmt.Sprintf(`"codec-version":%d`, buildid.Codec)
	if strings.Count(recipe, now) != 1 {
		t.Fatalf("no %s in %s", now, recipe)
	}
	for version, want := range map[string]bool{now: false, `"codec-version":2`: true, `"codec-version":1`: true, `"other":1`: false} {
		p, _, err := DeriveParams(json.RawMessage(strings.Replace(recipe, now, version, 1)))
		if err != nil || p.Decode.ForgiveDamage != want || p.Decode.AcceptTruncated {
			t.Errorf("%s: %+v, %v; want that damage is forgiven: %t", version, p.Decode, err, want)
		}
	}
}

// People see of a recipe what they would have to write.
func TestRecipeFlags(t *testing.T) {
	for _, test := range []struct {
		want   string
		change func(c *Config)
	}{
		{"", func(c *Config) {}},
		{"--geometry center --method none:1.0", func(c *Config) { c.Geometry, c.Method = "center", "none" }},
		{"--geometry pad:8 --resize 80 --size 64", func(c *Config) { c.Size.H, c.Size.W, c.Geometry, c.Resize = 64, 64, "pad:8", 80 }},
		{"--method cutmix:0.5:alpha=0.2,mixup:0.3 --seed 7", func(c *Config) { c.Method, c.Seed = "cutmix:0.5:alpha=0.2,mixup:0.3", 7 }},
		{"--classes FILE --label-form dense", func(c *Config) { c.LabelForm, c.ClassList = "dense", []string{"a", "b"} }},
		{"--hflip 0.0", func(c *Config) { c.HFlip = 0 }},
		{"--label-offset 1 --labels FILE", func(c *Config) { c.LabelOffset, c.LabelSums = "1", []string{"00"} }},
		{"--detector file:sha256:00", func(c *Config) { c.Detector = "file:sha256:00" }},
	} {
		c := Default()
		test.change(&c)
		flags, err := RecipeFlags(c.RecipeJSON("webdataset"))
		if got := strings.Join(flags, " "); err != nil || got != test.want {
			t.Errorf("got %q, %v; want %q", got, err, test.want)
		}
	}
}
