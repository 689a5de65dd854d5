package source

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/premix/premix"
	"github.com/premix/premix/io/arrayrecord"
	"github.com/premix/premix/io/tfrecord"
	"github.com/premix/premix/io/window"
)

// recordSlack is what a record may have beside an image of the largest size.
const recordSlack = 16 << 20

// A record is one record of a file; data are valid until the next is read.
type record struct {
	number int64
	offset int64 // of its first framing byte
	data   []byte
}

// place begins what is said of a record.
func (r *record) place() string { return fmt.Sprintf("record %d at byte %d: ", r.number, r.offset) }

// A recordFault is a defect of one record.
type recordFault struct {
	record
	fault *premix.Fault
	lost  int64 // bytes behind the record that are lost with it, or unknown; 0 if it is the record alone
}

func (f *recordFault) Error() string { return f.fault.Reason }

// A recordReader reads the records of a file, whatever its framing.
type recordReader interface {
	Next() ([]byte, error)
	Record() int64
	Offset() int64
}

// A recordScanner reads the records of a TFRecord or ArrayRecord file, and makes faults of what is wrong with them.
type recordScanner struct {
	w     *window.Window
	r     recordReader
	array bool
	done  bool // the file is something else
}

// scanRecords reads on behind every defect, from the position of w on, where the record with the number first
// begins.
func scanRecords(ctx context.Context, w *window.Window, first, limit int64, array bool) *recordScanner {
	s := &recordScanner{w: w, array: array}
	if array {
		s.r = arrayrecord.Open(w, arrayrecord.Options{MaxRecord: limit, First: first, Rescue: true, Interrupted: ctx.Err})
	} else {
		s.r = tfrecord.Open(w, tfrecord.Options{MaxRecord: limit, First: first, Rescue: true, Interrupted: ctx.Err})
	}
	return s
}

// record reads the next record. Its errors are io.EOF, a *recordFault, or of the environment.
func (s *recordScanner) record() (record, error) {
	if s.done {
		return record{}, io.EOF
	}
	if s.w.Pos == 0 {
		if f := s.impostor(); f != nil {
			s.done = true
			return f.record, f
		}
	}
	data, err := s.r.Next()
	r := record{s.r.Record(), s.r.Offset(), data}
	if err == nil {
		return r, nil
	}
	kind, lost, detail, medium := recordError(err)
	switch f := premix.AsFault(medium); {
	case kind == "" && medium == nil:
		return r, err
	case medium != nil && f == nil:
		return r, medium
	case medium != nil:
		if kind = f.Kind; s.w.Lost != nil {
			lost = s.w.Lost()
		}
	}
	return r, &recordFault{r, &premix.Fault{Kind: kind, Reason: r.place() + detail}, lost}
}

// recordError takes an error of a recordReader apart: what is wrong with the file, or the error of what it is read from.
func recordError(err error) (kind premix.FaultKind, lost int64, detail string, medium error) {
	var t *tfrecord.Error // on the heap
	var a *arrayrecord.Error
	switch {
	case errors.As(err, &t):
		if t.Kind == tfrecord.UnderlyingRead {
			medium = t.Err
		}
		return recordFaults[t.Kind], t.Lost, t.Detail(), medium
	case errors.As(err, &a):
		if a.Kind == arrayrecord.UnderlyingRead {
			medium = a.Err
		}
		return arrayFaults[a.Kind], a.Lost, a.Detail(), medium
	}
	return "", 0, "", nil
}

var recordFaults = map[tfrecord.Kind]premix.FaultKind{
	tfrecord.Truncated: premix.Truncated,
	tfrecord.BadLength: premix.Corrupt,
	tfrecord.BadData:   premix.Corrupt,
	tfrecord.TooLong:   premix.TooLarge,
}

var arrayFaults = map[arrayrecord.Kind]premix.FaultKind{
	arrayrecord.Truncated:   premix.Truncated,
	arrayrecord.BadHead:     premix.Corrupt,
	arrayrecord.BadData:     premix.Corrupt,
	arrayrecord.BadFooter:   premix.Corrupt,
	arrayrecord.TooLong:     premix.TooLarge,
	arrayrecord.Unsupported: premix.Unsupported,
}

// impostor is the fault of a file that is something else; nil if it is none that is known.
func (s *recordScanner) impostor() *recordFault {
	head, _ := s.w.Peek(tarBlock)
	if len(head) < 12 || tfrecord.IsHead(head) || s.array && arrayrecord.IsHead(head) {
		return nil
	}
	if i := impostorOf(head, s.w.Max, ""); i != nil {
		return &recordFault{record{}, premix.AsFault(i.fault()), i.bytes}
	}
	return nil
}
