package pipeline

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/sample"
)

// fromRecipe is the configuration that a recipe of a manifest stands for: its options of the
// execution are the defaults. Settings that are not options (versions, the format, the hash of a
// class list) are left out.
func fromRecipe(recipe json.RawMessage) (*Config, error) {
	var settings map[string]json.RawMessage
	if err := json.Unmarshal(recipe, &settings); err != nil {
		return nil, fmt.Errorf("pipeline: recipe: %w", err)
	}
	c := Default()
	for _, o := range Options(&c) {
		raw, ok := settings[o.Name]
		if !ok || o.Scope == Execution {
			continue
		}
		text := string(raw)
		if strings.HasPrefix(text, `"`) {
			if err := json.Unmarshal(raw, &text); err != nil {
				return nil, fmt.Errorf("pipeline: recipe: %s: %w", o.Name, err)
			}
		}
		if text == notUsed || text == "" {
			continue
		}
		if err := o.Value.Set(text); err != nil {
			return nil, fmt.Errorf("pipeline: recipe: %s: %w", o.Name, err)
		}
	}
	return &c, nil
}

// RecipeFlags are the options of a recipe that differ from the defaults of mix, as flags
// for people, sorted.
func RecipeFlags(recipe json.RawMessage) ([]string, error) {
	var settings map[string]json.RawMessage
	if err := json.Unmarshal(recipe, &settings); err != nil {
		return nil, fmt.Errorf("pipeline: recipe: %w", err)
	}
	c, err := fromRecipe(recipe)
	if err != nil {
		return nil, err
	}
	var flags []string
	for i, o := range Options(c) {
		if _, ok := settings[o.Name]; !ok || o.Scope == Execution {
			continue
		}
		// Without it the rest of the recipe decides what its default comes to.
		others := maps.Clone(settings)
		delete(others, o.Name)
		rest, err := json.Marshal(others)
		if err != nil {
			return nil, fmt.Errorf("pipeline: recipe: %w", err)
		}
		d, err := fromRecipe(rest)
		if err != nil {
			return nil, err
		}
		if text := o.Canonical(); text != Options(d)[i].Canonical() {
			flags = append(flags, "--"+o.Name+" "+printable.Shell([]string{text}))
		}
	}
	for name, flag := range map[string]string{"class-list": "--classes FILE", "labels": "--labels FILE"} {
		if _, ok := settings[name]; ok {
			flags = append(flags, flag)
		}
	}
	slices.Sort(flags)
	return flags, nil
}

// damageCodec is the version of the codec that takes damaged JPEGs for bad images.
const damageCodec = 3

// DeriveParams is what of a recipe decides pixels and peaks, and how its inputs are read, for
// packages that make samples again.
func DeriveParams(recipe json.RawMessage) (sample.Params, source.Options, error) {
	c, err := fromRecipe(recipe)
	if err != nil {
		return sample.Params{}, source.Options{}, err
	}
	var versions struct {
		Codec *int `json:"codec-version"`
	}
	if err := json.Unmarshal(recipe, &versions); err != nil {
		return sample.Params{}, source.Options{}, fmt.Errorf("pipeline: recipe: %w", err)
	}
	p, err := c.sampleParams()
	p.Decode.ForgiveDamage = versions.Codec != nil && *versions.Codec < damageCodec
	return p, c.SourceOptions(), err
}
