package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var namedTest = regexp.MustCompile("`([a-z/]+)\\.(Test[A-Za-z0-9]+)`")

// TestReliability looks for each test that docs/reliability.md names: a promise whose test was renamed or
// removed is not held any more.
func TestReliability(t *testing.T) {
	page, err := os.ReadFile("../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	names := namedTest.FindAllStringSubmatch(string(page), -1)
	if len(names) < 40 {
		t.Errorf("the page names %d tests", len(names))
	}
	for _, m := range names {
		if m[1] == "package" {
			continue
		}
		files, err := filepath.Glob(filepath.Join("../..", m[1], "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(text), "\nfunc "+m[2]+"(t *testing.T)")
		}
		if !found {
			t.Errorf("docs/reliability.md names %s.%s, which does not exist", m[1], m[2])
		}
	}
}
