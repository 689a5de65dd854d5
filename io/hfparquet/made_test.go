package hfparquet

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/premix/premix/internal/madetest"
)

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

// changed counts the lines of two texts that differ.
func changed(a, b string) (n int) {
	one, two := strings.Split(a, "\n"), strings.Split(b, "\n")
	if len(one) != len(two) {
		return max(len(one), len(two))
	}
	for i := range one {
		if one[i] != two[i] {
			n++
		}
	}
	return n
}

// TestMade compares the files of testdata/made.zip, or of the archive that PREMIX_MADE names, with what
// pyarrow reads of them; see testdata/made.py: the same rows, or an error on both sides. Of a damaged file we may
// read less, or, where pyarrow refuses it, all that was there before: it looks at Arrow's own schema,
// at the types of columns beside the image and at statistics.
func TestMade(t *testing.T) {
	files := madetest.Files(t, "testdata/made.zip")
	names := madetest.Names(files, ".parquet")
	both, stricter, laxer := 0, 0, 0
	for i, name := range names {
		want := string(files[name+".txt"])
		why, whole, refused := strings.Cut(strings.TrimPrefix(want, "error: "), "\n")
		refused = refused && strings.HasPrefix(want, "error: ")
		got, err := linesOf(files[name+".parquet"])
		damaged := i%4 == 3
		switch {
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
		case refused && changed(got, whole) < 4: // bits of the file, one of which pyarrow minds
			laxer++
			t.Logf("%s: whole, though pyarrow says %s", name, why)
		case refused:
			t.Errorf("%s: read as something else, and pyarrow says %s", name, why)
		case got != want:
			t.Errorf("%s: damaged, and read as something else", name)
		}
	}
	t.Logf("%d files; of the damaged ones %d are refused by both, %d by us alone, %d by pyarrow alone", len(names), both, stricter, laxer)
}

// TestSpark: files of Spark, and what it was given; see testdata/spark.py. Its LZ4 is the deprecated one.
func TestSpark(t *testing.T) {
	files := madetest.Unzip(t, "testdata/spark.zip")
	names := madetest.Names(files, ".parquet")
	for _, name := range names {
		got, err := linesOf(files[name+".parquet"])
		want := string(files[name+".txt"])
		switch {
		case want == "" || strings.HasPrefix(name, "lz4-"):
			if !errors.Is(err, ErrUnsupported) || got != "" {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		case err != nil || got != want:
			t.Errorf("%s: %v: %s", name, err, got)
		}
	}
	if len(names) < 20 {
		t.Errorf("%d files", len(names))
	}
}
