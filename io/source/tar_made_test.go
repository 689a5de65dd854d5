package source

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/internal/madetest"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/tarfile"
)

// membersOf walks through a tar, a line for each member as testdata/tars.py writes it, up to the first damage.
func membersOf(t *testing.T, path string, o tarfile.Options) (lines []string, damage error) {
	t.Helper()
	obj, err := blob.Stat(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	kinds, err := root{}.tarCompressions(t.Context(), []blob.Object{obj})
	if err != nil {
		return nil, err
	}
	w, f, err := Container{URI: path, Size: obj.Size, Compression: kinds[0]}.open(t.Context(), 0, obj.Size)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w.End = -1
	for walk := tarfile.New(w, 0, o); ; {
		m, err := walk.Next(t.Context())
		var broken *tarfile.Damage
		switch {
		case err == io.EOF:
			return lines, nil
		case errors.As(err, &broken):
			return lines, err
		case err != nil:
			t.Errorf("%s: %v is an error of the environment, %v", path, err, o)
			return lines, err
		case m.Type == 'g': // a header for all members, of which nothing is used
			continue
		}
		kind, size, sum, link := "o", int64(0), "-", ""
		switch {
		case m.Sparse:
			kind, size = "s", m.Size
		case m.Regular():
			data, err := walk.Read(nil, m)
			if err != nil {
				return lines, err
			}
			kind, size, sum = "f", m.Size, fmt.Sprintf("%x", sha1.Sum(data))
		case m.Link():
			kind, link = "l", m.Target
		}
		lines = append(lines, fmt.Sprintf("%s %x %d %s %x", kind, strings.TrimRight(m.Name, "/"), size, sum, link))
	}
}

// TestMadeTars compares with Python's tarfile: the same members with the same contents, or a fault on both sides. Of a
// damaged tar the members before the damage are compared: there tarfile ends, often without a word, where we go on.
//
// Exceptions: tarfile ends at zeros that stand for damage, and we go on where they can be an end mark; it does not open
// what has no members, nor goes on behind a header for all members that has none; long names have no checksum, and damage to
// them is read in two ways; to a long name of a sparse member it gives that of a file that GNU tar names only for programs
// without sparse members; contents of sparse members are not read here.
func TestMadeTars(t *testing.T) {
	files := madetest.Files(t, filepath.Join("testdata", "tars.zip"))
	names := madetest.Names(files, ".bin")
	path := filepath.Join(t.TempDir(), "x.tar")
	both, stricter, nothing, behind := 0, 0, 0, 0
	for _, name := range names {
		put(t, path, files[name+".bin"])
		got, damage := membersOf(t, path, tarfile.Options{})
		want := strings.Split(placeholder.ReplaceAllString(strings.TrimSuffix(string(files[name+".txt"]), "\n"), "s "), "\n")
		last := want[len(want)-1]
		want = want[:len(want)-1]
		damaged, refused := strings.Contains(name, "damaged"), strings.HasPrefix(last, "error: ")
		n := min(len(got), len(want))
		for i := range want[:n] {
			if damaged && nameless(want[i]) == nameless(got[i]) {
				want[i] = got[i]
			}
		}
		switch same := slices.Equal(got[:n], want[:n]); {
		case !same:
			t.Errorf("%s: another member\n%s\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		case damage == nil && (len(got)+len(want) == 0 || !damaged && strings.HasSuffix(last, "end of file header")):
			nothing++
		case !damaged && (damage != nil || refused || len(got) != len(want)):
			t.Errorf("%s: %d members and %v, tarfile has %d and ends with %s", name, len(got), damage, len(want), last)
		case damage != nil && refused:
			both++
		case damage != nil:
			stricter++
		case damaged && !refused && len(got) > len(want):
			behind++
		case refused || len(got) != len(want):
			t.Errorf("%s: %d members and no damage, tarfile has %d and ends with %s", name, len(got), len(want), last)
		}
		if strict, err := membersOf(t, path, tarfile.Options{Strict: true}); !slices.Equal(strict, got) && (err == nil || len(strict) > len(got)) {
			t.Errorf("%s: a strict walk has %d members and %v, another one %d", name, len(strict), err, len(got))
		}
	}
	t.Logf("%d tars, %d of them with nothing in them; of the damaged ones %d are refused by both, %d by us alone, of %d we read more", len(names), nothing, both, stricter, behind)
}

// nameless is the line of a member without its names.
func nameless(line string) string {
	f := strings.Split(line, " ")
	return f[0] + " " + f[2] + " " + f[3]
}

// placeholder is the folder in the name that GNU tar gives to sparse members for programs that do not know them.
var placeholder = regexp.MustCompile(`(?m)^s 2e2f474e5553706172736546696c652e([0-9a-f][0-9a-f])+?2f`)
