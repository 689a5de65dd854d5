package stage

import (
	"context"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/peakfile"
	"github.com/premix/premix/sample"
)

// external finds the peaks of one entry in a file of peaks, or in a folder of maps, instead of in
// pixels.
type external struct {
	info  peakfile.Info
	table *peakfile.Table
	data  []byte // the encoded map of the entry
	fault error
}

// openExternal prepares for the entries of a chunk. It returns nil if peaks are found in pixels. A
// process loads the table once.
func openExternal(ctx context.Context, job *Job) (*external, error) {
	if job.External == nil {
		return nil, nil
	}
	e := &external{info: *job.External}
	var err error
	if e.info.Kind == peakfile.KindTable {
		e.table, err = peakfile.Open(ctx, e.info)
	}
	return e, err
}

// forEntry prepares for one entry: it reads the map, before a worker is taken.
func (e *external) forEntry(ctx context.Context, name string) (*external, error) {
	if e == nil || e.info.Kind != peakfile.KindMaps {
		return e, nil
	}
	own := &external{info: e.info}
	own.data, own.fault = peakfile.ReadMap(ctx, getBuffer(0), e.info.URI, name)
	if own.fault != nil && premix.AsFault(own.fault) == nil {
		return nil, own.fault
	}
	return own, nil
}

// done gives the memory of the entry back.
func (e *external) done() {
	if e != nil && e.data != nil {
		putBuffer(e.data)
		e.data = nil
	}
}

// decode decodes the map of the entry, if there is one. The error is a fault or comes from the
// environment.
func (e *external) decode(ctx context.Context, w *worker) error {
	if e.info.Kind != peakfile.KindMaps || e.fault != nil {
		return e.fault
	}
	return w.DecodeMap(ctx, &w.half, e.data)
}

// find sets peak, trough and flat of a sample whose crop is p. The error is a fault or comes from the
// environment.
func (e *external) find(w *worker, job *Job, s *premix.Sample, p *crop.Plan) error {
	s.Peak, s.Trough, s.Flat = premix.NoPeak, premix.NoPeak, false
	if e.table == nil {
		return w.MapPeak(&w.half, s, p)
	}
	r, err := e.table.Find(s.Name, s.Replica)
	if err != nil {
		return err
	}
	return job.GivenPeak(s, p, &sample.Given{
		Peak: r.Peak, Trough: r.Trough, HasTrough: e.info.Troughs, Flat: r.Flat, Original: e.info.Original, Row: r.Place,
	})
}
