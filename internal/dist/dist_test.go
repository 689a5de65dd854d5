package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func testRelease(p platform) release {
	return release{
		version: "1.2.3", platform: p, binary: []byte("the program"), licences: []byte("of others"),
		files:  map[string][]byte{"README.md": []byte("read me"), "LICENSE": []byte("ours"), pyReadme: []byte("# premix\n")},
		python: []entry{{pyModule + "/__init__.py", []byte("import os"), 0o644}, {pyModule + "/torch/__init__.py", []byte("import torch"), 0o644}},
	}
}

// unzip returns the contents and modes of a zip archive.
func unzip(t *testing.T, data []byte) (files map[string]string, modes map[string]fs.FileMode) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files, modes = map[string]string{}, map[string]fs.FileMode{}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name], modes[f.Name] = string(text), f.Mode()
	}
	return files, modes
}

func TestWheel(t *testing.T) {
	names := map[string]string{
		"linux/amd64":   "premix_shards-1.2.3-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64.whl",
		"linux/arm64":   "premix_shards-1.2.3-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
		"darwin/arm64":  "premix_shards-1.2.3-py3-none-macosx_12_0_arm64.whl",
		"windows/amd64": "premix_shards-1.2.3-py3-none-win_amd64.whl",
	}
	if len(names) != len(platforms) {
		t.Fatalf("%d platforms, %d names", len(platforms), len(names))
	}
	for _, p := range platforms {
		name, data, err := testRelease(p).wheel()
		if err != nil {
			t.Fatal(err)
		}
		if name != names[p.String()] {
			t.Errorf("%s: the wheel is called %s", p, name)
		}
		if _, again, err := testRelease(p).wheel(); err != nil || !bytes.Equal(data, again) {
			t.Errorf("%s: a second wheel has other bytes (%v)", p, err)
		}
		files, modes := unzip(t, data)
		const info = "premix_shards-1.2.3.dist-info/"
		program := "premix_shards-1.2.3.data/scripts/" + p.program()
		if files[program] != "the program" || modes[program].Perm() != 0o755 {
			t.Errorf("%s: %s has %q and mode %v", p, program, files[program], modes[program])
		}
		if files[pyModule+"/__init__.py"] != "import os" || files[pyModule+"/torch/__init__.py"] != "import torch" {
			t.Errorf("%s: the Python package is missing", p)
		}
		if files[info+"licenses/LICENSE"] != "ours" || files[info+"licenses/LICENSES.txt"] != "of others" {
			t.Errorf("%s: licences are missing", p)
		}
		for _, line := range []string{"Name: premix-shards\n", "Version: 1.2.3\n", "License-File: LICENSES.txt\n", "\n\n# premix\n"} {
			if !strings.Contains(files[info+"METADATA"], line) {
				t.Errorf("%s: METADATA lacks %q:\n%s", p, line, files[info+"METADATA"])
			}
		}
		var record strings.Builder
		r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range r.File[:len(r.File)-1] {
			sum := sha256.Sum256([]byte(files[f.Name]))
			fmt.Fprintf(&record, "%s,sha256=%s,%d\n", f.Name, base64.RawURLEncoding.EncodeToString(sum[:]), len(files[f.Name]))
		}
		record.WriteString(info + "RECORD,,\n")
		if d := cmp.Diff(record.String(), files[info+"RECORD"]); d != "" {
			t.Errorf("%s: RECORD\n%s", p, d)
		}
		stem := strings.TrimSuffix(strings.TrimPrefix(name, "premix_shards-1.2.3-py3-none-"), ".whl")
		for _, tag := range strings.Split(stem, ".") {
			if !strings.Contains(files[info+"WHEEL"], "Tag: py3-none-"+tag+"\n") {
				t.Errorf("%s: WHEEL lacks the tag %s:\n%s", p, tag, files[info+"WHEEL"])
			}
		}
	}
}

// TestPackage wants the package of the repository whole, and no file that something else left there.
func TestPackage(t *testing.T) {
	names := func(dir string) (names []string) {
		entries, err := pyPackage(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, strings.TrimPrefix(e.name, pyModule+"/"))
		}
		return names
	}
	dir := filepath.Join("..", "..", pySource)
	got := names(dir)
	for _, want := range []string{"__init__.py", "__main__.py", "py.typed", "torch/__init__.py"} {
		if !slices.Contains(got, want) {
			t.Errorf("the package lacks %s: %v", want, got)
		}
	}
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"torch/__pycache__/__init__.cpython-311.pyc", "torch/.swp"} {
		path := filepath.Join(copied, pyModule, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(got, names(copied)); d != "" {
		t.Error(d)
	}
	if _, err := pyPackage(t.TempDir()); err == nil || !strings.Contains(err.Error(), "root of the repository") {
		t.Errorf("no package: %v", err)
	}
}

func TestArchive(t *testing.T) {
	want := map[string]string{"LICENSE": "ours", "LICENSES.txt": "of others", "README.md": "read me"}
	for _, p := range platforms {
		name, data, err := testRelease(p).archive()
		if err != nil {
			t.Fatal(err)
		}
		folder := "premix-1.2.3-" + p.goos + "-" + p.goarch
		files := map[string]string{}
		var mode fs.FileMode
		if p.goos == "windows" {
			var modes map[string]fs.FileMode
			files, modes = unzip(t, data)
			mode = modes[folder+"/premix.exe"]
			folder, name = folder+"/", strings.TrimSuffix(name, ".zip")+"/"
		} else {
			z, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			r := tar.NewReader(z)
			for {
				h, err := r.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				text, err := io.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				files[h.Name] = string(text)
				if h.Name == folder+"/premix" {
					mode = fs.FileMode(h.Mode)
				}
			}
			folder, name = folder+"/", strings.TrimSuffix(name, ".tar.gz")+"/"
		}
		if name != folder || mode != 0o755 {
			t.Errorf("%s: archive %s, mode %v", p, name, mode)
		}
		all := map[string]string{folder + p.program(): "the program"}
		for n, text := range want {
			all[folder+n] = text
		}
		if d := cmp.Diff(all, files); d != "" {
			t.Errorf("%s: %s", p, d)
		}
	}
}

// TestLicences collects those of modules that are made up, as go list describes their packages.
func TestLicences(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return filepath.ToSlash(filepath.Dir(path))
	}
	goroot := put("go/LICENSE", "BSD of Go")
	put("a/LICENSE", "Apache\r\n")
	put("a/notice.go", "package a")
	put("a/unused/LICENSE", "not of this program")
	sub := put("a/sub/deep/x.go", "package deep")
	put("a/sub/COPYING.txt", "of a part")
	put("b/LICENCE.md", "Apache")
	put("b/NOTICE", "thanks")
	list := fmt.Sprintf(`
{"Dir": %q, "Standard": true}
{"Dir": %q, "Module": {"Path": "example.com/b", "Version": "v2.0.0", "Dir": %[3]q}}
{"Dir": %[4]q, "Module": {"Path": "example.com/a", "Version": "v1.0.0", "Dir": %[5]q}}
{"Dir": %[6]q, "Module": {"Path": "example.com/main", "Main": true, "Dir": %[6]q}}
`, goroot+"/src/fmt", dir+"/b", dir+"/b", sub, dir+"/a", dir)
	modules, err := modulesOf([]byte(list), goroot)
	if err != nil {
		t.Fatal(err)
	}
	text, err := collect(modules)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	for _, want := range []string{
		"Go's standard library: LICENSE\n", "BSD of Go\n", "of a part\n", "thanks\n", "example.com/a v1.0.0: sub/COPYING.txt\n",
		"example.com/a v1.0.0: LICENSE\nexample.com/b v2.0.0: LICENCE.md\n",
	} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%q is there %d times:\n%s", want, strings.Count(got, want), got)
		}
	}
	if strings.Contains(got, "not of this") || strings.Contains(got, "package") {
		t.Errorf("too much:\n%s", got)
	}
	if err := os.Remove(filepath.Join(dir, "b", "LICENCE.md")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "b", "NOTICE")); err != nil {
		t.Fatal(err)
	}
	if _, err := collect(modules); err == nil || !strings.Contains(err.Error(), "example.com/b v2.0.0 has no licence") {
		t.Errorf("a module without a licence: %v", err)
	}
}

func TestEnvironment(t *testing.T) {
	got := environment([]string{"HOME=/h", "GOFLAGS=-race", "GOAMD64=v3", "CGO_ENABLED=1", "GOPROXY=off"}, platforms[1])
	want := []string{"HOME=/h", "GOPROXY=off", "GOOS=linux", "GOARCH=arm64", "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=-mod=readonly", "GOWORK=off", "CGO_ENABLED=0"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestOrigin(t *testing.T) {
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "abc"}
	for want, settings := range map[string][]debug.BuildSetting{
		"does not know its commit":     nil,
		"files differ from commit abc": {revision, {Key: "vcs.modified", Value: "true"}},
		"":                             {revision, {Key: "vcs.modified", Value: "false"}},
	} {
		if got := origin(&debug.BuildInfo{Settings: settings}); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%v: %q, want %q", settings, got, want)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dist")
	if err := empty(dir); err != nil { // makes it
		t.Fatal(err)
	}
	name, data, err := testRelease(platforms[0]).wheel()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := sums(dir); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile(filepath.Join(dir, sumsFile))
	if want := fmt.Sprintf("%x  %s\n", sha256.Sum256(data), name); err != nil || string(list) != want {
		t.Errorf("checksums %q, %v; want %q", list, err, want)
	}
	if err := empty(dir); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := empty(dir); err == nil || !strings.Contains(err.Error(), "thesis.tex") {
		t.Errorf("a folder with other files: %v", err)
	}
}

func TestChoose(t *testing.T) {
	got, err := choose("windows/amd64,linux/amd64")
	if err != nil || len(got) != 2 || got[0].goos != "windows" || got[1].String() != "linux/amd64" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := choose("plan9/amd64"); err == nil {
		t.Error("plan9 is built")
	}
	if all, err := choose(""); err != nil || !slices.EqualFunc(all, platforms, func(a, b platform) bool { return a.String() == b.String() }) {
		t.Errorf("%v, %v", all, err)
	}
}
