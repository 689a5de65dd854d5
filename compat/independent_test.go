package compat

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/internal/sharedtest"
)

// TestIndependent has a program of Pillow, NumPy and OpenCV make every sample of a PNG output again,
// from the photographs of ../shared: each peak, box, λ, label and pixel.
func TestIndependent(t *testing.T) {
	python := os.Getenv("PREMIX_COMPAT_PY")
	if python == "" {
		t.Skip("needs Pillow and OpenCV: PREMIX_COMPAT_PY=$(compat/install.sh) go test ./compat")
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "premix")
	run := func(name string, args ...string) {
		t.Helper()
		if text, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, text)
		}
	}
	run("go", "build", "-o", bin, "../cmd/premix")
	inputs := map[string]string{}
	for _, name := range []string{"flowers", "objects"} {
		inputs[name] = sharedtest.Dir(t, "data", name)
	}
	for name, in := range inputs {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(dir, "out-"+name)
			args := []string{"mix", "--in", in, "--out", out, "--cache", filepath.Join(dir, "cache"), "--geometry", "center", "--resize", "256", "--size", "224", "--encode", "png"}
			if text, err := exec.Command(bin, args...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			text, err := exec.Command(python, "independent.py", out, in).CombinedOutput()
			if err != nil || !strings.Contains(string(text), `"differences": 0`) {
				t.Errorf("%v\n%s", err, text)
			}
			t.Logf("%s", text)
		})
	}
}
