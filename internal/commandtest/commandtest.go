// Package commandtest compiles premix once for all tests of a package that run it. TestMain of the package is
// [Main].
package commandtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// scratch is a folder that is there as long as the tests run.
var scratch string

// Main runs the tests of a package, and removes what [Premix] made.
func Main(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "premix-test-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "premix")
	if out, err := exec.Command("go", "build", "-o", path, "github.com/premix/premix/cmd/premix").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// Premix is the path of the program of this checkout.
func Premix(t testing.TB) string {
	t.Helper()
	if scratch == "" {
		t.Fatal("TestMain of this package does not call commandtest.Main")
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Run runs the program, and returns what it prints.
func Run(t testing.TB, args ...string) string {
	t.Helper()
	text, err := exec.CommandContext(t.Context(), Premix(t), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("premix %s: %v\n%s", strings.Join(args, " "), err, text)
	}
	return string(text)
}
