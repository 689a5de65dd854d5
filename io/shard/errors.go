package shard

import "fmt"

// A RecordError is a defect of one record that leaves those after it readable.
type RecordError struct {
	Record int64 // number of the record in the shard, from 0
	Offset int64 // its place, as Reader.Offset gives it
	Err    error
}

func (e *RecordError) Error() string {
	return fmt.Sprintf("record %d at byte %d: %v", e.Record, e.Offset, e.Err)
}

func (e *RecordError) Unwrap() error { return e.Err }

// A Deviation is something in a shard that premix would have written differently.
type Deviation struct {
	Record int64  // number of the record in the shard, from 0; −1 if it concerns the shard
	Offset int64  // byte offset
	Key    string // of the record, if it is known
	What   string // one line: what is there and what should be
}

func (d Deviation) String() string {
	switch {
	case d.Record < 0:
		return fmt.Sprintf("byte %d: %s", d.Offset, d.What)
	case d.Key == "":
		return fmt.Sprintf("record %d at byte %d: %s", d.Record, d.Offset, d.What)
	}
	return fmt.Sprintf("record %d (%s) at byte %d: %s", d.Record, d.Key, d.Offset, d.What)
}
