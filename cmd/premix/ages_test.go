package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/premix/premix/io/blob"
)

// TestAges holds this version to what earlier versions left on disk: testdata/ages has outputs, plans and
// a cache of each, and README.md there says how to add a version. Every output is verified and resumed,
// and a complete one is extended; all end with the bytes that the earlier version made of them. Where the
// versions of codec, peaks or schema have changed since, outputs are verified, but neither resumed nor
// extended, and peaks are found anew.
//
// With PREMIX_AGES="PROGRAM VERSION [NAME…]" in the environment the fixtures of a version are made first: all of them, or
// those that are named.
func TestAges(t *testing.T) {
	if words := strings.Fields(os.Getenv("PREMIX_AGES")); len(words) > 1 {
		makeAge(t, words[0], words[1], words[2:])
	}
	versions, err := filepath.Glob(filepath.Join(ageFolder(t), "*", "fixtures.json"))
	if err != nil || len(versions) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range versions {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) { testAge(t, filepath.Dir(file)) })
	}
}

func testAge(t *testing.T, home string) {
	text, err := os.ReadFile(filepath.Join(home, "fixtures.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []ageFixture
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	want, err := readSums(filepath.Join(home, "sums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(want, func(name, _ string) bool { return strings.HasSuffix(name, "README.md") })
	program, err := exec.LookPath("premix")
	if err != nil {
		t.Fatal(err)
	}
	b := &ageBench{t: t, dir: t.TempDir(), program: program, store: gcs(t), cached: true}
	b.unpack(filepath.Join(ageFolder(t), "input.tar.zst"))
	b.unpack(filepath.Join(home, "fixtures.tar.zst"))
	b.fillStore()
	copyTree(t, filepath.Join(b.dir, "store"), b.store)
	old := b.otherVersions(list[0])
	b.cached = len(old) == 0
	t.Run("cache", func(t *testing.T) {
		if len(old) > 0 {
			b.with(t).outdated(old)
		} else {
			b.with(t).cache()
		}
	})
	for _, f := range list {
		t.Run(f.Name, func(t *testing.T) {
			b := b.with(t)
			b.look(f)
			if len(old) > 0 {
				b.refused(f, old)
				b.replaced(f, want)
				return
			}
			if f.Signal == "" {
				b.damage(f)
			}
			got := b.completed(f)
			for name, sum := range want {
				if strings.HasPrefix(name, f.Name+" ") && got[name] != sum {
					t.Errorf("%s differs from what the earlier version made, or is missing", name)
				}
			}
			for name := range got {
				if want[name] == "" {
					t.Errorf("%s is new", name)
				}
			}
		})
	}
}

// An ageBench runs a program in a folder that has the inputs, outputs and cache of the fixtures.
type ageBench struct {
	t       *testing.T
	dir     string
	program string
	store   string // address of a bucket, which is @ in commands
	cached  bool   // the cache has the peaks of all runs
}

func (b *ageBench) with(t *testing.T) *ageBench {
	c := *b
	c.t = t
	return &c
}

// premix runs a command, which has to succeed, and returns what it printed.
func (b *ageBench) premix(args ...string) string {
	b.t.Helper()
	text, err := b.run(args...)
	if err != nil {
		b.t.Fatalf("premix %s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return text
}

func (b *ageBench) run(args ...string) (string, error) {
	args = slices.Clone(args)
	for i, a := range args {
		args[i] = b.place(a)
	}
	cmd := exec.Command(b.program, args...)
	cmd.Dir = b.dir
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// place is the address of a path of a command.
func (b *ageBench) place(p string) string {
	if rest, ok := strings.CutPrefix(p, "@/"); ok {
		return blob.Join(b.store, rest)
	}
	return p
}

// folder is the output of a fixture, as a path of a command.
func (f ageFixture) folder() string {
	args := f.Runs[0]
	return args[slices.Index(args, "--out")+1]
}

// planOnly reports whether a fixture has no shards.
func (f ageFixture) planOnly() bool { return slices.Contains(f.Runs[0], "--plan-only") }

// look reads a fixture as it was left.
func (b *ageBench) look(f ageFixture) {
	b.t.Helper()
	text := b.premix("inspect", f.folder())
	finished := f.Signal == "" && !f.planOnly()
	if strings.Contains(text, "not finished") == finished {
		b.t.Errorf("inspect says\n%s", text)
	}
	switch text, err := b.run("verify", f.folder()); {
	case finished && err != nil:
		b.t.Errorf("verify: %v\n%s", err, text)
	case !finished && (err == nil || !strings.Contains(text, "manifest.json: missing")):
		b.t.Errorf("verify of an unfinished output: %v\n%s", err, text)
	}
}

// damage removes what is written last, and what belongs to the second shard of each replica.
func (b *ageBench) damage(f ageFixture) {
	b.t.Helper()
	ctx, removed := context.Background(), 0
	for o, err := range blob.Walk(ctx, b.local(f.folder())) {
		if err != nil {
			b.t.Fatal(err)
		}
		base := blob.Base(o.URI)
		if base == "manifest.json" || base == "plan.json" || strings.Contains(base, "00001") {
			if err := blob.Remove(ctx, o.URI); err != nil {
				b.t.Fatal(err)
			}
			removed++
		}
	}
	if removed < 2 {
		b.t.Errorf("%d files were removed", removed)
	}
}

// local is the address of a path of a command for this process.
func (b *ageBench) local(p string) string {
	if strings.HasPrefix(p, "@/") {
		return b.place(p)
	}
	return filepath.Join(b.dir, p)
}

// completed completes an output, then extends it, and returns the sums of its files in each state, by
// "NAME N FILE".
func (b *ageBench) completed(f ageFixture) map[string]string {
	b.t.Helper()
	sums := map[string]string{}
	for _, args := range f.Runs {
		b.mix(args)
	}
	b.check(sums, f.Name+" complete ", f.folder(), f.planOnly())
	for i, args := range f.Then {
		b.mix(args)
		b.check(sums, f.Name+" then "+string(rune('1'+i))+" ", args[slices.Index(args, "--out")+1], false)
	}
	return sums
}

// mix runs a job. Where the cache has all peaks, it has to find them there.
func (b *ageBench) mix(args []string) {
	b.t.Helper()
	if text := b.premix(args...); b.cached && !strings.Contains(text, " 0 computed") {
		b.t.Errorf("premix %s:\n%s", strings.Join(args, " "), text)
	}
}

// check verifies an output and adds the sums of its files.
func (b *ageBench) check(sums map[string]string, prefix, folder string, planOnly bool) {
	b.t.Helper()
	if !planOnly {
		b.premix("verify", folder, "--deep", "2")
	}
	for name, sum := range b.files(folder) {
		if strings.HasPrefix(path.Base(name), ".") {
			b.t.Errorf("%s was left", name)
		}
		if filepath.Base(name) == "README.md" { // its text is that of the version that wrote it last, and verify compares it
			continue
		}
		sums[prefix+filepath.ToSlash(name)] = sum
	}
}

// files are the sums of the promised files of an output.
func (b *ageBench) files(folder string) map[string]string {
	b.t.Helper()
	dir := filepath.Join(b.dir, folder)
	if strings.HasPrefix(folder, "@/") {
		dir = b.t.TempDir()
		b.download(folder, dir)
	}
	files, err := promised(dir)
	if err != nil {
		b.t.Fatal(err)
	}
	return files
}

// cache wants the images of the input to have their peaks in the cache, although both were moved, and
// again after the images were touched.
func (b *ageBench) cache() {
	peaks := []string{"peaks", "--in", "images", "--cache", "cache", "--size", "48", "--replicas", "3"}
	for _, s := range []struct{ state, says string }{
		{"moved", "moved or touched, compared before use: ball, fish, gear, and 1 more"},
		{"used again", "25 of 25 images are in the cache"},
		{"touched", "moved or touched, compared before use: ball, fish, gear, and 1 more"},
		{"used again", "25 of 25 images are in the cache"},
	} {
		if s.state == "touched" {
			b.touch("images")
		}
		if text := b.premix(peaks...); !strings.Contains(text, s.says) || !strings.Contains(text, "25 images, 25 of them from the cache") {
			b.t.Errorf("%s:\n%s", s.state, text)
		}
	}
	if text := b.premix("cache", "ls", "--cache", "cache"); !strings.Contains(text, "geometry center, resize 55, size 48") {
		b.t.Errorf("cache ls:\n%s", text)
	}
}

func (b *ageBench) touch(dir string) {
	err := filepath.WalkDir(filepath.Join(b.dir, dir), func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(path, time.Time{}, time.Unix(1_800_000_000, 0))
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// fillStore copies the inputs to the store.
func (b *ageBench) fillStore() {
	for _, in := range []string{"images", "val"} {
		copyTree(b.t, filepath.Join(b.dir, in), b.place("@/"+in))
	}
}

// download copies what is below a path of the store to a local folder.
func (b *ageBench) download(from, to string) {
	b.t.Helper()
	ctx, root := context.Background(), b.place(from)
	for o, err := range blob.Walk(ctx, root) {
		if err != nil {
			b.t.Fatal(err)
		}
		rel, _ := blob.Rel(root, o.URI)
		text, err := blob.ReadAll(ctx, o.URI, 1<<30)
		if err != nil {
			b.t.Fatal(err)
		}
		writeFile(b.t, filepath.Join(to, filepath.FromSlash(rel)), text)
	}
}

// unpack unpacks an archive into the folder, with the times of its files.
func (b *ageBench) unpack(file string) {
	b.t.Helper()
	f, err := os.Open(file)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		b.t.Fatal(err)
	}
	defer z.Close()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			b.t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		text, err := io.ReadAll(r)
		if err != nil {
			b.t.Fatal(err)
		}
		name := filepath.Join(b.dir, filepath.FromSlash(h.Name))
		writeFile(b.t, name, text)
		if err := os.Chtimes(name, time.Time{}, h.ModTime); err != nil {
			b.t.Fatal(err)
		}
	}
}

func writeFile(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// readSums reads lines of a sum and a name.
func readSums(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	sums := map[string]string{}
	for line := range bytes.Lines(text) {
		if sum, name, ok := strings.Cut(strings.TrimSpace(string(line)), "  "); ok {
			sums[name] = sum
		}
	}
	return sums, err
}

func ageFolder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("testdata", "ages"))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
