package source

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/io/tfrecord"
)

// TestOutputBound: what comes out of a stream is bounded by what went in, in each of its members
// together, and does not depend on how the bytes arrive.
func TestOutputBound(t *testing.T) {
	zeros, noise := make([]byte, 1<<20), make([]byte, 4<<20)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	tests := []struct {
		name, kind string
		data       []byte
		bomb       bool
	}{
		{"gzip of zeros", gzipped, gzipOf(t, make([]byte, 4<<20)), true},
		{"gzip of zeros in members", gzipped, bytes.Repeat(gzipOf(t, zeros), 4), true},
		{"zlib of zeros", zlibbed, zlibOf(t, make([]byte, 4<<20)), true},
		{"zstd of zeros", zstandard, zstdOf(t, make([]byte, 4<<20)), true},
		{"zstd of zeros in frames", zstandard, bytes.Repeat(zstdOf(t, zeros), 4), true},
		{"gzip of noise", gzipped, gzipOf(t, noise), false},
		{"zstd of noise", zstandard, zstdOf(t, noise), false},
		{"gzip of noise and zeros", gzipped, gzipOf(t, join(noise[:1<<20], zeros, zeros, zeros)), false},
		{"gzip of few zeros", gzipped, gzipOf(t, zeros), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			read := func(r io.Reader) (int64, error) {
				raw := &rawReader{r: io.NopCloser(r), max: int64(len(test.data))}
				u := &unpacker{raw: raw, br: bufio.NewReaderSize(raw, 64<<10), kind: test.kind, free: 1 << 20}
				defer u.Close()
				return io.Copy(io.Discard, onlyReader{u})
			}
			n, err := read(bytes.NewReader(test.data))
			again, err2 := read(drip{bytes.NewReader(test.data)})
			f := premix.AsFault(err)
			if test.bomb != (f != nil && f.Kind == premix.TooLarge) || !test.bomb && err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
			if n != again || (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
				t.Errorf("%d bytes, %v, and by drips %d bytes, %v", n, err, again, err2)
			}
		})
	}
}

// onlyReader hides WriteTo and the like.
type onlyReader struct{ io.Reader }

// TestBomb: a shard of 10 GiB of zeros ends by the limit, as one row, with what came before.
func TestBomb(t *testing.T) {
	if testing.Short() {
		t.Skip("unpacks more than 1 GiB")
	}
	zeros := make([]byte, 64<<20)
	good := tfrecord.Append(nil, slim(0, 1))
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a.tfrecord.gz"), join(gzipOf(t, good), bytes.Repeat(gzipOf(t, zeros), 160)))
	cat, err := Discover(t.Context(), []Input{{"", dir}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^a.tfrecord.gz/000000001: limit: record 1 at byte \d+: length checksum mismatch: no record follows, \d+ bytes are lost; the gzip stream unpacks to more than 1073741824 bytes and 256 times what it takes, after \d+ compressed bytes; .*\n$`)
	if why := reasons(t, cat, Options{}); !want.MatchString(why) {
		t.Error(why)
	}
}
