package pipeline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Versions of what is not an option but decides bytes. Each is raised when the same options begin
// to give other bytes.
const (
	// SchemaVersion is that of the output: records, file names, manifest, plan.
	SchemaVersion = 1
	// CodecVersion is that of decoders, resamplers and encoders.
	CodecVersion = 2
	// PeaksVersion is that of detectors and of the cache's rows.
	PeaksVersion = 1
)

// Versions are those constants as the manifest records them.
func Versions() map[string]int {
	return map[string]int{"schema": SchemaVersion, "codec": CodecVersion, "peaks": PeaksVersion}
}

// A Setting is an option of the recipe in its text form.
type Setting struct{ Name, Value string }

// settings lists the options of the given scopes in the order of the table.
func (c *Config) settings(scopes ...Scope) []Setting {
	var out []Setting
	for _, o := range Options(c) {
		if slices.Contains(scopes, o.Scope) {
			out = append(out, Setting{o.Name, o.Canonical()})
		}
	}
	return out
}

// PeaksSettings are the options that decide crops and peaks, as JSON for people: the content of
// the cache's fingerprint.json.
func (c *Config) PeaksSettings() []byte {
	s := append(c.settings(Peaks), Setting{"peaks-version", fmt.Sprint(PeaksVersion)}, Setting{"codec-version", fmt.Sprint(CodecVersion)})
	return settingsJSON(s)
}

// PeaksFingerprint names the folder of the cache: 16 hexadecimal digits of the settings' hash.
func (c *Config) PeaksFingerprint() string { return hash(c.PeaksSettings())[:16] }

// RecipeJSON is everything that decides the bytes of one output, but for the input: options of
// the peaks, the output and its form, the class list given, the output's format, and versions. It is
// the recipe of the manifest.
func (c *Config) RecipeJSON(format string) json.RawMessage {
	s := c.settings(Peaks, Output, Form)
	s = append(s, Setting{"format", format}, Setting{"replica-names", fmt.Sprint(c.NamedReplicas())})
	if c.ClassList != nil {
		s = append(s, Setting{"class-list", "sha256:" + hash([]byte(strings.Join(c.ClassList, "\n")))})
	}
	for _, v := range []string{"schema", "codec", "peaks"} {
		s = append(s, Setting{v + "-version", fmt.Sprint(Versions()[v])})
	}
	return settingsJSON(s)
}

// RecipeFingerprint is the hash of RecipeJSON, in 64 hexadecimal digits.
func (c *Config) RecipeFingerprint(format string) string { return hash(c.RecipeJSON(format)) }

// settingsJSON writes settings as one JSON object in their order. Numbers, true and false stay
// what they are, everything else is a string.
func settingsJSON(settings []Setting) []byte {
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

func hash(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
