package main

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// An ageFixture is an output that an earlier version left, and what can be done with it. Commands are
// argument lists of premix; paths in them are below the folder of the test, and those that begin with
// "@/" are in a store.
type ageFixture struct {
	// Name is the folder of the output, below out/ or in the store.
	Name string `json:"name"`
	// Runs made the output, in this order. Given again, they complete it.
	Runs [][]string `json:"runs"`
	// Signal ended the last of the runs: "killed" or "interrupted". Empty: it finished.
	Signal string `json:"signal,omitempty"`
	// After is the pattern of files of the output whose first match made the maker send the signal.
	After string `json:"after,omitempty"`
	// Then are runs that extend a complete output, or replay its plan into another one.
	Then [][]string `json:"then,omitempty"`
}

// ageFixtures are those that the next version gets. A version keeps the list that it was made with.
func ageFixtures() []ageFixture {
	run := func(command, in, out, flags string) []string {
		return append([]string{command, "--in", in, "--out", "out/" + out, "--cache", "cache", "--size", "48", "--max-bad", "10%"}, strings.Fields(flags)...)
	}
	mix := func(out, flags string) []string { return run("mix", "images", out, "--shards 2 "+flags) }
	pack := func(out, flags string) []string { return run("pack", "val", out, "--shards 2 "+flags) }
	replay := func(out, flags string) []string {
		return append([]string{"mix", "--plan", "out/" + out, "--out", "out/" + out + "-replayed", "--cache", "cache"}, strings.Fields(flags)...)
	}
	store := func(command, in, flags string) []string {
		args := []string{command, "--in", "@/" + in, "--out", "@/out", "--cache", "@/cache", "--size", "48", "--max-bad", "10%", "--shards", "2"}
		return append(args, strings.Fields(flags)...)
	}
	const (
		methods = "--method saliencymix:0.4,mixup:0.2:alpha=0.4,resizemix:0.2,cutmix:0.1 --scheme sal2nonsal --pair different-class"
		dense   = "--label-form dense --smoothing 0.1 --encode png --limit 16"
		records = "__premix__/train/shards/*.json"
	)
	list := []ageFixture{
		{Name: "webdataset", Runs: [][]string{mix("webdataset", "")}, Then: [][]string{pack("webdataset", ""), replay("webdataset", "--split train")}},
		{Name: "pack", Runs: [][]string{pack("pack", "")}, Then: [][]string{pack("pack", "--split test")}},
		{Name: "splits", Runs: [][]string{mix("splits", ""), pack("splits", "")}, Then: [][]string{pack("splits", "--split test")}},
		{Name: "replicas", Runs: [][]string{mix("replicas", "--replicas 2")}, Then: [][]string{mix("replicas", "--first-replica 2")}},
		{Name: "dense", Runs: [][]string{mix("dense", dense)}, Then: [][]string{pack("dense", dense)}},
		{Name: "dense16", Runs: [][]string{mix("dense16", "--label-form dense16 --geometry center")}},
		{Name: "methods", Runs: [][]string{mix("methods", methods)}, Then: [][]string{replay("methods", "--format tfrecord")}},
		{Name: "both", Runs: [][]string{mix("both", "--format webdataset,parquet")}, Then: [][]string{pack("both", "--format webdataset,parquet")}},
		{Name: "tar", Runs: [][]string{run("mix", "tars", "tar", "--shards 2 --indexes wids")}},
		{Name: "synth", Runs: [][]string{run("mix", "synth:24", "synth", "--shards 2 --detector spectral")}},
		{Name: "plan", Runs: [][]string{mix("plan", "--plan-only --replicas 2 --method saliencymix:0.5,cutmix:0.3")}, Then: [][]string{replay("plan", "")}},
		{Name: "killed", Runs: [][]string{mix("killed", "--shards 8 --workers 1")}, Signal: "killed", After: records},
		{Name: "killed-replicas", Runs: [][]string{mix("killed-replicas", "--replicas 2 --size 32 --workers 1")}, Signal: "killed", After: records},
		{
			Name: "killed-split", Runs: [][]string{mix("killed-split", ""), pack("killed-split", "--shards 4 --workers 1")},
			Signal: "killed", After: "__premix__/validation/shards/*.json",
		},
		{Name: "interrupted", Runs: [][]string{mix("interrupted", "--shards 8 --workers 1 --format tfrecord")}, Signal: "interrupted", After: records},
		{
			Name: "store", Runs: [][]string{store("mix", "images", "--replicas 2")},
			Then: [][]string{store("mix", "images", "--first-replica 2"), store("pack", "val", "")},
		},
	}
	for _, format := range []string{"tfrecord", "tfds", "parquet", "array_record", "mds"} {
		list = append(list, ageFixture{Name: format, Runs: [][]string{mix(format, "--format "+format)}, Then: [][]string{pack(format, "--format "+format)}})
	}
	return list
}

// makeAge writes testdata/ages/VERSION with the outputs of a program of that version: those that are named, or all.
func makeAge(t *testing.T, program, version string, names []string) {
	home, dir := ageFolder(t), t.TempDir()
	if _, err := os.Stat(filepath.Join(home, "input.tar.zst")); errors.Is(err, fs.ErrNotExist) {
		makeAgeInput(t, home, program)
	}
	b := &ageBench{t: t, dir: dir, program: program, store: gcs(t)}
	b.unpack(filepath.Join(home, "input.tar.zst"))
	b.fillStore()
	list := ageFixtures()
	if len(names) > 0 {
		list = slices.DeleteFunc(list, func(f ageFixture) bool { return !slices.Contains(names, f.Name) })
	}
	for _, f := range list {
		b.make(f)
	}
	b.download("@/out", filepath.Join(dir, "store", "out"))
	made := t.TempDir()
	keep := func(part string) {
		if err := os.CopyFS(filepath.Join(made, part), os.DirFS(filepath.Join(dir, part))); err != nil {
			t.Fatal(err)
		}
	}
	keep("out")
	keep("store/out")
	sums := map[string]string{}
	for _, f := range list {
		maps.Copy(sums, b.completed(f))
	}
	// The caches come last: they have the peaks of all runs.
	b.download("@/cache", filepath.Join(dir, "store", "cache"))
	keep("cache")
	keep("store/cache")
	home = filepath.Join(home, version)
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	packFolder(t, made, filepath.Join(home, "fixtures.tar.zst"))
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&lines, "%s  %s\n", sums[name], name)
	}
	writeFile(t, filepath.Join(home, "sums.txt"), []byte(lines.String()))
	text, err := json.MarshalIndent(list, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(home, "fixtures.json"), append(text, '\n'))
}

// make runs what makes a fixture.
func (b *ageBench) make(f ageFixture) {
	for i, args := range f.Runs {
		if f.Signal == "" || i < len(f.Runs)-1 {
			b.premix(args...)
			continue
		}
		for try := 0; !b.cutShort(f, args); try++ {
			if try == 20 {
				b.t.Fatalf("%s: the run finished each time before the signal reached it", f.Name)
			}
			if err := os.RemoveAll(filepath.Join(b.dir, "out", f.Name)); err != nil {
				b.t.Fatal(err)
			}
			for _, args := range f.Runs[:i] {
				b.premix(args...)
			}
		}
	}
}

// cutShort runs a command and ends it by a signal; it reports whether that left an unfinished output.
func (b *ageBench) cutShort(f ageFixture, args []string) bool {
	cmd := exec.Command(b.program, args...)
	cmd.Dir = b.dir
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	split := filepath.Join(b.dir, "out", f.Name, filepath.Dir(filepath.Dir(f.After)))
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if list, _ := filepath.Glob(filepath.Join(b.dir, "out", f.Name, f.After)); len(list) > 0 {
			break
		}
	}
	signal := map[string]os.Signal{"killed": syscall.SIGKILL, "interrupted": os.Interrupt}[f.Signal]
	cmd.Process.Signal(signal)
	err := cmd.Wait()
	_, finished := os.Stat(filepath.Join(split, "manifest.json"))
	return err != nil && finished != nil
}

// makeAgeInput packs the images that all versions mix: small pictures in class folders, one that is cut
// off, a side file, a second set for validation, and a WebDataset shard.
func makeAgeInput(t *testing.T, home, program string) {
	b := &ageBench{t: t, dir: t.TempDir(), program: program}
	writeFile(t, filepath.Join(b.dir, "classes"), []byte("ball\nfish\ngear\nleaf\n"))
	b.premix("pack", "--in", "synth:96", "--classes", "classes", "--out", "packed", "--cache", "none", "--size", "64", "--shards", "1", "--encode", "jpeg:85", "--indexes", "wids")
	shard, err := os.ReadFile(filepath.Join(b.dir, "packed", "premix-validation-000000.tar"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(b.dir, "input", "tars", "part-000.tar"), shard)
	writeFile(t, filepath.Join(b.dir, "input", "images", "fish", "notes.txt"), []byte("not an image\n"))
	r := tar.NewReader(strings.NewReader(string(shard)))
	var image []byte
	count := map[string]int{}
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(h.Name) == ".jpg" {
			image = text
		}
		if filepath.Ext(h.Name) != ".json" {
			continue
		}
		var record struct{ Target string }
		if err := json.Unmarshal(text, &record); err != nil {
			t.Fatal(err)
		}
		class := filepath.Dir(record.Target)
		switch n := count[class]; {
		case n < 6:
			writeFile(t, filepath.Join(b.dir, "input", "images", record.Target), image)
		case n == 6 && class == "leaf":
			writeFile(t, filepath.Join(b.dir, "input", "images", class, "short.jpg"), image[:len(image)/2])
		default:
			writeFile(t, filepath.Join(b.dir, "input", "val", record.Target), image)
		}
		count[class]++
	}
	packFolder(t, filepath.Join(b.dir, "input"), filepath.Join(home, "input.tar.zst"))
}

// packFolder writes a compressed tar of a folder.
func packFolder(t *testing.T, dir, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	if err := errors.Join(w.AddFS(os.DirFS(dir)), w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
}
