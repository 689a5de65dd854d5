// Package otherbuild compiles another premix than the one under test: one constant is changed, as on a
// host that was forgotten when a new binary was copied to all others.
package otherbuild

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	file   = "saliency/center.go"
	before = "premix.Peak{X: img.W / 2, Y: img.H / 2}"
	after  = "premix.Peak{X: 1, Y: 1}"
)

// Premix compiles a premix whose detector center finds every peak at (1,1). It returns the path of the
// binary.
func Premix(t testing.TB) string {
	t.Helper()
	root := strings.TrimSuffix(output(t, "go", "list", "-m", "-f", "{{.Dir}}"), "\n")
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(before)) {
		t.Fatalf("%s does not have %q any more", file, before)
	}
	dir := t.TempDir()
	changed, overlay, binary := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "premix")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, file): changed}})
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string][]byte{changed: bytes.ReplaceAll(text, []byte(before), []byte(after)), overlay: replace} {
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	output(t, "go", "build", "-overlay", overlay, "-o", binary, "github.com/premix/premix/cmd/premix")
	return binary
}

func output(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, stderr.String())
	}
	return string(out)
}
