package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/imaging"
)

// otherBuild builds the command with assembly if this test is without, and the other way round.
func otherBuild(t *testing.T) string {
	t.Helper()
	tags := map[string]string{"asm": "noasm", "noasm": ""}[build]
	name := filepath.Join(t.TempDir(), "kernels")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-tags", tags, "-o", name, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go build -tags %q: %v\n%s", tags, err, out)
	}
	return name
}

// Both builds answer for every kernel, with the same results.
func TestServe(t *testing.T) {
	pictures := filepath.Join(t.TempDir(), "pictures")
	if err := run([]string{"-prepare", pictures, "-images", "2"}, nil, io.Discard); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, k := range kernels() {
		want = append(want, k.name)
	}
	outputs := map[string][][]byte{}
	check := func(build string, serve func(requests io.Reader, answers io.Writer) error) {
		dir := t.TempDir()
		requests := "kernels\n"
		for _, k := range want {
			requests += fmt.Sprintf("time %s 0\noutput %s %s\n", k, k, filepath.Join(dir, k))
		}
		var out bytes.Buffer
		if err := serve(strings.NewReader(requests), &out); err != nil {
			t.Fatalf("%s: %v", build, err)
		}
		answers := json.NewDecoder(&out)
		var got []string
		if err := answers.Decode(&got); err != nil {
			t.Fatalf("%s: %v", build, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: kernels (-want +got):\n%s", build, d)
		}
		for _, k := range want {
			var timed timing
			var written struct{ Outputs int }
			if err := errors.Join(answers.Decode(&timed), answers.Decode(&written)); err != nil {
				t.Fatalf("%s: %s: %v", build, k, err)
			}
			if timed.Images != 2 || timed.CPU < 0 || written.Outputs != 2 {
				t.Errorf("%s: %s: %+v, %d outputs; want 2 images and 2 outputs", build, k, timed, written.Outputs)
			}
			outputs[k] = append(outputs[k], split(t, filepath.Join(dir, k))...)
		}
	}
	check("this build", func(r io.Reader, w io.Writer) error { return run([]string{"-serve", pictures}, r, w) })
	other := otherBuild(t)
	check("other build", func(r io.Reader, w io.Writer) error {
		cmd := exec.Command(other, "-serve", pictures)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = r, w, os.Stderr
		return cmd.Run()
	})
	for k, o := range outputs {
		if len(o) != 4 {
			t.Errorf("%s: %d outputs of two builds, want 4", k, len(o))
			continue
		}
		if !bytes.Equal(o[0], o[2]) || !bytes.Equal(o[1], o[3]) {
			t.Errorf("%s: the results of the two builds differ", k)
		}
	}
}

// split reads a file of outputs.
func split(t *testing.T, name string) [][]byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for len(data) >= 4 {
		n := int(binary.LittleEndian.Uint32(data))
		if n == 0 || n > len(data)-4 {
			t.Fatalf("%s: output of %d bytes, %d are left", filepath.Base(name), n, len(data)-4)
		}
		all, data = append(all, data[4:4+n]), data[4+n:]
	}
	if len(data) > 0 {
		t.Fatalf("%s: %d bytes too many", filepath.Base(name), len(data))
	}
	return all
}

// Without Python there is a line of sane JSON for every kernel.
func TestOnce(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"-once", "-images", "1"}, nil, &out); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	for _, k := range kernels() {
		var r result
		if err := d.Decode(&r); err != nil {
			t.Fatalf("%s: %v", k.name, err)
		}
		if r.Kernel != k.name || r.Build != build || !(r.Ours > 0) || math.IsInf(r.Ours, 0) || r.Peer != nil || r.Ratio != nil || r.SameBits != nil {
			t.Errorf("%s: %+v", k.name, r)
		}
	}
	var more any
	if err := d.Decode(&more); err != io.EOF {
		t.Errorf("after the last kernel: %v, %v", more, err)
	}
}

// What was saved is what was measured.
func TestSave(t *testing.T) {
	p, err := makePictures("", 2, false)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := p.save(dir); err != nil {
		t.Fatal(err)
	}
	got, err := loadPictures(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(p, got) {
		t.Error("loaded other pictures than were saved")
	}
	for side, images := range p.Squares {
		for i, m := range images {
			if m.W != side || m.H != side || len(m.Pix) != 3*side*side {
				t.Errorf("square %d of side %d is %d×%d in %d bytes", i, side, m.W, m.H, len(m.Pix))
			}
		}
	}
	for kind, files := range p.Files {
		for i, data := range files {
			if c, err := imaging.DecodeConfig(data, imaging.DecodeParams{}); err != nil || c.W != fullW || c.H != fullH {
				t.Errorf("%s %d: %d×%d, %v", kind, i, c.W, c.H, err)
			}
		}
	}
	if err := os.Truncate(filepath.Join(dir, "224.rgb"), 100); err != nil {
		t.Fatal(err)
	}
	if _, err := loadPictures(dir); err == nil || !strings.Contains(err.Error(), "224.rgb: 100 bytes") {
		t.Errorf("a truncated file: %v", err)
	}
}

func TestRequests(t *testing.T) {
	p, err := makePictures("", 1, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"", "kernels all", "time nothing 1", "time spectral-224 soon", "time spectral-224 -1", "output spectral-224"} {
		if err := answer(p, kernels(), strings.NewReader(line+"\n"), io.Discard); err == nil {
			t.Errorf("request %q was answered", line)
		}
	}
}

// Files are read as they are, and each is decoded.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/1.jpg", "b/2.jpeg", "b/3.txt"} {
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name, progressiveFile, 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := run([]string{"-files", dir}, strings.NewReader("kernels\ntime imread 0\n"), &out); err != nil {
		t.Fatal(err)
	}
	var names []string
	var timed timing
	if d := json.NewDecoder(&out); d.Decode(&names) != nil || d.Decode(&timed) != nil || len(names) != 1 || timed.Images != 2 {
		t.Errorf("kernels %v, %+v; want imread, and 2 images", names, timed)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"-once", "-images", "0"}, {"-serve", t.TempDir()}, {"-files", t.TempDir()}} {
		if err := run(args, strings.NewReader(""), io.Discard); err == nil {
			t.Errorf("kernels %q: no error", args)
		}
	}
}
