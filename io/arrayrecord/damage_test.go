package arrayrecord

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/io/window"
)

// windowAt is over [from, end) of a file; end −1 is up to its footer.
func windowAt(data []byte, from, end int64) *window.Window {
	return window.At(bytes.NewReader(data), from, end, int64(len(data)))
}

// many are records of which each has more than a block.
func many(n int) (list []string) {
	for i := range n {
		list = append(list, strings.Repeat(fmt.Sprintf("record %04d ", i), 9000+100*i))
	}
	return list
}

// TestDamage changes a byte of each part of a file. A strict reader and one that goes on find what is given here; no
// record is another one than was written.
func TestDamage(t *testing.T) {
	want := many(6)
	file := write(t, want...)
	x, err := ReadIndex(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	at := func(i int) int { return int(x.Chunks[i].Offset) }
	const block = 3 * blockSize // in record 1 or 2
	for _, tt := range []struct {
		name   string
		at     int
		kind   Kind
		rescue int   // records that are left
		lost   int64 // in the first fault of a reader that goes on
	}{
		{"signature", 30, BadHead, 5, x.Chunks[1].Offset},
		{"first block header", 3, BadHead, 6, 0},
		{"chunk header", at(2) + 20, BadHead, 5, x.Chunks[3].Offset - x.Chunks[2].Offset},
		{"kind", at(2) + 24, BadHead, 5, x.Chunks[3].Offset - x.Chunks[2].Offset},
		{"data", at(2) + 2000, BadData, 5, 0},
		{"block header", block + 3, BadData, 5, 0},
		{"previous chunk", block + 10, BadData, 5, 0},
		{"footer", int(x.End) + 60, BadFooter, 6, unknown},
		{"padding", len(file) - blockSize - 100, BadFooter, 6, unknown},
		{"postscript", len(file) - blockSize + 80, BadFooter, 6, unknown},
		{"last padding", len(file) - 100, BadFooter, 6, 0},
	} {
		damaged := bytes.Clone(file)
		damaged[tt.at] ^= 0x10
		_, _, faults, err := read(NewReader(bytes.NewReader(damaged), 0))
		var e *Error
		if !errors.As(err, &e) && len(faults) == 1 {
			e = faults[0]
		}
		if e == nil || e.Kind != tt.kind || len(faults) > 0 && err != nil {
			t.Errorf("%s: a strict reader says %v, %v", tt.name, faults, err)
		}
		got, _, faults, err := read(Open(windowAt(damaged, 0, -1), Options{Rescue: true}))
		if err != nil || len(got) != tt.rescue || len(faults) > 1 {
			t.Errorf("%s: %d records, %v, %v", tt.name, len(got), faults, err)
		}
		if len(faults) > 0 && faults[0].Lost != tt.lost {
			t.Errorf("%s: %d bytes are lost, want %d: %v", tt.name, faults[0].Lost, tt.lost, faults[0])
		}
		for _, r := range got {
			if !slices.Contains(want, r) {
				t.Errorf("%s: a record that was not written", tt.name)
			}
		}
	}
}

// TestFlipped: each byte of a file that is changed is found by a strict reader.
func TestFlipped(t *testing.T) {
	want := []string{"first", strings.Repeat("x", 70_000), "third"}
	file := write(t, want...)
	for i := range file {
		if i > 64 && i%97 > 0 && bytes.Count(file[i-64:min(i+64, len(file))], file[i:i+1]) == len(file[i-64:min(i+64, len(file))]) {
			continue // in the middle of equal bytes
		}
		file[i] ^= 1 << (i % 8)
		got, _, faults, err := read(NewReader(bytes.NewReader(file), 1<<20))
		file[i] ^= 1 << (i % 8)
		if err == nil && len(faults) == 0 {
			t.Fatalf("byte %d: not detected", i)
		}
		for _, r := range got {
			if !slices.Contains(want, r) {
				t.Fatalf("byte %d: a record that was not written", i)
			}
		}
	}
}

// TestTruncated: a file that is cut off is never a whole one, and what is before the cut is read.
func TestTruncated(t *testing.T) {
	want := many(3)
	file := write(t, want...)
	x, err := ReadIndex(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(file); n += 509 {
		whole := 0
		for i := range want {
			if end := append(x.Chunks[1:], Entry{Offset: x.End})[i].Offset; int64(n) >= end {
				whole++
			}
		}
		for name, w := range map[string]*window.Window{"file": windowAt(file[:n], 0, -1), "stream": window.Stream(bytes.NewReader(file[:n]), 0, -1, -1)} {
			got, _, faults, err := read(Open(w, Options{Rescue: true}))
			if err != nil || len(faults) != 1 || !slices.Equal(got, want[:whole]) {
				t.Fatalf("%s cut to %d bytes: %d records, %v, %v", name, n, len(got), faults, err)
			}
		}
		if _, err := ReadIndex(bytes.NewReader(file[:n]), int64(n)); err != ErrNoIndex {
			t.Errorf("cut to %d bytes: index: %v", n, err)
		}
	}
}

// TestFooter: a footer that lists other records than there are is an error, though its hashes are right.
func TestFooter(t *testing.T) {
	for name, break_ := range map[string]func(*Writer){
		"one more":     func(w *Writer) { w.entry(appendEntry(nil, 70, 5, 1)); w.count++ },
		"count":        func(w *Writer) { w.count++ },
		"other place":  func(w *Writer) { w.entries[len(w.entries)-5]++ },
		"other length": func(w *Writer) { w.entries[len(w.entries)-3]++ },
		"garbage":      func(w *Writer) { w.entries[0] = 0xff },
	} {
		var buf bytes.Buffer
		w := NewWriter(&buf)
		for _, r := range []string{"first", "second"} {
			if err := w.Write([]byte(r)); err != nil {
				t.Fatal(err)
			}
		}
		break_(w)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got, _, _, err := read(NewReader(&buf, 0))
		var e *Error
		if len(got) != 2 || !errors.As(err, &e) || e.Kind != BadFooter {
			t.Errorf("%s: %d records, %v", name, len(got), err)
		}
	}
}

// TestFooterLike: a record that looks like a footer is a record.
func TestFooterLike(t *testing.T) {
	want := []string{"a", string(appendMetadata(nil, 1, 1, writerOptions)), "b", strings.Repeat("x", blockSize), string(appendMetadata(nil, 5, 5, ""))}
	got, _, faults, err := read(NewReader(bytes.NewReader(write(t, want...)), 0))
	if err != nil || len(faults) > 0 || !slices.Equal(got, want) {
		t.Errorf("%d records, %v, %v", len(got), faults, err)
	}
}

// TestLimit: a record above the limit is not read, and those after it are.
func TestLimit(t *testing.T) {
	file := write(t, "first", strings.Repeat("x", 100_000), "third")
	got, _, faults, err := read(NewReader(bytes.NewReader(file), 50_000))
	if err != nil || len(faults) != 1 || faults[0].Kind != TooLong || !slices.Equal(got, []string{"first", "third"}) {
		t.Errorf("%d records, %v, %v", len(got), faults, err)
	}
	file, _ = library(t, "zstd")
	got, _, faults, err = read(NewReader(bytes.NewReader(file), 50_000))
	if err != nil || len(faults) != 1 || faults[0].Record != 17 || len(got) != 99 {
		t.Errorf("%d records, %v, %v", len(got), faults, err)
	}
}

// TestInterrupted ends the reading where the caller says so.
func TestInterrupted(t *testing.T) {
	stop := errors.New("stop")
	file := write(t, many(20)...)
	file[at20(t, file)] ^= 1
	for _, after := range []int{0, 3, 8} {
		n := 0
		r := Open(windowAt(file, 0, -1), Options{Rescue: true, Interrupted: func() error {
			if n++; n > after {
				return stop
			}
			return nil
		}})
		var err error
		for err == nil || !errors.Is(err, stop) && err != io.EOF {
			_, err = r.Next()
		}
		if !errors.Is(err, stop) || n != after+1 {
			t.Errorf("after %d: %v, asked %d times", after, err, n)
		}
	}
}

// at20 is a byte of the header of the third chunk.
func at20(t *testing.T, file []byte) int {
	t.Helper()
	x, err := ReadIndex(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return int(x.Chunks[2].Offset) + 20
}
