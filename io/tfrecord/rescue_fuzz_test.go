package tfrecord

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/premix/premix/io/window"
)

// FuzzRescue reads arbitrary bytes with Options.Rescue: it ends, places only grow, what it gives is a record at its
// place, it gives all that a strict reader does, and a stream, whose end is unknown, has no other records.
func FuzzRescue(f *testing.F) {
	file, _ := write(f, "first", "", "third", "fourth")
	flip := func(at int) []byte { b := bytes.Clone(file); b[at] ^= 4; return b }
	f.Add(file)
	f.Add(file[:30])
	f.Add(flip(0))  // a length
	f.Add(flip(22)) // the next
	f.Add(flip(14)) // data
	f.Add(append(append(bytes.Clone(file), appendHeader(nil, 1<<40)...), file...))
	f.Add(append(append(bytes.Clone(file), appendHeader(nil, 2000)...), file...))
	f.Add(append(make([]byte, 5000), file...))
	f.Add(append(bytes.Clone(file[:40]), file...))
	const limit = 1000
	rescued := func(t *testing.T, w *window.Window, file []byte) (list []string) {
		r := Open(w, Options{MaxRecord: limit, Rescue: true})
		for last, n := int64(-1), 0; ; n++ {
			data, err := r.Next()
			var e *Error
			switch {
			case err == io.EOF:
				if _, err := r.Next(); err != io.EOF {
					t.Fatalf("%v behind the end", err)
				}
				return list
			case n > len(file):
				t.Fatal("it does not end")
			case r.Offset() < last || r.Offset() > int64(len(file)):
				t.Fatalf("byte %d behind byte %d of %d", r.Offset(), last, len(file))
			case errors.As(err, &e):
				if e.Kind == UnderlyingRead || e.Lost < unknown || e.Offset+max(0, e.Lost) > int64(len(file)) {
					t.Fatalf("%v, %d bytes are lost", e, e.Lost)
				}
			case err != nil:
				t.Fatal(err)
			default:
				if !bytes.HasPrefix(file[r.Offset():], Append(nil, data)) {
					t.Fatalf("record at byte %d is not there", r.Offset())
				}
				list = append(list, string(data))
			}
			last = r.Offset()
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		list := rescued(t, window.At(bytes.NewReader(file), 0, -1, int64(len(file))), file)
		stream := rescued(t, window.Stream(bytes.NewReader(file), 0, -1, -1), file)
		strict, _, _, _ := read(bytes.NewReader(file), limit)
		if len(strict) > len(list) {
			t.Fatalf("%d records, a strict reader has %d", len(list), len(strict))
		}
		for i, s := range strict {
			if list[i] != s || stream[i] != s {
				t.Fatalf("record %d is not that of a strict reader", i)
			}
		}
	})
}
