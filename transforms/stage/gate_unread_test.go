package stage

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/premix/premix/dataset"
)

// TestUnreadManifest: where the manifest cannot be read, nobody knows whose the output is. That is no other
// recipe, and a runner tries again.
func TestUnreadManifest(t *testing.T) {
	s := newFakeSet(t)
	out, cache := t.TempDir(), t.TempDir()
	start := func() *bench {
		return newBench(t, s.dir, func(j *Job) { j.Outputs[0].Dir, j.Cache.URI = out, cache })
	}
	first := start()
	first.must(1)
	fingerprint := first.manifest().Fingerprint
	config := dataset.Meta(out, "train", dataset.ConfigFile)
	text, err := os.ReadFile(config)
	if err != nil || !strings.Contains(string(text), fingerprint) {
		t.Fatalf("%s, %v", text, err)
	}
	if err := os.WriteFile(config, []byte(strings.Replace(string(text), fingerprint, otherDigit(fingerprint), 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	start().must(2) // the manifest knows better
	if err := os.WriteFile(config, []byte(strings.Replace(string(text), fingerprint, otherDigit(fingerprint), 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	manifest := dataset.Meta(out, "train", dataset.ManifestFile)
	if err := errors.Join(os.Remove(manifest), os.Symlink(manifest, manifest)); err != nil {
		t.Fatal(err)
	}
	if _, err := start().run(3); err == nil || errors.As(err, new(*Refusal)) || !strings.Contains(err.Error(), manifest) {
		t.Errorf("%v, want an error of the manifest", err)
	}
}
