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

// Root returns the absolute path of the root of the module.
func Root(t testing.TB) string {
	t.Helper()
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for root := wd; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return root
		}
		if root == filepath.Dir(root) {
			t.Fatalf("no go.mod above %s", wd)
		}
	}
}

// Dir returns the absolute path of ../shared/elem… beside the root of the module.
func Dir(t testing.TB, elem ...string) string {
	t.Helper()
	p := filepath.Join(append([]string{filepath.Dir(Root(t)), "shared"}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		if os.Getenv("PREMIX_REQUIRE_SHARED") == "1" {
			t.Fatalf("PREMIX_REQUIRE_SHARED=1, but %s is missing", p)
		}
		t.Skipf("needs the reference files in %s, which are not here", p)
	}
	return p
}
