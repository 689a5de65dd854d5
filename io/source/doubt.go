package source

import (
	"errors"

	"github.com/premix/premix"
	"github.com/premix/premix/io/tarfile"
	"github.com/premix/premix/io/window"
)

// A Doubt is the error of a [Read] of a compressed tar that has found, when all was read, that entries which it has
// yielded may be garbage: the checksum of a stream is behind its data. A caller that keeps entries gives them up and
// reads the chunk again with the doubt in it, and these entries are failures.
type Doubt struct {
	From int64 // the place in what was decompressed behind which it may be something else
}

func (d *Doubt) Error() string {
	return "what was read of the compressed file may be garbage: its checksum, or what follows, is broken"
}

// DoubtOf returns the doubt that an error is; nil if it is none.
func DoubtOf(err error) *Doubt {
	var d *Doubt
	errors.As(err, &d)
	return d
}

// A trust passes the entries of a tar on, and makes failures of those that are in doubt. An entry was read as soon as
// the header behind it, which could have been a member of it.
type trust struct {
	doubt *Doubt // or nil
	class string // of the container
	scan  *tarfile.Walker
	next  func(Entry) error
	until int64 // how far entries that are used were read
}

func (t *trust) yield(e Entry) error {
	if e.Data == nil {
		return t.next(e)
	}
	t.until = t.scan.Offset()
	if t.doubt != nil && t.until > t.doubt.From {
		place := e.place
		e = failf(e.Sample, premix.StageScan, premix.Corrupt, "read from a compressed stream that proved to be broken: this image, or its label, may be garbage; get the file again")
		e.Sample.Label, e.Sample.Class, e.Sample.Digest = -1, t.class, premix.Digest{}
		e.at(place)
	}
	return t.next(e)
}

// end returns a doubt if there is one that was not known before.
func (t *trust) end(w *window.Window) error {
	if t.doubt != nil || w.Sound == nil || t.until <= w.Sound() {
		return nil
	}
	return &Doubt{From: w.Sound()}
}
