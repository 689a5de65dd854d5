package tfrecord

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/internal/sharedtest"
)

// Vectors of RFC 3720, B.4, masked by hand; and a record of TensorFlow's own writer.
func TestMask(t *testing.T) {
	unmask := func(m uint32) uint32 { m -= 0xa282ead8; return m>>17 | m<<15 }
	tests := []struct {
		name string
		data []byte
		crc  uint32
	}{
		{"zeros", make([]byte, 32), 0x8a9136aa},
		{"ones", bytes.Repeat([]byte{0xff}, 32), 0x62a8ab43},
		{"digits", []byte("123456789"), 0xe3069283},
		{"nothing", nil, 0},
	}
	for _, tt := range tests {
		if got := unmask(Mask(tt.data)); got != tt.crc {
			t.Errorf("%s: %08x, want %08x", tt.name, got, tt.crc)
		}
	}
	head := appendHeader(nil, 8657)
	if got := hex.EncodeToString(head); got != "d1210000000000004e5ff70a" {
		t.Errorf("header of 8657 bytes: %s", got)
	}
}

func write(t testing.TB, records ...string) ([]byte, *Writer) {
	t.Helper()
	var buf bytes.Buffer
	w := NewWriter(&buf)
	for _, r := range records {
		if err := w.Write([]byte(r)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), w
}

// read returns the records, what reading went on behind, and what ended it.
func read(r io.Reader, limit int64) (records []string, offsets []int64, skipped int, err error) {
	rd := NewReader(r, limit)
	for {
		data, err := rd.Next()
		var e *Error
		switch {
		case err == nil:
			records = append(records, string(data))
			offsets = append(offsets, rd.Offset())
		case err == io.EOF:
			return records, offsets, skipped, nil
		case errors.As(err, &e) && e.Kind == BadData:
			skipped++
		default:
			if _, again := rd.Next(); again != err {
				err = errors.Join(err, again, errors.New("the error is not final"))
			}
			return records, offsets, skipped, err
		}
	}
}

func TestRoundTrip(t *testing.T) {
	want := []string{"a", "", strings.Repeat("x", 300_000), "end"}
	file, w := write(t, want...)
	for name, r := range map[string]io.Reader{
		"whole":          bytes.NewReader(file),
		"one byte":       iotest.OneByteReader(bytes.NewReader(file)),
		"halves":         iotest.HalfReader(bytes.NewReader(file)),
		"data and error": iotest.DataErrReader(bytes.NewReader(file)),
	} {
		got, offsets, skipped, err := read(r, 0)
		if err != nil || skipped > 0 {
			t.Errorf("%s: %v, %d skipped", name, err, skipped)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff([]int64{0, 17, 33, 300_049}, offsets); diff != "" {
			t.Errorf("%s: offsets %s", name, diff)
		}
	}
	if diff := cmp.Diff("0 17\n17 16\n33 300016\n300049 19\n", string(w.Index())); diff != "" {
		t.Error(diff)
	}
	if got := w.Payload(); got != 300_004 {
		t.Errorf("payload of %d bytes", got)
	}
	var appended []byte
	for _, r := range want {
		appended = Append(appended, []byte(r))
	}
	if !bytes.Equal(appended, file) {
		t.Error("Append differs from Writer")
	}
}

// What is wrong with the medium is an error that says so; damage is in damage_test.go.
func TestMedium(t *testing.T) {
	first := Append(nil, []byte("first"))
	for _, broken := range []error{errors.New("broken disk"), io.ErrUnexpectedEOF} {
		for _, n := range []int{0, 5, 20} {
			_, _, _, err := read(io.MultiReader(bytes.NewReader(first[:n]), iotest.ErrReader(broken)), 0)
			var e *Error
			if !errors.Is(err, broken) || !errors.As(err, &e) || e.Kind != UnderlyingRead {
				t.Errorf("%v after %d bytes: %v", broken, n, err)
			}
		}
	}
	if _, _, _, err := read(stuck{}, 0); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// A length that the file does not back up costs no more memory than the file, doubled.
func TestMemory(t *testing.T) {
	h := binary.LittleEndian.AppendUint64(nil, 1<<29)
	h = binary.LittleEndian.AppendUint32(h, Mask(h))
	r := NewReader(bytes.NewReader(append(h, make([]byte, 100)...)), 0)
	if _, err := r.Next(); err == nil {
		t.Error("no error")
	}
	if cap(r.buf) > 2<<20 {
		t.Errorf("a buffer of %d bytes", cap(r.buf))
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

// Files written by TensorFlow itself, with the indexes of DALI's tool.
func TestTensorFlow(t *testing.T) {
	dir := sharedtest.Dir(t, "formats", "slim")
	for _, name := range []string{"train-00000-of-00002", "train-00001-of-00002"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, _, skipped, err := read(bytes.NewReader(raw), 0)
		if err != nil || skipped > 0 || len(got) != 8 {
			t.Fatalf("%s: %d records, %v", name, len(got), err)
		}
		again, w := write(t, got...)
		if !bytes.Equal(again, raw) {
			t.Errorf("%s: written again, it differs", name)
		}
		idx, err := os.ReadFile(filepath.Join(dir, "__index__", name+".idx"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(idx), string(w.Index())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func FuzzReader(f *testing.F) {
	file, _ := write(f, "first", "", "third")
	f.Add(file)
	f.Add(file[:30])
	f.Add(append(file, 1, 2, 3))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, offsets, skipped, err := read(bytes.NewReader(file), 1<<16)
		slow, _, skippedSlowly, errSlow := read(iotest.OneByteReader(bytes.NewReader(file)), 1<<16)
		if diff := cmp.Diff(got, slow); diff != "" || skipped != skippedSlowly || (err == nil) != (errSlow == nil) {
			t.Fatalf("byte by byte it reads otherwise: %s", diff)
		}
		for i, data := range got {
			framed := Append(nil, []byte(data))
			if !bytes.HasPrefix(file[offsets[i]:], framed) {
				t.Fatalf("record %d at %d is not there", i, offsets[i])
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	file, _ := write(b, manyRecords(24_000)...)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(bytes.NewReader(file), 0)
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func manyRecords(size int) []string {
	records := make([]string, 1000)
	for i := range records {
		records[i] = strings.Repeat(string(rune('a'+i%26)), size)
	}
	return records
}
