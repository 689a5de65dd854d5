package source

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/internal/tartest"
)

// TestOutputBound: what comes out of a stream is bounded by what went in, in each of its members
// together, and does not depend on how the bytes arrive.
func TestOutputBound(t *testing.T) {
	lowerFreeOutput(t)
	zeros, noise := make([]byte, 1<<20), make([]byte, 4<<20)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	tests := []struct {
		name, kind string
		data       []byte
		bomb       bool
	}{
		{"gzip of zeros", gzipped, tartest.Gzip(t, make([]byte, 4<<20)), true},
		{"gzip of zeros in members", gzipped, bytes.Repeat(tartest.Gzip(t, zeros), 4), true},
		{"zlib of zeros", zlibbed, tartest.Zlib(t, make([]byte, 4<<20)), true},
		{"zstd of zeros", zstandard, tartest.Zstd(t, make([]byte, 4<<20)), true},
		{"zstd of zeros in frames", zstandard, bytes.Repeat(tartest.Zstd(t, zeros), 4), true},
		{"gzip of noise", gzipped, tartest.Gzip(t, noise), false},
		{"zstd of noise", zstandard, tartest.Zstd(t, noise), false},
		{"gzip of noise and zeros", gzipped, tartest.Gzip(t, join(noise[:1<<20], zeros, zeros, zeros)), false},
		{"gzip of few zeros", gzipped, tartest.Gzip(t, zeros), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			read := func(r io.Reader) (int64, error) {
				raw := &rawReader{ctx: t.Context(), r: io.NopCloser(r), max: int64(len(test.data))}
				u := &unpacker{raw: raw, br: bufio.NewReaderSize(raw, 64<<10), kind: test.kind}
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

// lowerFreeOutput makes bombs of a test small.
func lowerFreeOutput(t *testing.T) {
	before := freeOutput
	t.Cleanup(func() { freeOutput = before })
	freeOutput = 1 << 20
}

// onlyReader hides WriteTo and the like.
type onlyReader struct{ io.Reader }

// TestInterruptUnpacking: an unpacker ends with its context, in a stream and in what is between streams. Both give
// it more to read for as long as it asks, of which a tar would pass over all in one go.
func TestInterruptUnpacking(t *testing.T) {
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	for name, piece := range map[string][]byte{"members": tartest.Gzip(t, noise), "zeros": make([]byte, 1<<20)} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			e := &endless{first: tartest.Gzip(t, noise), piece: piece, stop: stop}
			raw := &rawReader{ctx: ctx, r: io.NopCloser(e), max: 1 << 50}
			u := &unpacker{raw: raw, br: bufio.NewReaderSize(raw, 64<<10), kind: gzipped}
			if _, err := io.Copy(io.Discard, onlyReader{u}); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
}

// endless gives first and then pieces, stops a context in the midst of them, and fails if it is read after that.
type endless struct {
	first, piece []byte
	rest         []byte
	reads        int
	stop         func()
}

func (e *endless) Read(p []byte) (int, error) {
	switch e.reads++; {
	case e.reads == 1:
		e.rest = e.first
	case e.reads == 100:
		e.stop()
	case e.reads > 100:
		return 0, errors.New("it is read on")
	}
	if len(e.rest) == 0 {
		e.rest = e.piece
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// zerosBzip2 is what bzip2 makes of 8 MiB of zeros.
const zerosBzip2 = "425a6839314159265359a23d4b580040404080c00000040008200030cc0529a60100d8808078bb9229c2848511ea5ac0"

// TestBombs: a bomb behind good samples is one row of the kind limit, and what came before it is used, in each
// reading of the container, as peaks and mix read it.
func TestBombs(t *testing.T) {
	lowerFreeOutput(t)
	zeros := make([]byte, 8<<20)
	good := samples(3)
	tar := tarOf(t, append(slices.Clone(good), file{"s0003.jpg", zeros}, file{"s0004.cls", []byte("1")}, file{"s0004.jpg", picture(4)})...)
	records := recordsOf(slim(0, 1), slim(1, 2), slim(2, 3), zeros, slim(0, 1))
	packed, err := hex.DecodeString(zerosBzip2)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"x.tar.gz": tartest.Gzip(t, tar), "x.tar.zst": tartest.Zstd(t, tar), "x.tar.bz2": join(tartest.Bzip2, packed),
		"x.tfrecord.gz": tartest.Gzip(t, records), "x.tfrecord.zlib": tartest.Zlib(t, records),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			put(t, path, data)
			cat, rows := scan(t, Options{}, Input{"", path})
			want := 3
			if name == "x.tar.bz2" {
				want = 4
			}
			if good, bad := count(rows); good != want || bad != 1 || rows[want].Kind != premix.TooLarge {
				t.Errorf("%v", plain(rows))
			}
			if why := reasons(t, cat, Options{}); !strings.Contains(why, " stream unpacks to more than 1048576 bytes and 256 times what it takes, ") {
				t.Error(why)
			}
			if d := cmp.Diff(rows, readAll(t, cat, Options{ChunkImages: 1})); d != "" {
				t.Errorf("ChunkImages 1: %s", d)
			}
		})
	}
}
