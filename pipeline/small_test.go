package pipeline

import (
	"strings"
	"testing"
)

// TestGeometryOptions: what the options of crops mean together, in the recipe and in words.
func TestGeometryOptions(t *testing.T) {
	for _, tt := range []struct {
		options                           string
		geometry, resize, hflip, cropSeed string // canonical
		refusal                           string
	}{
		{"", "rrc", "0", "0.5", "0", ""},
		{"hflip=auto", "rrc", "0", "0.5", "0", ""},
		{"hflip=0", "rrc", "0", "0.0", "0", ""},
		{"geometry=center", "center", "256", "-", "-", ""},
		{"geometry=center hflip=0", "center", "256", "-", "-", ""},
		{"geometry=center hflip=0.5 crop-seed=3", "center", "256", "0.5", "3", ""},
		{"geometry=center resize=none", "center", "none", "-", "-", ""},
		{"geometry=squash hflip=1", "squash", "0", "1.0", "0", ""},
		{"geometry=pad:4 size=32", "pad:4", "32", "0.5", "0", ""},
		{"geometry=pad:4:zero size=32x40 resize=none hflip=0", "pad:4", "none", "0.0", "0", ""},
		{"geometry=pad:4:reflect size=32 resize=40", "pad:4:reflect", "40", "0.5", "0", ""},
		{"geometry=squash crop-seed=3", "squash", "0", "-", "-", "--crop-seed 3 with --geometry squash: without --hflip nothing"},
		{"geometry=squash resize=none", "squash", "0", "-", "-", "--resize none with --geometry squash"},
		{"resize=none", "rrc", "0", "0.5", "0", "--resize none with --geometry rrc"},
		{"geometry=pad:4 size=32 rrc-scale=0.5,1", "pad:4", "32", "0.5", "0", "--rrc-scale 0.5,1.0 with --geometry pad:4"},
		{"geometry=center size=32 resize=none interpolation=lanczos", "center", "none", "-", "-", "--interpolation lanczos with --resize none"},
		{"geometry=pad:20 size=32", "pad:20", "32", "0.5", "0", "less than half of a side"},
		{"hflip=1.5", "rrc", "0", "1.5", "0", "--hflip 1.5: a probability"},
	} {
		c := Default()
		c.In, c.Out, c.Given = []string{"synth:10"}, "out", map[string]bool{}
		values := map[string]string{}
		for _, word := range strings.Fields(tt.options) {
			name, value, _ := strings.Cut(word, "=")
			values[name], c.Given[name] = value, true
		}
		set(t, &c, values)
		options := Options(&c)
		for name, want := range map[string]string{"geometry": tt.geometry, "resize": tt.resize, "hflip": tt.hflip, "crop-seed": tt.cropSeed} {
			if o, _ := Find(options, name); o.Canonical() != want {
				t.Errorf("%s: %s is %q, want %q", tt.options, name, o.Canonical(), want)
			}
		}
		err := c.Validate()
		if tt.refusal == "" && err != nil || tt.refusal != "" && (err == nil || !strings.Contains(err.Error(), tt.refusal)) {
			t.Errorf("%s: %v, want %q", tt.options, err, tt.refusal)
		}
		// A recipe tells the same crops.
		if again, err := fromRecipe(c.RecipeJSON("webdataset")); err != nil || again.cropGeometry() != c.cropGeometry() && tt.refusal == "" {
			t.Errorf("%s: %+v, from its recipe %+v (%v)", tt.options, c.cropGeometry(), again.cropGeometry(), err)
		}
	}
}

func TestGeometryWords(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"geometry", "pad", "pad:N, pad:N:zero or pad:N:reflect"},
		{"geometry", "pad:4:edge", "pad:N, pad:N:zero or pad:N:reflect"},
		{"geometry", "centre", "did you mean center?"},
		{"resize", "auto", "\"auto\" is not a whole number; write a number, or none"},
		{"resize", "-1", "-1 is negative; write a number, or none"},
		{"hflip", "often", "\"often\" is not a number; write a number, or auto"},
		{"hflip", "-1", "-1 is negative; write a number, or auto"},
	} {
		c := Default()
		o, _ := Find(Options(&c), tt.name)
		if err := o.Value.Set(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("--%s %s: %v, want %q", tt.name, tt.text, err, tt.want)
		}
	}
}

// TestWarnings: below 64 pixels the defaults that suit ImageNet are warned of, unless they were chosen.
func TestWarnings(t *testing.T) {
	for _, tt := range []struct {
		pack    bool
		options string
		want    string // words; empty: no warning
	}{
		{false, "", ""},
		{false, "size=64", ""},
		{false, "size=63", "--geometry pad:7"},
		{false, "size=32", "8% --geometry pad:4 --resize none"},
		{false, "size=32x80", ""},
		{false, "size=32 geometry=rrc", ""},
		{false, "size=32 rrc-scale=0.5,1", ""},
		{false, "size=32 geometry=pad:4", ""},
		{false, "size=32 geometry=squash", ""},
		{false, "size=32 geometry=center", "37 75% --resize none pad:4 --hflip 0.5"},
		{true, "size=64", ""},
		{true, "size=32", "37 75% --resize none"},
		{true, "size=32 resize=none", ""},
		{true, "size=32 resize=40", ""},
		{true, "size=32 plan=p", ""},
	} {
		c := Default()
		if tt.pack {
			c = DefaultPack()
		}
		c.Given = map[string]bool{}
		values := map[string]string{}
		for _, word := range strings.Fields(tt.options) {
			name, value, _ := strings.Cut(word, "=")
			values[name], c.Given[name] = value, true
		}
		set(t, &c, values)
		got := strings.Join(c.Warnings(), "\n")
		if (got == "") != (tt.want == "") {
			t.Errorf("pack %v, %s: %q", tt.pack, tt.options, got)
		}
		for _, word := range strings.Fields(tt.want) {
			if !strings.Contains(got, word) {
				t.Errorf("pack %v, %s: no %s in %q", tt.pack, tt.options, word, got)
			}
		}
	}
}
