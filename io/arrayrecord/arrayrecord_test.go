package arrayrecord

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

func write(t testing.TB, records ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := NewWriter(&buf)
	payload := 0
	for _, r := range records {
		if err := w.Write([]byte(r)); err != nil {
			t.Fatal(err)
		}
		payload += len(r)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := w.Payload(); got != int64(payload) {
		t.Errorf("payload of %d bytes, want %d", got, payload)
	}
	return buf.Bytes()
}

// read returns the records, the errors after which reading went on, and what ended it.
func read(r *Reader) (records []string, offsets []int64, faults []*Error, err error) {
	for {
		data, err := r.Next()
		var e *Error
		switch {
		case err == nil:
			records = append(records, string(data))
			offsets = append(offsets, r.Offset())
			continue
		case err == io.EOF:
			err = nil
		case errors.As(err, &e) && (r.o.Rescue || e.Kind == BadData || e.Kind == TooLong || e.Kind == Unsupported):
			faults = append(faults, e)
			continue
		}
		if _, again := r.Next(); err != nil && again != err || err == nil && again != io.EOF {
			err = errors.Join(err, again, errors.New("the end is not final"))
		}
		return records, offsets, faults, err
	}
}

// library returns a file that array_record wrote, and its records; see testdata/made.py.
func library(t testing.TB, name string) ([]byte, []string) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".array_record.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var records []string
	for i := 0; i < 100 && name != "empty"; i++ {
		size := i * i * 7 % 4001
		if i == 17 {
			size = 150_000
		}
		r := make([]byte, size)
		for k := range r {
			r[k] = byte((k + i) % 251)
		}
		records = append(records, string(r))
	}
	return data, records
}

// TestHash compares with what the library writes: of no data, and of the first 64 bytes.
func TestHash(t *testing.T) {
	if got := hashOf(nil); got != 0x72c3b1e9c0139fe1 {
		t.Errorf("hash of nothing: %#x", got)
	}
	const want = "83af70d10d884a3f0000000000000000400000000000000091bac23c9287e1a90000000000000000e19f13c0e9b1c3727300000000000000" + "0000000000000000"
	if got := hex.EncodeToString([]byte(signature)); got != want {
		t.Errorf("signature %s", got)
	}
}

// TestLibrary reads files that array_record wrote, with each of its options.
func TestLibrary(t *testing.T) {
	for name, reports := range map[string]int{"plain": 0, "tfds": 101, "group": 16, "zstd": 31, "brotli": 31, "snappy": 31, "padded": 4, "empty": 1} {
		data, want := library(t, name)
		n := 0
		r := NewReader(bytes.NewReader(data), 0)
		r.o.Report = func(int64, string) { n++ }
		got, _, faults, err := read(r)
		if err != nil || len(faults) > 0 {
			t.Errorf("%s: %v, %v", name, err, faults)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if n != reports {
			t.Errorf("%s: %d reports, want %d", name, n, reports)
		}
		x, err := ReadIndex(bytes.NewReader(data), int64(len(data)))
		if err != nil || x.Records != int64(len(want)) {
			t.Fatalf("%s: index %+v, %v", name, x, err)
		}
		checkIndex(t, name, data, x, want)
	}
}

// checkIndex reads each chunk of an index by itself.
func checkIndex(t *testing.T, name string, data []byte, x *Index, want []string) {
	t.Helper()
	first := int64(0)
	for i, e := range x.Chunks {
		end := x.End
		if i+1 < len(x.Chunks) {
			end = x.Chunks[i+1].Offset
		}
		r := Open(windowAt(data, e.Offset, end), Options{First: first, Rescue: true})
		got, _, faults, err := read(r)
		if err != nil || len(faults) > 0 || !slices.Equal(got, want[first:first+e.Records]) {
			t.Fatalf("%s: chunk %d: %d records, %v, %v", name, i, len(got), faults, err)
		}
		if first += e.Records; r.Record() != first-1 {
			t.Errorf("%s: chunk %d ends with record %d", name, i, r.Record())
		}
	}
}

// TestSameBytes writes what the library wrote, byte for byte.
func TestSameBytes(t *testing.T) {
	data, records := library(t, "plain")
	if got := write(t, records...); !bytes.Equal(got, data) {
		t.Errorf("%d bytes, the library has %d, and they differ at byte %d", len(got), len(data), differAt(got, data))
	}
}

func differAt(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// TestTransposed loses each record of a transposed chunk with its number, and says what to do.
func TestTransposed(t *testing.T) {
	data, records := library(t, "transposed")
	got, _, faults, err := read(NewReader(bytes.NewReader(data), 0))
	if err != nil || len(got) > 0 || len(faults) < len(records) {
		t.Fatalf("%d records, %d faults, %v", len(got), len(faults), err)
	}
	for i, f := range faults[:len(records)] {
		if f.Kind != Unsupported || f.Record != int64(i) || !strings.Contains(f.Error(), "transpose:false") {
			t.Errorf("fault %d: %v", i, f)
		}
	}
}

// TestEdges has records that end close to a multiple of 65,536 bytes, in each place of the header of the next chunk.
func TestEdges(t *testing.T) {
	for left := range 90 {
		// The first chunk begins at byte 64 and has 40 bytes of header, and 5 before the record.
		first := strings.Repeat("x", blockSize-64-40-5-left)
		want := []string{first, "second", strings.Repeat("y", blockSize-left), "", "last"}
		data := write(t, want...)
		if len(data)%blockSize != 0 {
			t.Errorf("%d bytes left: a file of %d bytes", left, len(data))
		}
		got, _, faults, err := read(NewReader(iotest.HalfReader(bytes.NewReader(data)), 0))
		if err != nil || len(faults) > 0 || !slices.Equal(got, want) {
			t.Fatalf("%d bytes left: %d records, %v, %v", left, len(got), faults, err)
		}
		x, err := ReadIndex(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatalf("%d bytes left: %v", left, err)
		}
		checkIndex(t, "edges", data, x, want)
	}
}

// TestMedium has a broken disk: that is not damage of the file.
func TestMedium(t *testing.T) {
	data := write(t, "first", strings.Repeat("x", 100_000))
	for _, broken := range []error{errors.New("broken disk"), io.ErrUnexpectedEOF} {
		for n := 0; n < len(data); n += 509 {
			_, _, faults, err := read(NewReader(io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(broken)), 0))
			var e *Error
			if !errors.Is(err, broken) || !errors.As(err, &e) || e.Kind != UnderlyingRead || len(faults) > 0 {
				t.Fatalf("%v after %d bytes: %v", broken, n, err)
			}
		}
	}
}

// TestMemory: a length that the file does not back up costs no more memory than the file, doubled.
func TestMemory(t *testing.T) {
	h := header{kind: kindRecords, size: 1 << 29, records: 1, decoded: 1 << 29}
	data := append([]byte(signature), h.append(nil)...)
	r := NewReader(bytes.NewReader(append(data, make([]byte, 100)...)), 0)
	if _, err := r.Next(); err == nil {
		t.Error("no error")
	}
	if n := cap(r.cur.buf) + cap(r.ahead.buf); n > 2<<20 {
		t.Errorf("a buffer of %d bytes", n)
	}
}

func TestWriterErrors(t *testing.T) {
	broken := errors.New("broken disk")
	w := NewWriter(failing{broken})
	if err := w.Write(make([]byte, 1<<20)); !errors.Is(err, broken) {
		t.Errorf("write: %v", err)
	}
	if err := w.Write(nil); !errors.Is(err, broken) {
		t.Errorf("second write: %v", err)
	}
	if err := w.Close(); !errors.Is(err, broken) {
		t.Errorf("close: %v", err)
	}
	w = NewWriter(failing{broken})
	if err := w.Write([]byte("small")); err != nil {
		t.Errorf("buffered write: %v", err)
	}
	if err := w.Close(); !errors.Is(err, broken) {
		t.Errorf("close: %v", err)
	}
	w = NewWriter(io.Discard)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Write(nil); err == nil {
		t.Error("write after close: no error")
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
