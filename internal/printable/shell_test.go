package printable_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/internal/printable"
)

// TestShell lets shells take lines apart again, as they are printed.
func TestShell(t *testing.T) {
	for shell, lines := range map[string][][]string{
		"sh":   {{"premix", "mix", "--in", "a b", "--out=x"}, {"it's", `"`, "$HOME", "`id`", "\\", "*", "~"}, {"", "a;b", "é", "#x", "!1"}},
		"bash": {{"a\nb", "\x1b[31m'red'\\", "tab\t7", "\u202eevil", "\xff\x80", "premix", "é\r1"}, {"\n", "$'a'", strings.Repeat("long ", 300) + "\a"}},
	} {
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Skipf("needs %s", shell)
		}
		for _, words := range lines {
			line := printable.Shell(words)
			if shown := printable.Line(line); shown != line {
				t.Errorf("%q is printed as %q", line, shown)
			}
			out, err := exec.Command(path, "-c", `printf '%s\001' `+line).Output()
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Split(strings.TrimSuffix(string(out), "\x01"), "\x01"); !slices.Equal(got, words) {
				t.Errorf("%s takes %s for %q, want %q", shell, line, got, words)
			}
		}
	}
}
