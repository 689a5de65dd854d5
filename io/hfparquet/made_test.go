package hfparquet

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

// made returns the files of testdata/made.zip, or of the archive that PREMIX_MADE names, and what
// pyarrow reads of each; see testdata/made.py.
func made(t testing.TB) (names []string, files map[string][]byte) {
	t.Helper()
	z, err := zip.OpenReader(cmp.Or(os.Getenv("PREMIX_MADE"), "testdata/made.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files = map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		if name, ok := strings.CutSuffix(f.Name, ".parquet"); ok {
			names = append(names, name)
		}
	}
	return names, files
}

// linesOf reads a file as the program does, a line for each row.
func linesOf(data []byte) (lines string, err error) {
	f, err := Open(bytes.NewReader(data), int64(len(data)), 1<<28)
	if err != nil {
		return "", err
	}
	for g := range f.Groups() {
		err := f.Images(g, "image", "label", func(img Image) error {
			label, sum := cmp.Or(strings.ReplaceAll(img.Class, " ", "_"), fmt.Sprint(img.Label)), "-"
			if img.NoLabel {
				label = "-"
			}
			if len(img.Bytes) > 0 {
				sum = fmt.Sprintf("%x", sha1.Sum(img.Bytes))
			}
			lines += label + " " + sum + "\n"
			return nil
		})
		if err != nil {
			return lines, err
		}
	}
	return lines, nil
}

// TestMade compares with pyarrow: the same rows, or an error on both sides. Damage that only one
// of them minds is no difference, as long as no row is another one.
func TestMade(t *testing.T) {
	names, files := made(t)
	both, stricter, laxer := 0, 0, 0
	for i, name := range names {
		want := string(files[name+".txt"])
		got, err := linesOf(files[name+".parquet"])
		damaged := i%4 == 3
		switch refused := strings.HasPrefix(want, "error: "); {
		case err != nil && !errors.Is(err, ErrFormat):
			t.Errorf("%s: %v is an error of the medium", name, err)
		case !damaged && (err != nil || got != want):
			t.Errorf("%s: %v; %d bytes of lines, want %d: %.200s", name, err, len(got), len(want), want)
		case err != nil && refused:
			both++
		case err != nil:
			if stricter++; !strings.HasPrefix(want, got) {
				t.Errorf("%s: rows before %v differ", name, err)
			}
		case refused && (strings.Contains(want, "flatbuffer") || strings.Contains(want, "base64")):
			laxer++ // Arrow's own schema in the metadata, which is not looked at
		case refused:
			t.Errorf("%s: read, though pyarrow says %.100s", name, want)
		case got != want:
			t.Errorf("%s: damaged, and read as something else", name)
		}
	}
	t.Logf("%d files; of the damaged ones %d are refused by both, %d by us alone, %d by pyarrow alone", len(names), both, stricter, laxer)
}
