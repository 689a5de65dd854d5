// Package archtest tests what docs/design.md §1 says of the rooms: which may import which, and how long
// a file may be.
package archtest

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/premix/premix"

// allowed says which rooms a room may import. A room is the first folder below the root; "" is the
// root package. Packages of one room may import each other, but those of io only downwards (ioLayers).
var allowed = map[string][]string{
	"":           {},
	"exact":      {},
	"imaging":    {"", "exact"},
	"saliency":   {"", "exact", "imaging"},
	"mix":        {"", "exact", "imaging", "saliency"},
	"plan":       {"", "mix"},
	"sample":     {"", "imaging", "saliency", "mix", "plan"},
	"io":         {""},
	"dataset":    {"", "io", "imaging", "saliency", "mix", "plan", "sample"},
	"transforms": {"", "io", "imaging", "saliency", "mix", "plan", "sample", "dataset"},
	"pipeline":   {"", "io", "imaging", "saliency", "mix", "plan", "sample", "dataset", "transforms"},
	"runners":    {},
	"launch":     {"", "io", "imaging", "saliency", "mix", "plan", "sample", "dataset", "transforms", "pipeline", "runners"},
	"cmd":        {"", "io", "imaging", "saliency", "mix", "plan", "sample", "dataset", "transforms", "pipeline", "runners", "launch"},
	"internal":   {"", "io", "imaging"},
	"compat":     {"", "io", "imaging", "saliency", "mix", "plan", "sample", "dataset", "transforms", "pipeline", "runners"},
	"examples":   {},
	"bench":      {"", "imaging", "saliency", "mix", "plan", "io", "dataset", "sample", "transforms", "pipeline", "runners"},
	"docs":       {"cmd", "pipeline"},
}

// ioLayers are the packages of io from the bottom to the top. A package imports those of the layers
// before its own, and so do its tests: none of its own layer, none above. Examples may import any.
var ioLayers = [][]string{
	{"window"},
	{"arrayrecord", "blob", "checksum", "npy", "shard", "tarfile", "tfrecord", "zipfile"},
	{"cache", "shard/shardtest", "tfexample"},
	{"hfparquet", "mds", "tfshard", "webdataset"},
	{"formats", "peakfile", "source/labels", "source/synth", "source/tree"},
	{"source"},
}

// exceptions are imports that no room's rule covers, with the reason.
var exceptions = map[[2]string]string{
	{"io/source/synth", "imaging"}: "the drawn data set encodes its images",
	{"io/source", "imaging"}:       "entries are recognised as images by their bytes",
}

// beamRooms may import Beam; nothing else may.
var beamRooms = []string{"transforms", "pipeline", "runners", "compat"}

// beamTests are rooms whose tests may import Beam.
var beamTests = []string{"cmd"}

// notBeam are folders of those rooms that must stay free of it.
var notBeam = []string{"transforms/stage"}

// maxLines limits every Go file, tests included, so that each has one subject.
const maxLines = 400

func TestImportDirections(t *testing.T) {
	eachImport(t, func(file, target string) { check(t, file, target) })
}

// eachImport calls f with each Go file of the module, as a path from its root, and each of its imports.
func eachImport(t *testing.T, f func(file, target string)) {
	t.Helper()
	eachFile(t, func(file, path string) error {
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			target, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f(file, target)
		}
		return nil
	})
}

func TestFileLength(t *testing.T) {
	eachFile(t, func(file, path string) error {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n := bytes.Count(text, []byte("\n"))
		if n > maxLines {
			t.Errorf("%s has %d lines: at most %d", file, n, maxLines)
		}
		return nil
	})
}

// eachFile calls f for each Go file of the module, with its path below the root, with slashes, and its
// path on disk.
func eachFile(t *testing.T, f func(file, path string) error) {
	t.Helper()
	root := moduleRoot(t)
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); path != root && (n == "testdata" || strings.HasPrefix(n, ".") || strings.HasPrefix(n, "_")) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		files++
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return f(filepath.ToSlash(rel), path)
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Errorf("only %d Go files below %s: is the test looking at the right folder?", files, root)
	}
}

func check(t *testing.T, file, target string) {
	t.Helper()
	folder := folderOf(file)
	from, ok := room(folder)
	ok = ok && (from != "io" || ioLayer(folder) >= 0)
	if !ok {
		t.Errorf("%s: no rule for this folder; add it to the table and to docs/design.md", file)
		return
	}
	test := strings.HasSuffix(file, "_test.go")
	if strings.HasPrefix(target, "github.com/apache/beam/") {
		inStage := slices.ContainsFunc(notBeam, func(d string) bool { return folder == d || strings.HasPrefix(folder, d+"/") })
		if !slices.Contains(beamRooms, from) && !(test && slices.Contains(beamTests, from)) || inStage {
			t.Errorf("%s imports %s: Beam stays in %s", file, target, strings.Join(beamRooms, ", "))
		}
		return
	}
	if strings.HasPrefix(target, "gocloud.dev") && folder != "io/blob" {
		t.Errorf("%s imports %s: only io/blob does", file, target)
	}
	rest, ours := strings.CutPrefix(target, module)
	if !ours {
		return
	}
	rest = strings.TrimPrefix(rest, "/")
	to, ok := room(rest)
	switch {
	case !ok:
		t.Errorf("%s imports %s: no rule for that folder", file, target)
	case to == from:
		example := filepath.Base(file) == "example_test.go"
		if from == "io" && folder != rest && ioLayer(rest) >= ioLayer(folder) && !example {
			t.Errorf("%s imports %s: packages of io import downwards only", file, target)
		}
	case rest == "internal/reuse", rest == "internal/buildid", rest == "internal/osfile", rest == "internal/printable": // they import nothing
	case to == "internal":
		if !test && from != "internal" && !strings.Contains(folder, "test") && !strings.Contains(folder, "/internal/") {
			t.Errorf("%s imports %s: only tests do", file, target)
		}
	case slices.Contains(allowed[from], to):
	case exceptions[[2]string{folder, to}] != "":
	case test && from != "":
		// Tests may lean on any room that does not lean on theirs.
		if slices.Contains(allowed[to], from) && !slices.Contains([]string{"imaging", "io"}, to) {
			t.Errorf("%s imports %s, which is built on it", file, target)
		}
	default:
		t.Errorf("%s imports %s: %q may import %q only", file, target, from, allowed[from])
	}
}

// folderOf is the folder of a file, empty for the root.
func folderOf(file string) string {
	if folder := filepath.ToSlash(filepath.Dir(file)); folder != "." {
		return folder
	}
	return ""
}

// room is the room of a folder.
func room(folder string) (string, bool) {
	first, _, _ := strings.Cut(folder, "/")
	_, ok := allowed[first]
	return first, ok
}

// ioLayer is the number of the layer of a folder below io, or -1.
func ioLayer(folder string) int {
	name := strings.TrimPrefix(folder, "io/")
	return slices.IndexFunc(ioLayers, func(layer []string) bool { return slices.Contains(layer, name) })
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
}
