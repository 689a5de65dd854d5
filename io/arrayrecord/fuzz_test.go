package arrayrecord

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/premix/premix/io/window"
)

// through reads a file to its end with Options.Rescue. Places only grow, and it ends.
func through(t *testing.T, w *window.Window, size int) (records []string) {
	r := Open(w, Options{MaxRecord: 1 << 16, Rescue: true})
	for last, n := int64(-1), 0; ; n++ {
		data, err := r.Next()
		var e *Error
		switch {
		case err == io.EOF:
			if _, err := r.Next(); err != io.EOF {
				t.Fatalf("%v after the end", err)
			}
			return records
		case n > 2*size+4:
			t.Fatal("it does not end")
		case r.Offset() < last || r.Offset() > int64(size):
			t.Fatalf("byte %d after byte %d of %d", r.Offset(), last, size)
		case errors.As(err, &e):
			if e.Kind == UnderlyingRead || e.Lost < unknown || e.Record != r.Record() {
				t.Fatalf("%v, %d bytes are lost, record %d", e, e.Lost, r.Record())
			}
		case err != nil:
			t.Fatal(err)
		default:
			records = append(records, string(data))
		}
		last = r.Offset()
	}
}

// FuzzReader reads arbitrary bytes: as a file, as a stream, and strictly. What a strict reader gives, the others give.
func FuzzReader(f *testing.F) {
	file := write(f, "first", "", strings.Repeat("x", 70_000), "fourth")
	flip := func(at int) []byte { b := bytes.Clone(file); b[at] ^= 4; return b }
	f.Add(file)
	f.Add(file[:200])
	f.Add(file[:len(file)-blockSize])
	for _, at := range []int{0, 70, 110, 150, blockSize + 3, len(file) - blockSize + 50} {
		f.Add(flip(at))
	}
	f.Add(append(bytes.Clone(file), file...))
	f.Add(write(f, "hello")[:len(signature)+chunkHeader+8]) // small, so that most changes hit something
	f.Fuzz(func(t *testing.T, file []byte) {
		all := through(t, windowAt(file, 0, -1), len(file))
		stream := through(t, window.Stream(bytes.NewReader(file), 0, -1, -1), len(file))
		strict, _, _, _ := read(NewReader(iotest.HalfReader(bytes.NewReader(file)), 1<<16))
		for i, s := range strict {
			if i >= len(all) || i >= len(stream) || all[i] != s || stream[i] != s {
				t.Fatalf("record %d is not that of a strict reader", i)
			}
		}
		if x, err := ReadIndex(bytes.NewReader(file), int64(len(file))); err == nil && len(x.Chunks) > len(file)/chunkHeader {
			t.Fatalf("an index of %d chunks in %d bytes", len(x.Chunks), len(file))
		}
	})
}

// FuzzChunk reads a chunk with right hashes and arbitrary content, twice as the footer of a file.
func FuzzChunk(f *testing.F) {
	f.Add(byte('r'), uint64(1), uint64(5), []byte("\x00\x01\x05hello"))
	f.Add(byte('r'), uint64(2), uint64(5), []byte("\x00\x02\x02\x03hello"))
	f.Add(byte('t'), uint64(70_000), uint64(5), []byte("hello"))
	f.Add(byte('r'), uint64(1)<<55, uint64(1)<<62, []byte("z\x02\x80\x80"))
	f.Add(byte('r'), uint64(6)<<30, uint64(5), []byte("\x00\x01\x05hello"))
	f.Add(byte('p'), uint64(6)<<30, uint64(0), []byte("\x00"))
	meta := appendMetadata(nil, 1, 1, writerOptions)
	f.Add(byte('r'), uint64(1), uint64(len(meta)), append([]byte{0, 1, byte(len(meta))}, meta...))
	for _, name := range []string{"zstd", "brotli", "snappy", "group"} {
		data, _ := library(f, name)
		r := NewReader(bytes.NewReader(data), 0)
		if _, err := r.Next(); err != nil {
			f.Fatal(err)
		}
		f.Add(byte('r'), r.cur.header.records, r.cur.decoded, bytes.Clone(r.cur.data))
	}
	f.Fuzz(func(t *testing.T, kind byte, records, decoded uint64, data []byte) {
		h := header{size: uint64(len(data)), dataHash: hashOf(data), kind: kind, records: records & (1<<56 - 1), decoded: decoded}
		if end, ok := chunkEnd(64, &h); ok && end > 1<<20 {
			if h.records > maxChunk {
				sparseChunk(t, h, data)
			}
			h.records &= 1<<17 - 1
		}
		end, ok := chunkEnd(64, &h)
		if !ok {
			t.Fatal("a chunk of a megabyte is too large")
		}
		var buf bytes.Buffer
		w := NewWriter(&buf)
		w.begin()
		w.prefix = nil
		w.within(append(h.append(nil), data...), 64, end)
		for w.pos < end {
			n := min(end-w.pos, blockSize-w.pos%blockSize)
			if w.pos%blockSize == 0 { // a block header comes first
				n = min(end-w.pos-blockHeader, usable)
			}
			w.within(make([]byte, n), 64, end)
		}
		if err := errors.Join(w.Write([]byte("after")), w.Close()); err != nil {
			t.Fatal(err)
		}
		file := buf.Bytes()
		all := through(t, windowAt(file, 0, -1), len(file))
		if kind == kindRecords || kind == kindPadding || kind == kindMetadata {
			if len(all) == 0 || all[len(all)-1] != "after" {
				t.Fatalf("the record after the chunk is lost: %d records", len(all))
			}
		}
		total := 0
		for _, r := range all {
			total += len(r)
		}
		if total > maxChunk+5 {
			t.Fatalf("%d bytes of records", total)
		}
	})
}
