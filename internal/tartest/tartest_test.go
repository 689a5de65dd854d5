package tartest

import (
	"strings"
	"testing"
)

// TestTable: the table has no file that nobody makes, nor one twice.
func TestTable(t *testing.T) {
	left := map[string]bool{}
	for line := range strings.Lines(table) {
		if title, ok := strings.CutPrefix(strings.TrimSpace(line), "# "); ok {
			if left[title] {
				t.Errorf("%q is there twice", title)
			}
			left[title] = true
		}
	}
	for _, f := range append(Files(t), Odd(t)...) {
		delete(left, f.File+": "+f.Name)
	}
	for title := range left {
		t.Errorf("%q is of no file", title)
	}
}
