package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/premix/premix/pipeline"
)

// otherVersions says in what the versions of the program that made a fixture differ from this one's, as
// messages say it.
func (b *ageBench) otherVersions(f ageFixture) []string {
	b.t.Helper()
	files, err := filepath.Glob(filepath.Join(b.dir, f.folder(), "__premix__", "*", "config.json"))
	if err != nil || len(files) == 0 {
		b.t.Fatalf("%s has no config.json: %v", f.folder(), err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		b.t.Fatal(err)
	}
	var config struct{ Recipe map[string]any }
	if err := json.Unmarshal(text, &config); err != nil {
		b.t.Fatal(err)
	}
	var diff []string
	for name, now := range pipeline.Versions() {
		if was := config.Recipe[name+"-version"]; was != float64(now) {
			diff = append(diff, fmt.Sprintf("%s-version: %v → %d", name, was, now))
		}
	}
	slices.Sort(diff)
	return diff
}

// outdated wants the cache of a program of other versions to be left alone, and its peaks found anew. old is
// in what the versions differ.
func (b *ageBench) outdated(old []string) {
	b.t.Helper()
	text := b.premix("peaks", "--in", "images", "--cache", "cache", "--size", "48", "--replicas", "3")
	for _, want := range []string{"0 of 25 images are in the cache", "differ in " + strings.Join(old, ", "), "25 images, 0 of them from the cache"} {
		if !strings.Contains(text, want) {
			b.t.Errorf("peaks of other versions: %q is not in\n%s", want, text)
		}
	}
	if text := b.premix("cache", "ls", "--cache", "cache"); !strings.Contains(text, "of another version of premix, which this one does not use") {
		b.t.Errorf("cache ls:\n%s", text)
	}
	// The new peaks are as good as those that were there before.
	b.touch("images")
	b.premix("peaks", "--in", "images", "--cache", "cache", "--size", "48", "--replicas", "3")
}

// refused wants what goes on with a fixture of other versions, or replays its plan, to be refused, in one line
// that says why, and to change nothing. old is in what the versions differ.
func (b *ageBench) refused(f ageFixture, old []string) {
	b.t.Helper()
	if f.Signal == "" && !f.planOnly() {
		for _, args := range f.Runs {
			in, split := args[slices.Index(args, "--in")+1], "train"
			if args[0] == "pack" {
				split = "validation"
			}
			b.premix("verify", f.folder(), "--split", split, "--deep", "2", "--in", in)
		}
	}
	runs := slices.Clone(f.Runs)
	for _, args := range f.Then {
		if slices.Contains(args, "--first-replica") || slices.Contains(args, "--plan") { // else it is another split
			runs = append(runs, args)
		}
	}
	before := b.files(f.folder())
	for _, args := range runs {
		text, err := b.run(args...)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitOther || strings.Count(text, "\n") != 1 ||
			!strings.Contains(text, "another version of premix") || !strings.Contains(text, "("+strings.Join(old, ", ")+")") {
			b.t.Errorf("premix %s: %v\n%s", strings.Join(args, " "), err, text)
		}
	}
	if after := b.files(f.folder()); !maps.Equal(before, after) {
		b.t.Errorf("%s was changed by runs that were refused", f.folder())
	}
}

// replaced makes a fixture of other versions anew. Its images are good, so samples have the bytes that
// they had; what tells versions is below __premix__.
func (b *ageBench) replaced(f ageFixture, want map[string]string) {
	b.t.Helper()
	for i, args := range f.Runs {
		f.Runs[i] = append(slices.Clone(args), "--overwrite")
	}
	got, same := b.completed(f), 0
	for name, sum := range want {
		if !strings.HasPrefix(name, f.Name+" ") {
			continue
		}
		switch now, found := got[name]; {
		case !found:
			b.t.Errorf("%s is missing", name)
		case strings.Contains(name, "__premix__/"):
		case now != sum:
			b.t.Errorf("%s differs from what the earlier version made", name)
		default:
			same++
		}
	}
	if same == 0 && !f.planOnly() {
		b.t.Error("no file was compared")
	}
}
