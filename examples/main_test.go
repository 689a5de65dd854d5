package examples

import (
	"os"
	"testing"

	"github.com/premix/premix/internal/commandtest"
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

func TestMain(m *testing.M) { commandtest.Main(m) }

// premix runs the program of this checkout, and returns what it prints.
func premix(t *testing.T, args ...string) string {
	t.Helper()
	return commandtest.Run(t, args...)
}
