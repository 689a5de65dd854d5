// Package sharedtest finds the real photographs and reference files that lie beside a checkout,
// in ../shared. They are not part of the project: a test that uses them is skipped, with a
// message, where they are missing, and fails instead where PREMIX_REQUIRE_SHARED=1 says that
// they must be there.
package sharedtest

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the absolute path of ../shared/elem… beside the root of the module.
func Dir(t testing.TB, elem ...string) string {
	t.Helper()
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	root := wd
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(root)
		if up == root {
			t.Fatalf("no go.mod above %s", wd)
		}
		root = up
	}
	p := filepath.Join(append([]string{filepath.Dir(root), "shared"}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		if os.Getenv("PREMIX_REQUIRE_SHARED") == "1" {
			t.Fatalf("PREMIX_REQUIRE_SHARED=1, but %s is missing", p)
		}
		t.Skipf("needs the reference files in %s, which are not here", p)
	}
	return p
}
