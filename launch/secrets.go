package launch

import (
	"encoding/json"
	"strings"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/pipeline"
)

// checkSecrets refuses places whose addresses hold credentials, before anything is read or recorded.
func checkSecrets(c *pipeline.Config) error {
	places := []string{c.Out, c.Cache, c.Plan, c.ClassFile, c.Detector}
	for _, in := range c.In {
		_, uri := pipeline.SplitInput(in)
		places = append(places, uri)
	}
	for _, list := range pipeline.Inputs(c.Labels) {
		places = append(places, list.URI)
	}
	for _, uri := range places {
		if err := blob.CheckSecrets(uri); err != nil {
			return usagef("%v", err)
		}
	}
	return nil
}

// environmentFlag is Beam's flag that tells a cluster how to start a worker, with environment variables.
const environmentFlag = "environment_config"

// WithoutSecrets is a command line as it may be recorded.
func WithoutSecrets(command []string) []string {
	list := make([]string, len(command))
	for i, word := range command {
		name, value, ok := strings.Cut(strings.TrimLeft(word, "-"), "=")
		switch {
		case ok && name == environmentFlag && strings.HasPrefix(word, "-"):
			list[i] = word[:len(word)-len(value)] + withoutValues(value)
		case i > 0 && strings.TrimLeft(command[i-1], "-") == environmentFlag:
			list[i] = withoutValues(word)
		default:
			list[i] = blob.Redact(word)
		}
	}
	return list
}

// withoutValues leaves out the values of the environment variables for a worker: any may be a secret.
func withoutValues(config string) string {
	var c map[string]any
	if json.Unmarshal([]byte(config), &c) != nil {
		return blob.Redact(config)
	}
	if env, ok := c["env"].(map[string]any); ok {
		for name := range env {
			env[name] = "…"
		}
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "…"
	}
	return blob.Redact(string(text))
}
