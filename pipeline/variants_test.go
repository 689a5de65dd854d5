package pipeline

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
)

// withVariants is a configuration with flags for all variants, and with variants.
func withVariants(t *testing.T, values map[string]string, variants ...string) *Config {
	t.Helper()
	c := Default()
	c.In, c.Out, c.Given, c.Variants = []string{"synth:9"}, "out", map[string]bool{}, variants
	set(t, &c, values)
	for name := range values {
		c.Given[name] = true
	}
	return &c
}

// TestVariantRecipes: each variant has the recipe and the place of a run of its own, in every option that may differ.
func TestVariantRecipes(t *testing.T) {
	all := map[string]string{"seed": "7", "alpha": "0.5", "size": "64", "format": "webdataset,tfds"}
	for _, own := range []map[string]string{
		{"method": "cutmix"}, {"method": "mixup:0.5:alpha=0.4,cutmix:0.5"}, {"scheme": "sal2sal", "border": "shift"},
		{"alpha": "2", "min-lambda": "0.1", "max-lambda": "0.9", "lambda-outside": "redraw"}, {"prob": "0.5"},
		{"label-form": "dense", "smoothing": "0.1"}, {"encode": "png", "name": "a_b"}, {"format": "parquet"},
	} {
		want := withVariants(t, all)
		set(t, want, own)
		var words []string
		for name, value := range own {
			words = append(words, "--"+name, value)
		}
		c := withVariants(t, all, "other:", "x:"+printable.Shell(words))
		if err := c.Validate(); err != nil {
			t.Fatalf("%v: %v", own, err)
		}
		if err := c.Expand(); err != nil {
			t.Fatal(err)
		}
		for _, p := range c.Places() {
			if p.Part.Variant != "x" {
				continue
			}
			if got, want := string(p.Part.RecipeJSON(p.Format)), string(want.RecipeJSON(p.Format)); got != want {
				t.Errorf("%v:\n%s, want\n%s", own, got, want)
			}
			dir := "out/x"
			if len(want.Formats) > 1 {
				dir += "/" + p.Format
			}
			if p.Dir != dir || !slices.Contains(want.Formats, p.Format) {
				t.Errorf("%v: %s in %s", own, p.Format, p.Dir)
			}
		}
	}
}

// TestVariantWithout: what is set for all is left out where a variant has no use for it.
func TestVariantWithout(t *testing.T) {
	for _, c := range []struct {
		all     map[string]string
		variant string
		want    map[string]string
	}{
		{map[string]string{"alpha": "0.5", "prob": "0.5", "min-lambda": "0.2"}, "--method none", map[string]string{"method": "none"}},
		{map[string]string{"scheme": "sal2sal", "border": "shift"}, "--method cutmix", map[string]string{"method": "cutmix"}},
		{map[string]string{"pair": "different-class"}, "--method none", map[string]string{"method": "none"}},
		{map[string]string{"pair": "different-class"}, "--method cutmix", map[string]string{"method": "cutmix", "pair": "different-class"}},
		{map[string]string{"alpha": "0.5"}, "--lambda 0.3", map[string]string{"lambda": "0.3"}},
		{map[string]string{"label-form": "dense", "smoothing": "0.1"}, "--label-form pair", map[string]string{}},
		{map[string]string{"scheme": "sal2sal"}, "--method cutmix:0.5,saliencymix:0.5", map[string]string{"scheme": "sal2sal", "method": "cutmix:0.5,saliencymix:0.5"}},
	} {
		got := withVariants(t, c.all, "x:"+c.variant)
		if err := got.Validate(); err != nil {
			t.Errorf("%v, %s: %v", c.all, c.variant, err)
			continue
		}
		if err := got.Expand(); err != nil {
			t.Fatal(err)
		}
		want := withVariants(t, c.want)
		if got, want := string(got.Parts[0].RecipeJSON("tfds")), string(want.RecipeJSON("tfds")); got != want {
			t.Errorf("%v, %s:\n%s, want\n%s", c.all, c.variant, got, want)
		}
	}
}

// TestVariantsRefused wants each problem, once.
func TestVariantsRefused(t *testing.T) {
	for _, c := range []struct {
		variants []string
		want     string
	}{
		{[]string{"cutmix"}, `--variant "cutmix": write NAME:FLAGS`},
		{[]string{"A:--method none"}, "letters a-z, digits and _ only"},
		{[]string{"__premix__:"}, "does not begin with __"},
		{[]string{"a/b:"}, "letters a-z, digits and _ only"},
		{[]string{"tfds:--format tfds"}, "--variant tfds: that is the folder of a format"},
		{[]string{"a:", "a:--method none"}, "--variant a is given twice"},
		{[]string{"a:--seed 1"}, "--variant a: --seed cannot differ between variants, since all mix the same pairs"},
		{[]string{"a:--pair=any"}, "--pair cannot differ between variants, since all mix the same pairs"},
		{[]string{"a:--shards 3"}, "--shards cannot differ between variants, since all mix the same pairs"},
		{[]string{"a:--size 32"}, "all are made of the same crops"},
		{[]string{"a:--crop-seed 32"}, "all are made of the same crops"},
		{[]string{"a:--in b"}, "all are made of the same images"},
		{[]string{"a:--replicas 2"}, "all have the same replicas"},
		{[]string{"a:--out b"}, "its output is OUT/NAME"},
		{[]string{"a:--workers 2"}, "it is one for the whole run"},
		{[]string{"a:--variant b:"}, "it is one for the whole run"},
		{[]string{"a:--methd none"}, "unknown flag --methd: did you mean --method?"},
		{[]string{"a:--xyzzy"}, "unknown flag --xyzzy: a variant takes --method, "},
		{[]string{"a:cutmix"}, `"cutmix" does not begin with --`},
		{[]string{"a:--method"}, "--method has no value"},
		{[]string{"a:--method 'none"}, "cannot be split"},
		{[]string{"a:--method none; rm"}, "cannot be split"},
		{[]string{"a:--method `ls`"}, "is unknown: use saliencymix"},
		{[]string{"a:--method $(ls)"}, "is unknown: use saliencymix"},
		{[]string{"a:--label-form long"}, "--variant a: --label-form long: "},
		{[]string{"a:--prob 2", "b:"}, "--variant a: --prob 2 is not in [0,1]"},
	} {
		err := withVariants(t, nil, c.variants...).Validate()
		if wrong := (*ConfigError)(nil); !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.variants, err, c.want)
		}
	}
	c := withVariants(t, map[string]string{"prob": "2"}, "a:", "b:")
	if err := c.Validate(); err == nil || err.Error() != "--prob 2 is not in [0,1]" {
		t.Errorf("what is wrong with all: %v", err)
	}
	var many []string
	for i := range dataset.MostOutputs + 1 {
		many = append(many, "v"+strings.Repeat("x", i)+":")
	}
	if err := withVariants(t, nil, many...).Validate(); err == nil || !strings.Contains(err.Error(), "65 outputs, at most 64") {
		t.Errorf("many: %v", err)
	}
	c = withVariants(t, map[string]string{"plan": "p"}, "a:")
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "--plan with --variant: ") {
		t.Errorf("a plan: %v", err)
	}
}
