package arrayrecord

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/premix/premix/io/window"
)

// A sparse is a file of some bytes and zeros up to its size. It counts the bytes that are read.
type sparse struct {
	head       []byte
	size, read int64
}

func (s *sparse) ReadAt(p []byte, off int64) (int, error) {
	n := int(max(0, min(int64(len(p)), s.size-off)))
	clear(p[:n])
	if off < int64(len(s.head)) {
		copy(p[:n], s.head[off:])
	}
	s.read += int64(n)
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// sparseChunk reads a file of one chunk with right hashes, whose header states more records than are read, and zeros up to
// where the chunk ends. Nothing of those is read or held, and records are lost as TooLong.
func sparseChunk(t *testing.T, h header, data []byte) {
	t.Helper()
	end, ok := chunkEnd(64, &h)
	if !ok || h.records <= maxChunk || uint64(len(data)) != h.size {
		t.Fatalf("no chunk for this test: %+v", h)
	}
	var buf bytes.Buffer
	w := NewWriter(&buf)
	w.begin()
	w.within(append(h.append(nil), data...), 64, end)
	if err := w.w.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, rescue := range []bool{false, true} {
		file := &sparse{head: buf.Bytes(), size: end}
		r := Open(window.At(file, 0, -1, end), Options{Rescue: rescue})
		_, err := r.Next()
		var e *Error
		var want Kind
		switch {
		case h.kind == kindTransposed:
			want = Unsupported
		case h.kind == kindRecords || !rescue:
			want = TooLong
		case h.kind == kindSignature || h.kind == kindMetadata || h.kind == kindPadding:
			want = Truncated // a reader that goes on passes over it, and misses the footer
		default:
			want = Unsupported
		}
		if !errors.As(err, &e) || e.Kind != want {
			t.Errorf("rescue %t: %v, want kind %d", rescue, err, want)
		}
		for n := 0; err != io.EOF && !(e != nil && err == r.err); n++ { // up to an end that is final
			if _, err = r.Next(); n > 4 {
				t.Fatalf("rescue %t: it does not end: %v", rescue, err)
			}
		}
		if most := int64(len(data)) + 256<<10; file.read > most || int64(cap(r.cur.buf)+cap(r.ahead.buf)) > most {
			t.Errorf("rescue %t: %d bytes are read, %d held, want %d at most", rescue, file.read, cap(r.cur.buf)+cap(r.ahead.buf), most)
		}
	}
}

// TestSparse: a file of a few bytes on disk and terabytes of zeros takes the memory of a few bytes, whatever kind the chunk
// has that states so many records.
func TestSparse(t *testing.T) {
	data := []byte("\x00\x01\x05hello")
	for _, kind := range []byte{kindRecords, kindTransposed, kindPadding, kindMetadata, kindSignature, 'x'} {
		for _, records := range []uint64{maxChunk + 1, 6 << 30, 1<<56 - 1} {
			sparseChunk(t, header{size: uint64(len(data)), dataHash: hashOf(data), kind: kind, records: records, decoded: 5}, data)
		}
	}
}

// flush writes the last padding, and what is buffered.
func flush(t *testing.T, w *Writer) {
	t.Helper()
	w.pad()
	if err := errors.Join(w.err, w.w.Flush()); err != nil {
		t.Fatal(err)
	}
}

// allocated is how many bytes f allocates in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// packed is p as a chunk has it that is compressed with brotli.
func packed(t *testing.T, p []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	buf.Write(binary.AppendUvarint(nil, uint64(len(p))))
	z := brotli.NewWriterLevel(&buf, 1)
	if _, err := z.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// TestFooterBomb: of a file of 128 KiB, a footer is unpacked that has 64 times as much, and one of a byte more is not.
// Its second message is zeros, which are no entry, so both give no index. A postscript of as much is not unpacked.
func TestFooterBomb(t *testing.T) {
	const file = 2 * blockSize
	meta := appendMetadata(nil, 1, 1, writerOptions)
	for name, tt := range map[string]struct {
		footer, post int // bytes, unpacked
		more         bool
	}{
		"footer":             {maxFooterTimes * file, 0, true},
		"footer, beyond":     {maxFooterTimes*file + 1, 0, false},
		"postscript, beyond": {maxFooterTimes * file, maxFooterTimes * file, false},
	} {
		var buf bytes.Buffer
		w := NewWriter(&buf)
		if err := w.Write([]byte("a record")); err != nil {
			t.Fatal(err)
		}
		at := w.pos
		zeros := tt.footer - len(meta)
		brotliChunk(t, w, append([]byte{byte(len(meta))}, binary.AppendUvarint(nil, uint64(zeros))...), append(bytes.Clone(meta), make([]byte, zeros)...))
		w.pad()
		post := appendPostscript(nil, uint64(at))
		if n := byte(len(post)); tt.post == 0 {
			w.messages(3, []byte{n, n, n}, bytes.Repeat(post, 3))
		} else {
			size := binary.AppendUvarint(nil, uint64(tt.post/3))
			brotliChunk(t, w, bytes.Repeat(size, 3), make([]byte, tt.post/3*3))
		}
		flush(t, w)
		data := buf.Bytes()
		var err error
		got := allocated(func() { _, err = ReadIndex(bytes.NewReader(data), int64(len(data))) })
		if err != ErrNoIndex || len(data) != file {
			t.Errorf("%s: %v, a file of %d bytes", name, err, len(data))
		}
		if more := got > 1<<20; more != tt.more {
			t.Errorf("%s: %d bytes are allocated", name, got)
		}
	}
}

// brotliChunk writes a chunk of records that is compressed with brotli.
func brotliChunk(t *testing.T, w *Writer, sizes, values []byte) {
	t.Helper()
	n := 0
	for p := sizes; len(p) > 0; n++ {
		_, size := binary.Uvarint(p)
		p = p[size:]
	}
	s := packed(t, sizes)
	w.prefix = append(binary.AppendUvarint([]byte{'b'}, uint64(len(s))), s...)
	if err := w.chunk(kindRecords, n, len(values), packed(t, values)); err != nil {
		t.Fatal(err)
	}
}

// TestSizesLimit: the sizes of records may have as many bytes as a chunk may hold.
func TestSizesLimit(t *testing.T) {
	s, v := packed(t, make([]byte, 1000)), packed(t, nil)
	data := append(append(binary.AppendUvarint([]byte{'b'}, uint64(len(s))), s...), v...)
	for most, ok := range map[uint64]bool{999: false, 1000: true} {
		var u unpacker
		_, _, fault := u.records(&chunk{header: header{kind: kindRecords, records: 1000}, most: most, data: data})
		if (fault == nil) != ok {
			t.Errorf("at most %d bytes: %v", most, fault)
		}
	}
}

// TestIndexFits: a footer that lists more chunks than the file has room for gives no index, and none is made room for.
func TestIndexFits(t *testing.T) {
	for name, tt := range map[string]struct {
		offset, step, records uint64
		ok                    bool
	}{
		"as close as they can be": {64, chunkHeader, 1, true},
		"too close":               {64, chunkHeader - 1, 1, false},
		"in the signature":        {63, chunkHeader, 1, false},
		"records that fit":        {64, 100, 100, true},
		"records that do not":     {64, 100, 101, false},
		"beyond the footer":       {64, 1000, 1, false},
	} {
		var buf bytes.Buffer
		w := NewWriter(&buf)
		if err := w.Write(make([]byte, 100*100)); err != nil {
			t.Fatal(err)
		}
		w.sizes, w.entries, w.count = nil, nil, 0
		for i := range uint64(99) {
			w.entry(appendEntry(nil, tt.offset+i*tt.step, 1, tt.records))
			w.count++
		}
		at := w.pos
		meta := appendMetadata(nil, 99, 99*tt.records, writerOptions)
		w.messages(100, append([]byte{byte(len(meta))}, w.sizes...), append(meta, w.entries...))
		w.pad()
		post := appendPostscript(nil, uint64(at))
		n := byte(len(post))
		w.messages(3, []byte{n, n, n}, bytes.Repeat(post, 3))
		flush(t, w)
		x, err := ReadIndex(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
		if ok := err == nil; ok != tt.ok || ok && (len(x.Chunks) != 99 || cap(x.Chunks) != 99 || x.Records != int64(99*tt.records)) {
			t.Errorf("%s: %+v, %v", name, x, err)
		}
	}
}
