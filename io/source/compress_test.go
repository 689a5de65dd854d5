package source

import (
	"bytes"
	"compress/bzip2"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/internal/tartest"
)

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// renamed are rows under another container name.
func renamed(rows []row, from, to string) []row {
	out := make([]row, len(rows))
	for i, r := range rows {
		r.Name = strings.Replace(r.Name, from, to, 1)
		out[i] = r
	}
	return out
}

func TestCompressedTar(t *testing.T) {
	plainTar := tarOf(t, samples(5)...)
	half := len(plainTar) / 2
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.tar"), plainTar)
	_, want := scan(t, Options{}, Input{"", filepath.Join(dir, "x.tar")})
	whole := tartest.Gzip(t, plainTar)
	tests := []struct {
		name, file string
		data       []byte
		kind       premix.FaultKind // of one more row, for the container
		why        string
	}{
		{"gzip", "x.tar.gz", whole, "", ""},
		{"tgz", "x.tgz", whole, "", ""},
		{"zstd", "x.tar.zst", tartest.Zstd(t, plainTar), "", ""},
		{"several members", "x.tar.gz", join(tartest.Gzip(t, plainTar[:half]), tartest.Gzip(t, plainTar[half:])), "", ""},
		{"several frames", "x.tar.zst", join(tartest.Zstd(t, plainTar[:half]), tartest.Zstd(t, plainTar[half:])), "", ""},
		{"zero padding", "x.tar.gz", join(whole, make([]byte, 1000)), "", ""},
		{"trailing garbage", "x.tar.gz", join(whole, []byte("garbage")), premix.Corrupt, "what follows the gzip stream"},
		{"trailing garbage", "x.tar.zst", join(tartest.Zstd(t, plainTar), []byte("garbage")), premix.Corrupt, "zstd stream is broken"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, test.file), test.data)
			cat, rows := scan(t, Options{}, Input{"", dir})
			expect := renamed(want, "x.tar", test.file)
			if test.kind != "" {
				expect = append(expect, fault(test.file, test.kind))
			}
			if d := cmp.Diff(expect, rows); d != "" {
				t.Error(d)
			}
			if why := reasons(t, cat, Options{}); !strings.Contains(why, test.why) {
				t.Errorf("%q does not say %q", why, test.why)
			}
			if d := cmp.Diff(rows, readAll(t, cat, Options{ChunkImages: 1})); d != "" {
				t.Errorf("ChunkImages 1: %s", d)
			}
		})
	}
}

// TestBzip2 reads a tar that Python has compressed: several streams are one, damage is named.
func TestBzip2(t *testing.T) {
	whole, err := io.ReadAll(bzip2.NewReader(bytes.NewReader(tartest.Bzip2)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.tar"), whole)
	_, want := scan(t, Options{}, Input{"", filepath.Join(dir, "x.tar")})
	flipped := bytes.Clone(tartest.Bzip2)
	flipped[len(flipped)/2] ^= 1
	for _, test := range []struct {
		name, file string
		data       []byte
		good       int
		why        string
	}{
		{"tar.bz2", "x.tar.bz2", tartest.Bzip2, 4, ""},
		{"tbz2", "x.tbz2", tartest.Bzip2, 4, ""},
		{"tbz", "x.tbz", tartest.Bzip2, 4, ""},
		{"two streams", "x.tar.bz2", join(tartest.Bzip2, tartest.Bzip2), 4, "a second sample with the key s0000"},
		{"garbage", "x.tar.bz2", join(tartest.Bzip2, []byte("garbage")), 4, "the bzip2 stream is broken"},
		{"cut", "x.tar.bz2", tartest.Bzip2[:len(tartest.Bzip2)-5], 4, "the bzip2 stream ends early"},
		{"broken", "x.tar.bz2", flipped, 0, "the bzip2 stream is broken"},
		{"no bzip2", "x.tar.bz2", tartest.Gzip(t, whole), 4, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, test.file), test.data)
			cat, rows := scan(t, Options{}, Input{"", dir})
			good, bad := count(rows)
			if why := reasons(t, cat, Options{}); good != test.good || (bad > 0) != (test.why != "") || !strings.Contains(why, test.why) {
				t.Errorf("%d good, %d bad: %q, want %q", good, bad, why, test.why)
			}
			if d := cmp.Diff(renamed(want, "x.tar", test.file), rows); test.why == "" && d != "" {
				t.Error(d)
			}
		})
	}
}

// TestCompressedTruncated cuts compressed tars anywhere: what could be read is used, and one row
// tells of the cut.
func TestCompressedTruncated(t *testing.T) {
	plainTar := tarOf(t, samples(3)...)
	for file, data := range map[string][]byte{"x.tar.gz": tartest.Gzip(t, plainTar), "x.tar.zst": tartest.Zstd(t, plainTar)} {
		dir := t.TempDir()
		for n := 1; n < len(data); n += 1 + len(data)/60 {
			put(t, filepath.Join(dir, file), data[:n])
			_, rows := scan(t, Options{}, Input{"", dir})
			faults := 0
			for _, r := range rows {
				if r.Kind != "" && r.Kind != premix.NoLabel {
					faults++
				}
			}
			if faults != 1 {
				t.Errorf("%s cut at %d of %d: %v", file, n, len(data), plain(rows))
			}
		}
	}
}

// TestCompressionIn has the shortest streams of each kind, and files that begin almost like them.
func TestCompressionIn(t *testing.T) {
	for head, want := range map[string]string{
		"BZh9\x17rE8P\x90\x00\x00\x00\x00":   bzipped, // of nothing
		"BZh11AY&SY\x00\x00\x00\x00":         bzipped,
		"BZh01AY&SY\x00\x00\x00\x00":         "",
		"BZh9 is a text":                     "",
		"BZh9\x17rE8":                        "",
		string(tartest.Gzip(t, nil)):         gzipped,
		string(tartest.Zlib(t, nil)):         zlibbed,
		string(tartest.Zstd(t, nil)):         zstandard,
		string(tartest.Zstd(t, []byte("x"))): zstandard,
	} {
		if got := compressionIn([]byte(head)); got != want {
			t.Errorf("%q: %q, want %q", head, got, want)
		}
	}
}
