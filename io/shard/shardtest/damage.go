package shardtest

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"reflect"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/io/shard"
)

// small returns a shard of three records with dense labels, and what a reader should say of it.
func small(t *testing.T, f shard.Format) (data []byte, want []shard.Record) {
	t.Helper()
	s := Spec(shard.Dense)
	want = Records(s, 3)
	data, _ = Write(t, f, s, want)
	for i := range want {
		want[i] = Kept(f.Traits(), want[i])
	}
	return data, want
}

// stride is 1: every byte. Short tests are content with a sample that meets all residues of 512.
func stride() int {
	if testing.Short() {
		return 5
	}
	return 1
}

// places are the bytes of a shard that a test damages: each stride-th, but of more than 128 equal ones, as padding
// has, only those at the ends and each 61st.
func places(data []byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		equal := 0 // how many bytes before i are as it is
		for i := 0; i < len(data); i++ {
			if equal++; i == 0 || data[i] != data[i-1] {
				equal = 0
			}
			if equal > 64 && i%61 > 0 && i+64 < len(data) && data[i+64] == data[i] && bytes.Count(data[i:i+64], data[i:i+1]) == 64 {
				continue
			}
			if i%stride() == 0 && !yield(i) {
				return
			}
		}
	}
}

func truncated(t *testing.T, f shard.Format) {
	data, want := small(t, f)
	for n := range places(data) {
		got := Read(f, bytes.NewReader(data[:n]), 0)
		if len(got.Records) > len(want) {
			t.Fatalf("cut to %d of %d bytes: %d records", n, len(data), len(got.Records))
		}
		for i := range got.Records {
			if !reflect.DeepEqual(want[i], got.Records[i]) {
				t.Fatalf("cut to %d of %d bytes: a wrong record: %s", n, len(data), cmp.Diff(want[i], got.Records[i]))
			}
		}
		if got.Err == nil && len(got.Records) == len(want) && len(got.Deviations) == 0 {
			t.Fatalf("cut to %d of %d bytes, and nobody says so", n, len(data))
		}
	}
}

func flipped(t *testing.T, f shard.Format) {
	data, want := small(t, f)
	byKey := map[string]shard.Record{}
	for _, r := range want {
		byKey[r.Key] = r
	}
	for i := range places(data) {
		mask := byte(1) << (i % 8)
		data[i] ^= mask
		got := Read(f, bytes.NewReader(data), 1<<20)
		data[i] ^= mask
		if !f.Traits().Checksums {
			continue // it did not panic, and the limit holds
		}
		if got.Err == nil && len(got.Defects) == 0 && len(got.Deviations) == 0 {
			t.Fatalf("byte %d of %d xor %#x: not detected", i, len(data), mask)
		}
		for _, r := range got.Records {
			if !reflect.DeepEqual(byKey[r.Key], r) {
				t.Fatalf("byte %d of %d xor %#x: a wrong record: %s", i, len(data), mask, cmp.Diff(byKey[r.Key], r))
			}
		}
	}
}

var errDisk = errors.New("shardtest: the disk is broken")

// A brokenReader fails after its first n bytes.
type brokenReader struct {
	*bytes.Reader
	n int64
}

func (b *brokenReader) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.n {
		return 0, errDisk
	}
	return b.Reader.ReadAt(p, off)
}

func (b *brokenReader) Read(p []byte) (int, error) {
	at := b.Size() - int64(b.Len())
	if at >= b.n {
		return 0, errDisk
	}
	return b.Reader.Read(p[:min(int64(len(p)), b.n-at)])
}

// An error of the medium is not taken for the end, nor for a defect of the data.
func failingReader(t *testing.T, f shard.Format) {
	data, want := small(t, f)
	for n := range places(data) {
		got := Read(f, &brokenReader{bytes.NewReader(data), int64(n)}, 0)
		if !errors.Is(got.Err, errDisk) || len(got.Defects) > 0 {
			t.Fatalf("the medium fails at byte %d of %d: error %v, defects %v", n, len(data), got.Err, got.Defects)
		}
	}
	if f.Traits().RandomAccess {
		if got := Read(f, io.MultiReader(bytes.NewReader(data)), 0); got.Err == nil {
			t.Error("a reader without ReadAt: no error")
		}
		return
	}
	for name, r := range map[string]io.Reader{
		"one byte":       iotest.OneByteReader(bytes.NewReader(data)),
		"data and error": iotest.DataErrReader(bytes.NewReader(data)),
	} {
		got := Read(f, r, 0)
		if diff := cmp.Diff(want, got.Records); got.Err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, got.Err, diff)
		}
	}
}

// A brokenWriter fails after its first n bytes, or claims short writes.
type brokenWriter struct{ n int }

func (b *brokenWriter) Write(p []byte) (int, error) {
	if len(p) > b.n {
		n := b.n
		b.n = 0
		return n, errDisk
	}
	b.n -= len(p)
	return len(p), nil
}

func failingWriter(t *testing.T, f shard.Format) {
	s := Spec(shard.Dense)
	recs := Records(s, 3)
	data, _ := Write(t, f, s, recs)
	for n := range places(data) {
		w := f.NewWriter(&brokenWriter{n}, s)
		var first error
		for i := range recs {
			err := w.Write(&recs[i])
			if first != nil && err != first {
				t.Fatalf("the medium fails at byte %d: %v, then %v", n, first, err)
			}
			first = err
		}
		err := w.Close()
		if !errors.Is(err, errDisk) || first != nil && err != first {
			t.Fatalf("the medium fails at byte %d: write says %v, close %v", n, first, err)
		}
		if err := w.Close(); !errors.Is(err, errDisk) {
			t.Fatalf("closed twice: %v", err)
		}
	}
}

func refused(t *testing.T, f shard.Format) {
	s := Spec(shard.Dense)
	tests := map[string]func(*shard.Record){
		"no key":         func(r *shard.Record) { r.Key = "" },
		"dotted key":     func(r *shard.Record) { r.Key = "a.b" },
		"key with space": func(r *shard.Record) { r.Key = "a b" },
		"no image":       func(r *shard.Record) { r.Image = nil },
		"png":            func(r *shard.Record) { r.ImageFormat = "png" },
		"label":          func(r *shard.Record) { r.Label = 4 },
		"label_a":        func(r *shard.Record) { r.LabelA = -1 },
		"label_b":        func(r *shard.Record) { r.LabelB = 1 << 40 },
		"lam above":      func(r *shard.Record) { r.Lam = 1.0000001 },
		"lam NaN":        func(r *shard.Record) { r.Lam = nan() },
		"drawn NaN":      func(r *shard.Record) { r.LamDrawn = nan() },
		"replica":        func(r *shard.Record) { r.Replica = -1 },
		"target":         func(r *shard.Record) { r.Target = "a\xff" },
		"source":         func(r *shard.Record) { r.Source = "a\xff" },
		"soft":           func(r *shard.Record) { r.Soft = r.Soft[1:] },
	}
	for name, edit := range tests {
		rec := Records(s, 1)[0]
		edit(&rec)
		w := f.NewWriter(io.Discard, s)
		err := w.Write(&rec)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if again := w.Close(); again != err {
			t.Errorf("%s: %v, close says %v", name, err, again)
		}
	}
	w := f.NewWriter(io.Discard, s)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rec := Records(s, 1)[0]
	if err := w.Write(&rec); err == nil {
		t.Error("write after close: no error")
	}
}

func nan() float64 { var zero float64; return zero / zero }
