package source

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/premix/premix"
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

// A recordScanner reads the records of a TFRecord file, and makes faults of what is wrong with them.
type recordScanner struct {
	w    *window.Window
	r    *tfrecord.Reader
	done bool // the file is something else
}

// scanRecords reads on behind every defect, from the position of w on, where the record with the number first
// begins.
func scanRecords(ctx context.Context, w *window.Window, first, limit int64) *recordScanner {
	return &recordScanner{w: w, r: tfrecord.Open(w, tfrecord.Options{
		MaxRecord: limit, First: first, Rescue: true, Interrupted: ctx.Err,
	})}
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
	var e *tfrecord.Error // on the heap
	if !errors.As(err, &e) {
		return r, err
	}
	kind, lost := recordFaults[e.Kind], e.Lost
	if e.Kind == tfrecord.UnderlyingRead {
		f := premix.AsFault(e.Err)
		if f == nil {
			return r, e.Err
		}
		if kind = f.Kind; s.w.Lost != nil {
			lost = s.w.Lost()
		}
	}
	return r, &recordFault{r, &premix.Fault{Kind: kind, Reason: r.place() + e.Detail()}, lost}
}

var recordFaults = map[tfrecord.Kind]premix.FaultKind{
	tfrecord.Truncated: premix.Truncated,
	tfrecord.BadLength: premix.Corrupt,
	tfrecord.BadData:   premix.Corrupt,
	tfrecord.TooLong:   premix.TooLarge,
}

// impostor is the fault of a file that is something else; nil if it is none that is known.
func (s *recordScanner) impostor() *recordFault {
	head, _ := s.w.Peek(tarBlock)
	if len(head) < 12 || tfrecord.IsHead(head) {
		return nil
	}
	if i := impostorOf(head, s.w.Max, ""); i != nil {
		return &recordFault{record{}, premix.AsFault(i.fault()), i.bytes}
	}
	return nil
}
