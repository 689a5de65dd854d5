package blob

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// Trap 8: every store answers a range behind the end in its own way.
func testRange(t *testing.T, h *harness) {
	uri := h.root + "/range"
	if err := WriteFile(ctx, uri, []byte("0123456789")); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		off, n int64
		want   string
		bad    bool
	}{
		{0, 10, "0123456789", false}, {0, -1, "0123456789", false}, {3, 4, "3456", false}, {3, -1, "3456789", false},
		{10, 0, "", false}, {10, -1, "", false}, {0, 0, "", false},
		{10, 1, "", true}, {11, 0, "", true}, {11, -1, "", true}, {5, 6, "", true}, {5, 1 << 40, "", true}, {5, 1 << 62, "", true},
	}
	for _, tt := range tests {
		got, err := ReadRange(ctx, nil, uri, tt.off, tt.n)
		if string(got) != tt.want || errors.Is(err, io.ErrUnexpectedEOF) != tt.bad || (err != nil) != tt.bad {
			t.Errorf("ReadRange(%d, %d) = %q, %v", tt.off, tt.n, got, err)
		}
		var all []byte
		r, err := OpenRange(ctx, uri, tt.off, tt.n)
		if err == nil {
			all, err = io.ReadAll(r)
			r.Close()
		}
		if string(all) != tt.want || errors.Is(err, io.ErrUnexpectedEOF) != tt.bad || (err != nil) != tt.bad {
			t.Errorf("OpenRange(%d, %d) = %q, %v", tt.off, tt.n, all, err)
		}
	}
	buf := make([]byte, 2, 100)
	if got, err := ReadRange(ctx, buf, uri, 2, 5); err != nil || string(got) != "23456" || &got[0] != &buf[0] {
		t.Errorf("the memory of dst is not used: %q, %v", got, err)
	}
	for _, n := range []int64{0, 3, -1} {
		if _, err := ReadRange(ctx, nil, uri+"x", 0, n); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("missing object: %v", err)
		}
	}
	empty := h.root + "/empty"
	if err := WriteFile(ctx, empty, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadRange(ctx, nil, empty, 0, -1); err != nil || len(got) != 0 {
		t.Errorf("empty object: %q, %v", got, err)
	}
	if _, err := ReadRange(ctx, nil, uri, -1, 5); err == nil {
		t.Error("negative offset")
	}
	if _, err := ReadAll(ctx, uri, 9); !errors.Is(err, ErrLimit) {
		t.Errorf("limit: %v", err)
	}
	for limit, want := range map[int64]bool{9: false, 10: true} {
		r, err := OpenLimited(ctx, uri, limit)
		if err != nil {
			t.Fatal(err)
		}
		p, err := io.ReadAll(r)
		if r.Close(); want != (err == nil && len(p) == 10) || !want && (!errors.Is(err, ErrLimit) || len(p) > 9) {
			t.Errorf("at most %d: %d bytes, %v", limit, len(p), err)
		}
	}
	if p, err := ReadAll(ctx, uri, 10); err != nil || len(p) != 10 {
		t.Errorf("limit: %v", err)
	}
}

// An object that is replaced or grows is read as it is now, though the handle of a local file is kept.
func testSeesChanges(t *testing.T, h *harness) {
	p := h.root + "/f"
	for i, s := range []string{"aaaaaaaa", "bbbbbbbbbb", "cccc", "dddd"} {
		if err := WriteFile(ctx, p, []byte(s)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			got, err := ReadRange(ctx, nil, p, 1, 3)
			if err != nil || string(got) != s[1:4] {
				t.Errorf("version %d: %q, %v", i, got, err)
			}
		}
	}
	if err := Remove(ctx, p); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadRange(ctx, nil, p, 1, 3); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}
}

func testOpenAt(t *testing.T, h *harness) {
	uri := h.root + "/f"
	if err := WriteFile(ctx, uri, []byte("0123456789")); err != nil {
		t.Fatal(err)
	}
	r, err := OpenAt(ctx, uri)
	if err != nil {
		t.Fatal(err)
	}
	if r.Size() != 10 {
		t.Errorf("size %d", r.Size())
	}
	got, err := io.ReadAll(io.NewSectionReader(r, 2, 100))
	if err != nil || string(got) != "23456789" {
		t.Errorf("%s: %q, %v", uri, got, err)
	}
	if n, err := r.ReadAt(make([]byte, 4), 8); n != 2 || err != io.EOF {
		t.Errorf("%s: %d, %v at the end", uri, n, err)
	}
	if n, err := r.ReadAt(make([]byte, 1), 11); n != 0 || err == nil {
		t.Errorf("%s: %d, %v past the end", uri, n, err)
	}
	if n, err := r.ReadAt(make([]byte, 1), -1); n != 0 || err == nil {
		t.Errorf("%s: %d, %v before the start", uri, n, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := OpenAt(ctx, uri+"x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}

// pattern is data in which no two places look alike.
func pattern(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i * i >> 9)
	}
	return data
}

// Reading on and on and reading here and there, both at once and from many goroutines, gives the
// right bytes.
func testReadAt(t *testing.T, h *harness) {
	data := pattern(3<<20 + 17)
	uri := h.root + "/ahead"
	if err := WriteFile(ctx, uri, data); err != nil {
		t.Fatal(err)
	}
	r, err := OpenAt(ctx, uri)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	copyInPieces(t, r, data)
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			off, p := int64(g*400_000), make([]byte, 5000)
			for i := range 20 {
				if _, err := r.ReadAt(p, off); err != nil || !bytes.Equal(p, data[off:off+5000]) {
					t.Errorf("at %d: %v", off, err)
					return
				}
				if off += 5000; i%7 == 6 {
					off = int64((i*7919 + g*104729) % (len(data) - 5000))
				}
			}
		})
	}
	wg.Wait()
}

// copyInPieces reads all of an object in pieces of 3000 bytes.
func copyInPieces(t *testing.T, r ReaderAt, want []byte) {
	t.Helper()
	var all bytes.Buffer
	if _, err := io.CopyBuffer(struct{ io.Writer }{&all}, struct{ io.Reader }{io.NewSectionReader(r, 0, r.Size())}, make([]byte, 3000)); err != nil || !bytes.Equal(all.Bytes(), want) {
		t.Errorf("%d bytes, %v", all.Len(), err)
	}
}

// Trap 11: a reader that nobody closes is reported through package log.
func testReadersAreClosed(t *testing.T, h *harness) {
	var out bytes.Buffer
	log.SetOutput(&out)
	defer log.SetOutput(log.Default().Writer())
	uri := h.root + "/closed"
	if err := WriteFile(ctx, uri, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{0, 10, -1, 2000} {
		ReadRange(ctx, nil, uri, 10, n)
		if r, err := OpenRange(ctx, uri, 10, n); err == nil {
			r.Read(make([]byte, 5))
			r.Close()
		}
	}
	ReadAll(ctx, uri, 10)
	r, err := OpenAt(ctx, uri)
	if err != nil {
		t.Fatal(err)
	}
	r.ReadAt(make([]byte, 10), 995)
	for range 3 {
		runtime.GC()
	}
	if s := out.String(); strings.Contains(s, "never closed") {
		t.Error(s)
	}
}
