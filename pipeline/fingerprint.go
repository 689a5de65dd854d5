package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/premix/premix/internal/buildid"
)

// Versions are those of what is not an option but decides bytes, as the manifest records them.
func Versions() map[string]int {
	return map[string]int{"schema": buildid.Schema, "codec": buildid.Codec, "peaks": buildid.Peaks}
}

// A setting is an option of the recipe in its text form.
type setting struct{ Name, Value string }

// settings lists the options of the given scopes in the order of the table.
func (c *Config) settings(scopes ...Scope) []setting {
	var out []setting
	for _, o := range Options(c) {
		if slices.Contains(scopes, o.Scope) {
			if text := o.Canonical(); o.silent == "" || text != o.silent {
				out = append(out, setting{o.Name, text})
			}
		}
	}
	return out
}

// PeaksSettings are the options that decide crops and peaks, as JSON for people: the content of
// the cache's fingerprint.json.
func (c *Config) PeaksSettings() []byte {
	s := append(c.labelled(c.settings(Peaks)), setting{"peaks-version", fmt.Sprint(buildid.Peaks)}, setting{"codec-version", fmt.Sprint(buildid.Codec)})
	return settingsJSON(s)
}

// notOfCrops are the options of the peaks that decide no pixel of a crop.
var notOfCrops = []string{"label-key", "label-offset", "class-depth", "class-order", "detector", "saliency-gray"}

// CropsSettings are the options that decide the pixels of crops, as JSON for people: the content of fingerprint.json where
// crops are kept.
func (c *Config) CropsSettings() []byte {
	s := slices.DeleteFunc(c.settings(Peaks), func(s setting) bool { return slices.Contains(notOfCrops, s.Name) })
	return settingsJSON(append(s, setting{"kept", "crops"}, setting{"peaks-version", fmt.Sprint(buildid.Peaks)}, setting{"codec-version", fmt.Sprint(buildid.Codec)}))
}

// cropsFingerprint names the folder of kept crops in the cache.
func (c *Config) cropsFingerprint() string { return hexSHA256(c.CropsSettings())[:16] }

// labelled adds the contents of the lists of labels to settings, if there are any.
func (c *Config) labelled(s []setting) []setting {
	if len(c.LabelSums) == 0 {
		return s
	}
	return append(s, setting{"labels", strings.Join(slices.Sorted(slices.Values(c.LabelSums)), " ")})
}

// peaksFingerprint names the folder of the cache: 16 hexadecimal digits of the settings' hash.
func (c *Config) peaksFingerprint() string { return hexSHA256(c.PeaksSettings())[:16] }

// RecipeJSON is everything that decides the bytes of one output, but for the input: options of
// the peaks, the output and its form, the class list given, the output's format, and versions. It is
// the recipe of the manifest.
func (c *Config) RecipeJSON(format string) json.RawMessage {
	s := c.labelled(c.settings(Peaks, Output, Form))
	s = append(s, setting{"format", format}, setting{replicaNames, fmt.Sprint(c.ZeroNumbered())})
	if c.ClassList != nil {
		s = append(s, setting{"class-list", "sha256:" + hexSHA256([]byte(strings.Join(c.ClassList, "\n")))})
	}
	for _, v := range []string{"schema", "codec", "peaks"} {
		s = append(s, setting{v + "-version", fmt.Sprint(Versions()[v])})
	}
	return settingsJSON(s)
}

// replicaNames is the setting that says whether names of replica 0 have its number: the name dates from
// when an output whose names had none could have no other replica.
const replicaNames = "replica-names"

// recipeFingerprint is the hash of RecipeJSON, in 64 hexadecimal digits.
func (c *Config) recipeFingerprint(format string) string { return hexSHA256(c.RecipeJSON(format)) }

// settingsJSON writes settings as one JSON object in their order. Numbers, true and false stay
// what they are, everything else is a string.
func settingsJSON(settings []setting) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, s := range settings {
		if i > 0 {
			b.WriteByte(',')
		}
		v := []byte(s.Value)
		if !json.Valid(v) || v[0] == '"' || v[0] == '[' || v[0] == '{' || s.Value == "null" {
			v, _ = json.Marshal(s.Value)
		}
		fmt.Fprintf(&b, "%q:%s", s.Name, v)
	}
	b.WriteByte('}')
	return b.Bytes()
}

func hexSHA256(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
