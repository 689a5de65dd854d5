package tfrecord_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/internal/recordtest"
	"github.com/premix/premix/io/tfrecord"
	"github.com/premix/premix/io/window"
)

var damaged = [3][]byte{bytes.Repeat([]byte("first "), 10), bytes.Repeat([]byte("second"), 12), bytes.Repeat([]byte("third."), 11)}

const damagedLimit = 5000

// rowsOf reads all that r has.
func rowsOf(t *testing.T, r *tfrecord.Reader) (rows []recordtest.Row) {
	t.Helper()
	for {
		data, err := r.Next()
		var e *tfrecord.Error
		switch {
		case err == io.EOF:
			return rows
		case err == nil:
			which := slices.IndexFunc(damaged[:], func(d []byte) bool { return bytes.Equal(d, data) })
			if rows = append(rows, recordtest.Row{Record: which}); which < 0 {
				t.Fatalf("record of %d bytes that was never written", len(data))
			}
			continue
		case !errors.As(err, &e) || e.Kind == tfrecord.UnderlyingRead:
			t.Fatal(err)
		case len(rows) > 0 && rows[len(rows)-1] == rowOf(e):
			return rows // the error is final
		}
		if e.Record != int64(len(rows)) || e.Record != r.Record() || e.Offset != r.Offset() {
			t.Errorf("%v: the reader is at record %d, byte %d, and has given %d", e, r.Record(), r.Offset(), len(rows))
		}
		kind := ""
		if e.Kind == tfrecord.Truncated {
			kind = "truncated: "
		}
		if want := fmt.Sprintf("tfrecord: record %d at byte %d: %s%s", e.Record, e.Offset, kind, e.Detail()); e.Error() != want {
			t.Errorf("%v, want %s", e, want)
		}
		rows = append(rows, rowOf(e))
	}
}

func rowOf(e *tfrecord.Error) recordtest.Row {
	return recordtest.Row{Record: -1, Kind: e.Kind, At: e.Offset, Lost: e.Lost, Detail: e.Detail()}
}

// TestDamage: what a strict reader, and one that goes on, find in damaged files, however these arrive.
func TestDamage(t *testing.T) {
	o := tfrecord.Options{MaxRecord: damagedLimit, Rescue: true}
	for _, f := range recordtest.Files(damagedLimit, damaged) {
		t.Run(f.Name, func(t *testing.T) {
			size := int64(len(f.Data))
			stream := func() io.Reader { return iotest.OneByteReader(bytes.NewReader(f.Data)) }
			store := window.Stream(stream(), 0, -1, size)
			store.Reopen = func(pos int64) (io.Reader, error) {
				return iotest.OneByteReader(bytes.NewReader(f.Data[pos:])), nil
			}
			got := map[string][]recordtest.Row{
				"strict": rowsOf(t, tfrecord.NewReader(stream(), damagedLimit)),
				"file":   rowsOf(t, tfrecord.Open(window.At(bytes.NewReader(f.Data), 0, -1, size), o)),
				"store":  rowsOf(t, tfrecord.Open(store, o)),
				"stream": rowsOf(t, tfrecord.Open(window.Stream(stream(), 0, -1, -1), o)),
			}
			want := map[string][]recordtest.Row{"strict": f.Strict, "file": f.Rescue, "store": f.Rescue, "stream": f.Streamed()}
			if n := len(f.Rescue); n > 0 && f.Rescue[n-1].Lost == 0 { // a chunk ends where a record does
				behind := append(bytes.Clone(f.Data), tfrecord.Append(nil, make([]byte, 1<<20))...)
				got["chunk"] = rowsOf(t, tfrecord.Open(window.At(bytes.NewReader(behind), 0, size, int64(len(behind))), o))
				want["chunk"] = f.Rescue
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// bothWays reads a file strictly, and behind its damage.
func bothWays(t *testing.T, data []byte) map[string][]recordtest.Row {
	t.Helper()
	w := window.At(bytes.NewReader(data), 0, -1, int64(len(data)))
	return map[string][]recordtest.Row{
		"strict": rowsOf(t, tfrecord.NewReader(bytes.NewReader(data), damagedLimit)),
		"rescue": rowsOf(t, tfrecord.Open(w, tfrecord.Options{MaxRecord: damagedLimit, Rescue: true})),
	}
}

// framedAll returns a file of all records, and where each ends.
func framedAll() (file []byte, ends [3]int) {
	for i, d := range damaged {
		file = tfrecord.Append(file, d)
		ends[i] = len(file)
	}
	return file, ends
}

// TestCutAnywhere: no cut inside of a record goes unnoticed, and what is whole before it is read.
func TestCutAnywhere(t *testing.T) {
	file, ends := framedAll()
	for n := range file {
		whole, begins := 0, 0
		for _, end := range ends {
			if end <= n {
				whole, begins = whole+1, end
			}
		}
		for name, rows := range bothWays(t, file[:n]) {
			if n > begins { // inside of a record
				last := len(rows) - 1
				if last < 0 || rows[last].Record >= 0 || rows[last].Kind != tfrecord.Truncated || rows[last].At != int64(begins) {
					t.Fatalf("%s, cut to %d bytes: %v", name, n, rows)
				}
				rows = rows[:last]
			}
			want := []recordtest.Row{{Record: 0}, {Record: 1}, {Record: 2}}[:whole]
			if !slices.Equal(rows, want) {
				t.Errorf("%s, cut to %d bytes: %v", name, n, rows)
			}
		}
	}
}

// TestFlippedAnywhere: no flipped bit goes unnoticed. It costs its own record, and a strict reader those behind it
// only where it is in a head.
func TestFlippedAnywhere(t *testing.T) {
	file, ends := framedAll()
	for bit := range 8 * len(file) {
		file[bit/8] ^= 1 << (bit % 8)
		found := bothWays(t, file)
		file[bit/8] ^= 1 << (bit % 8)
		hit, begins := 0, 0
		for ; ends[hit] <= bit/8; hit++ {
			begins = ends[hit]
		}
		kind, strict := tfrecord.BadData, 3
		if bit/8 < begins+12 {
			kind, strict = tfrecord.BadLength, hit+1
		}
		for name, want := range map[string]int{"strict": strict, "rescue": 3} {
			rows := found[name]
			if len(rows) != want {
				t.Fatalf("%s, bit %d: %v", name, bit, rows)
			}
			for i, r := range rows {
				if i == hit && (r.Record >= 0 || r.Kind != kind || r.At != int64(begins)) || i != hit && r.Record != i {
					t.Errorf("%s, bit %d: %v", name, bit, rows)
				}
			}
		}
	}
}
