// Package madetest reads the files that a script has made for a test, with what another program reads of them:
// archives in testdata, each with its script beside it, or larger ones that scripts/made.sh makes.
package madetest

import (
	"archive/zip"
	"cmp"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// Files returns the files of the archive that PREMIX_MADE names, or else of the one at path, by name.
func Files(t testing.TB, path string) map[string][]byte {
	t.Helper()
	return Unzip(t, cmp.Or(os.Getenv("PREMIX_MADE"), path))
}

// Unzip returns the files of an archive, by name.
func Unzip(t testing.TB, path string) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// Names returns the names of the files with an extension, without it, in sorted order.
func Names(files map[string][]byte, ext string) (names []string) {
	for f := range files {
		if name, ok := strings.CutSuffix(f, ext); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
