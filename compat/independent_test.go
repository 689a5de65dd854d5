package compat

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/premix/premix/internal/sharedtest"
)

// TestIndependent has a program of Pillow, NumPy and OpenCV make every sample of a PNG output again,
// from drawn images and the photographs of ../shared: each peak, box, λ, label and pixel.
func TestIndependent(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	bin := filepath.Join(dir, "premix")
	run := func(name string, args ...string) {
		t.Helper()
		if text, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, text)
		}
	}
	run("go", "build", "-o", bin, "../cmd/premix")
	const drawn = 300
	for _, c := range []struct{ name, resize string }{{"drawn", "224"}, {"flowers", "256"}, {"objects", "256"}} {
		t.Run(c.name, func(t *testing.T) {
			in, out := filepath.Join(dir, c.name), filepath.Join(dir, "out-"+c.name)
			if c.name == "drawn" {
				run(bin, "synth", "--out", in, "--images", strconv.Itoa(drawn))
			} else {
				in = sharedtest.Dir(t, "data", c.name)
			}
			args := []string{"mix", "--in", in, "--out", out, "--cache", filepath.Join(dir, "cache"), "--geometry", "center", "--resize", c.resize, "--size", "224", "--encode", "png"}
			if text, err := exec.Command(bin, args...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			text, err := exec.Command(py, "independent.py", out, in, c.resize).CombinedOutput()
			if err != nil || !strings.Contains(string(text), `"differences": 0`) {
				t.Errorf("%v\n%s", err, text)
			}
			if c.name == "drawn" && !strings.Contains(string(text), fmt.Sprintf(`"samples": %d,`, drawn)) {
				t.Errorf("want %d samples", drawn)
			}
			t.Logf("%s", text)
		})
	}
}
