package source

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/internal/sharedtest"
)

// TestOddTars says what becomes of tars that others found worth keeping.
func TestOddTars(t *testing.T) {
	tests := []struct {
		file string
		want []row // names below the tar
		why  string
	}{
		{"tar-pax-bad.tar", []row{fault("", premix.Corrupt), ignored("foo"), fault("", premix.Truncated)}, "byte 0: no tar header"},
		{"tar-neg-size.tar", []row{fault("", premix.Corrupt)}, "byte 0: no tar header"},
		{"tar-issue10968.tar", []row{fault("", premix.Corrupt)}, "byte 0"},
		{"tar-issue11169.tar", []row{fault("", premix.Corrupt)}, "byte 0: no tar header"},
		{"tar-issue12435.tar", []row{fault("", premix.Corrupt)}, "byte 0"},
		{"tar-gnu-sparse.tar", []row{ignored("sparse-gnu"), ignored("sparse-posix-0.0"), ignored("end"), ignored("sparse-posix-1.0")}, ""},
		{"tar-trailing-slash.tar", []row{ignored(strings.TrimSuffix(strings.Repeat("123456789/", 30), "/"))}, ""},
		{"tar-nil-uid.tar", []row{fault("P1050238.JPG.log", premix.Truncated)}, "without its end mark"},
		{"tar-hdr-only.tar", []row{ignored("dir"), ignored("fifo"), ignored("file"), ignored("hardlink"), ignored("null"), ignored("sda"), ignored("symlink"), ignored("badlink"), ignored("dir"), ignored("fifo"), ignored("file"), ignored("hardlink"), ignored("null"), ignored("sda"), ignored("symlink"), ignored("badlink")}, ""},
		{"tar-concatenated.tar", []row{ignored("file1"), ignored("file2")}, ""},
		{"tar-empty-filename.tar", []row{ignored("")}, ""},
		{"tar-invalid-pax-size.tar", []row{fault("", premix.Corrupt)}, "byte 0: no tar header"},
		{"tar-V-negative-size.tar", []row{fault("", premix.Corrupt)}, "byte 0"},
		{"tar-leading-slash.tar", []row{ignored("foo/file"), ignored("foo/hardlink")}, ""},
		{"tar-mac-metadata.tar", []row{ignored("._101_" + strings.Repeat("a", 95)), ignored("goodname")}, ""},
	}
	dir := sharedtest.Dir(t, "data", "oddities")
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			cat, rows := scan(t, Options{}, Input{"", filepath.Join(dir, test.file)})
			var want []row
			for _, r := range test.want {
				if r.Ignored || r.Name != "" {
					r.Name = test.file + "/" + r.Name
				} else {
					r.Name = test.file
				}
				want = append(want, r)
			}
			wantRows(t, want, rows)
			if why := reasons(t, cat, Options{}); !strings.Contains(why, test.why) {
				t.Errorf("%s does not say %q", why, test.why)
			}
		})
	}
}

func TestRealWebDataset(t *testing.T) {
	dir := sharedtest.Dir(t, "data", "oddities")
	_, rows := scan(t, Options{}, Input{"", filepath.Join(dir, "wds-valid-jpg-cls.tar")})
	if len(rows) != 10 {
		t.Errorf("%d rows: %v", len(rows), plain(rows))
	}
	for _, r := range rows {
		if r.Kind != "" || r.Ignored || r.Label < 0 || !strings.HasSuffix(r.Name, r.Key+".jpg") {
			t.Errorf("%v", r.plain())
		}
	}
}

// TestSparseImage: a sparse member cannot be range-read; it is named, and the next one is found.
func TestSparseImage(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(sharedtest.Dir(t, "data", "oddities"), "tar-gnu-sparse.tar"))
	if err != nil {
		t.Fatal(err)
	}
	clear(data[:100])
	copy(data, "a.jpg")
	sum := 0
	copy(data[148:156], "        ")
	for _, b := range data[:512] {
		sum += int(b)
	}
	copy(data[148:156], fmt.Sprintf("%06o\x00 ", sum))
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.tar"), data)
	cat, rows := scan(t, Options{}, Input{"", dir})
	wantRows(t, []row{fault("x.tar/a.jpg", premix.Unsupported), ignored("x.tar/sparse-posix-0.0"), ignored("x.tar/end"), ignored("x.tar/sparse-posix-1.0")}, rows)
	if why := reasons(t, cat, Options{}); !strings.Contains(why, "sparse") {
		t.Error(why)
	}
}

// TestTarDamage: what is readable around a defect is read.
func TestTarDamage(t *testing.T) {
	one := tarOf(t, file{"a.jpg", picture(0)}, file{"a.cls", []byte("1")})
	two := tarOf(t, file{"b.jpg", picture(1)}, file{"b.cls", []byte("2")})
	a, b := good("x.tar/a.jpg", "a", "", 1), good("x.tar/b.jpg", "b", "", 2)
	long := tarOf(t, samples(3)...)
	broken := bytes.Clone(long)
	second := bytes.Index(broken, []byte("s0001.cls"))
	broken[second+20] ^= 1 // the checksum is wrong now
	tests := []struct {
		name string
		data []byte
		want []row
		why  string
	}{
		{"concatenated", append(bytes.Clone(one), two...), []row{a, b}, ""},
		{"same twice", append(bytes.Clone(one), one...), []row{a, fault("x.tar/a.jpg", premix.Duplicate)}, "second sample"},
		{"garbage behind the end", append(bytes.Clone(one), bytes.Repeat([]byte("garbage "), 100)...), []row{a, fault("x.tar", premix.Corrupt)}, "what follows the end mark is no archive"},
		{"garbage in front", append(bytes.Repeat([]byte("garbage "), 64), one...), []row{fault("x.tar", premix.Corrupt), a}, "byte 0: no tar header"},
		{"no tar", bytes.Repeat([]byte("garbage "), 640), []row{fault("x.tar", premix.Corrupt)}, "no tar header"},
		{"empty", nil, []row{fault("x.tar", premix.Empty)}, "nothing in it"},
		{"only an end mark", make([]byte, 1024), []row{}, ""},
		{"broken header", broken, []row{good("x.tar/s0000.jpg", "s0000", "", 0), fault("x.tar/s0001.jpg", premix.Corrupt), good("x.tar/s0002.jpg", "s0002", "", 2)}, "a broken header"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, "x.tar"), test.data)
			cat, rows := scan(t, Options{}, Input{"", dir})
			wantRows(t, test.want, rows)
			if why := reasons(t, cat, Options{}); !strings.Contains(why, test.why) {
				t.Errorf("%s does not say %q", why, test.why)
			}
			if d := cmp.Diff(rows, readAll(t, cat, Options{ChunkImages: 1})); d != "" {
				t.Errorf("ChunkImages 1: %s", d)
			}
		})
	}
}
