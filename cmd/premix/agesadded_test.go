package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestAgesAdded adds a replica to finished outputs of earlier versions whose replica 0 has no number, which
// these versions could not: it has the bytes of a run of today that makes both replicas, and no other file
// changes but those that tell of all replicas.
func TestAgesAdded(t *testing.T) {
	program, err := exec.LookPath("premix")
	if err != nil {
		t.Fatal(err)
	}
	versions, err := filepath.Glob(filepath.Join(ageFolder(t), "*", "fixtures.json"))
	if err != nil {
		t.Fatal(err)
	}
	added := 0
	for _, file := range versions {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []ageFixture
		if err := json.Unmarshal(text, &list); err != nil {
			t.Fatal(err)
		}
		b := &ageBench{t: t, dir: t.TempDir(), program: program}
		b.unpack(filepath.Join(ageFolder(t), "input.tar.zst"))
		b.unpack(filepath.Join(filepath.Dir(file), "fixtures.tar.zst"))
		if len(b.otherVersions(list[0])) > 0 {
			continue // refused: see TestAges
		}
		for _, f := range list {
			if f.Name == "webdataset" || f.Name == "both" {
				t.Run(filepath.Base(filepath.Dir(file))+" "+f.Name, func(t *testing.T) { b.with(t).added(f) })
				added++
			}
		}
	}
	if added == 0 {
		t.Error("no output of an earlier version got a replica")
	}
}

// added adds a replica to a fixture.
func (b *ageBench) added(f ageFixture) {
	b.t.Helper()
	args := f.Runs[0]
	before := b.files(f.folder())
	b.premix(append(slices.Clone(args), "--first-replica", "1")...)
	after := b.files(f.folder())
	b.premix("verify", f.folder(), "--deep", "4")
	fresh := slices.Clone(args)
	fresh[slices.Index(fresh, "--out")+1] += "-fresh"
	b.premix(append(fresh, "--replicas", "2")...)
	want := b.files(f.folder() + "-fresh")
	shards := 0
	for name, sum := range after {
		base := filepath.Base(name)
		switch isNew := before[name] == ""; {
		case isNew && strings.HasPrefix(base, "r001-"): // the record, with the fingerprint of the output
		case isNew && strings.HasPrefix(base, "wids-") || isNew && strings.Contains(base, "r001-"):
			shards++
			if want[name] != sum {
				b.t.Errorf("%s is not that of a run that makes both replicas", name)
			}
		case isNew:
			b.t.Errorf("%s is new", name)
		case sum != before[name] && base != "manifest.json" && base != "README.md" && base != "_info.json":
			b.t.Errorf("%s has changed", name)
		}
	}
	if shards < 4 {
		b.t.Errorf("%d files of the new replica", shards)
	}
	for name := range before {
		if after[name] == "" {
			b.t.Errorf("%s is gone", name)
		}
	}
}
