package printable_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/internal/printable"
)

// TestShell lets a shell take lines apart again.
func TestShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("needs a POSIX shell")
	}
	for _, words := range [][]string{
		{"premix", "mix", "--in", "a b", "--out=x"}, {"it's", `"`, "$HOME", "`id`", "\\", "*", "~"}, {"", "a;b", "a\nb", "é", "#x", "!1"},
	} {
		out, err := exec.Command(sh, "-c", `printf '%s\001' `+printable.Shell(words)).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Split(strings.TrimSuffix(string(out), "\x01"), "\x01"); !slices.Equal(got, words) {
			t.Errorf("a shell takes %s for %q, want %q", printable.Shell(words), got, words)
		}
	}
}
