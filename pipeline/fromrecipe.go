package pipeline

import (
	"encoding/json"
	"fmt"
	"strings"

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
