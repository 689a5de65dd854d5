package source

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/premix/premix"
)

// readSure is Read of what is not in doubt, as the stages call it.
func readSure(t *testing.T, ch Chunk, o Options, yield func(Entry) error) error {
	t.Helper()
	ch.Doubt = DoubtOf(Read(t.Context(), ch, o, 0, func(Entry) error { return nil }))
	return Read(t.Context(), ch, o, 0, yield)
}

// TestDoubt: where a compressed tar proves to be broken, no image is used that its checksums do not vouch for. What
// was before a cut, or before something else, is.
func TestDoubt(t *testing.T) {
	whole := tarOf(t, samples(9)...)
	first := bytes.Index(whole, []byte("s0003.cls")) // the first three samples are before it
	var parts []file                                 // in several blocks of zstd
	for i := range 9 {
		noise := bytes.Repeat(picture(i), 1+60000/len(picture(i)))
		for k := range noise {
			noise[k] += byte(k*k>>9) & 1
		}
		copy(noise, picture(i))
		parts = append(parts, file{fmt.Sprint(i, ".jpg"), noise}, file{fmt.Sprint(i, ".cls"), []byte("1")})
	}
	large := tarOf(t, parts...)
	gz := gzipOf(t, whole)
	stored := bytes.Clone(gz) // another label, in a block that is not compressed
	stored[bytes.Index(stored, []byte("s0004.cls"))+512]++
	flip := func(data []byte, fromEnd int) []byte {
		data = bytes.Clone(data)
		data[len(data)-fromEnd] ^= 1
		return data
	}
	w, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(false))
	if err != nil {
		t.Fatal(err)
	}
	unchecked := w.EncodeAll(large, nil)
	bz, err := os.ReadFile(filepath.Join("testdata", "four.tar.bz2"))
	if err != nil {
		t.Fatal(err)
	}
	badBlock := bytes.Clone(bz) // its checksum is behind its magic
	badBlock[10] ^= 1
	tests := []struct {
		name, file    string
		data          []byte
		good, doubted int
	}{
		{"whole", "x.tar.gz", gz, 9, 0},
		{"a label of a stored block", "x.tar.gz", stored, 0, 9},
		{"the checksum", "x.tar.gz", flip(gz, 6), 0, 9},
		{"the length", "x.tar.gz", flip(gz, 2), 0, 9},
		{"the checksum of the last member", "x.tar.gz", join(gzipOf(t, whole[:first]), flip(gzipOf(t, whole[first:]), 6)), 2, 7}, // the third could go on in the second member
		{"the checksum of the first member", "x.tar.gz", join(flip(gzipOf(t, whole[:first]), 6), gzipOf(t, whole[first:])), 0, 3},
		{"the header of the second member", "x.tar.gz", join(gzipOf(t, whole[:first]), []byte("\x1f\x8b\x07"), gzipOf(t, whole[first:])), 3, 0},
		{"something behind it", "x.tar.gz", join(gz, []byte("garbage")), 9, 0},
		{"a cut", "x.tar.gz", gz[:len(gz)-9], 9, 0},
		{"zlib", "x.tar", flip(zlibOf(t, whole), 1), 0, 9},
		{"zstd", "x.tar.zst", flip(zstdOf(t, large), 1), 0, 9},
		{"zstd of one block", "x.tar.zst", flip(zstdOf(t, whole), 1), 0, 0},
		{"zstd in frames", "x.tar.zst", join(zstdOf(t, whole[:first]), flip(zstdOf(t, whole[first:]), 1)), 0, 3}, // where one ends is not known
		{"something behind zstd", "x.tar.zst", join(zstdOf(t, whole), []byte("garbage")), 9, 0},
		{"zstd without a checksum", "x.tar.zst", join(unchecked[:len(unchecked)-3], []byte("garbage")), 0, 9},
		{"zstd, cut", "x.tar.zst", zstdOf(t, large)[:len(zstdOf(t, large))-5], 8, 0},
		{"bzip2, a block", "x.tar.bz2", badBlock, 0, 4},
		{"bzip2, the checksum of the file", "x.tar.bz2", flip(bz, 3), 0, 4},
		{"bzip2, cut", "x.tar.bz2", bz[:len(bz)-5], 4, 0},
		{"a class", "n01440764.tar", flip(gzipOf(t, tarOf(t, file{"a.JPEG", picture(0)}, file{"b.JPEG", picture(1)})), 6), 0, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, test.file), test.data)
			_, rows := scan(t, Options{}, Input{"", dir})
			good, doubted, rest := 0, 0, 0
			for _, r := range rows {
				switch {
				case r.Ignored:
				case r.Kind == "":
					good++
				case r.Name == test.file || r.Kind == premix.Truncated:
					rest++
				case r.Kind == premix.Corrupt && r.Label == -1 && r.Digest == premix.Digest{}:
					doubted++
				}
			}
			if good != test.good || doubted != test.doubted {
				t.Errorf("%d good, %d in doubt, want %d, %d: %v", good, doubted, test.good, test.doubted, plain(rows))
			}
			if want := min(1, len(rows)-good-doubted); rest != want {
				t.Errorf("%d rows of the file, want %d: %v", rest, want, plain(rows))
			}
		})
	}
}
