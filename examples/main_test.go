package examples

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// python returns the interpreter that has the frameworks.
func python(t *testing.T) string {
	t.Helper()
	py := os.Getenv("PREMIX_COMPAT_PY")
	if py == "" {
		t.Skip("set PREMIX_COMPAT_PY=$(compat/install.sh) to train with the frameworks")
	}
	return py
}

// binary is the path of the premix binary of this checkout, built once.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "premix")
	if out, err := exec.Command("go", "build", "-o", path, "../cmd/premix").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// scratch is there for all tests.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "premix-examples-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// premix runs the binary, and returns what it prints.
func premix(t *testing.T, args ...string) string {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), bin, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("premix %s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return string(text)
}
