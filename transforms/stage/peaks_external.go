package stage

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/peakfile"
)

// external finds the peaks of one entry in a file of peaks, or in a folder of maps, instead of in
// pixels.
type external struct {
	info  peakfile.Info
	table *peakfile.Table
	data  []byte // the encoded map of the entry
	fault error
}

// openExternal prepares for the entries of a chunk; nil if peaks are found in pixels. The table is
// loaded once a process.
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

// of prepares for one entry: it reads the map, before a worker is taken.
func (e *external) of(ctx context.Context, name string) (*external, error) {
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

// decode decodes the map of the entry into w.saliency. The error is a fault, or one of the
// environment.
func (e *external) decode(w *worker, job *Job) error {
	if e.info.Kind != peakfile.KindMaps || e.fault != nil {
		return e.fault
	}
	p := job.Decode
	p.ApplyEXIF = false // a map is as its image came out of the decoder
	cfg, err := imaging.DecodeConfig(e.data, p)
	if err == nil {
		if !e.fits(job, cfg.W, cfg.H, &w.full) {
			return premix.Faultf(premix.BadPeak, "the map is %d×%d, the image %d×%d", cfg.W, cfg.H, w.full.W, w.full.H)
		}
		_, err = w.dec.Decode(&w.saliency, e.data, p)
	}
	if f := premix.AsFault(err); f != nil {
		return premix.Faultf(premix.BadPeak, "the map: %s", f.Reason)
	}
	return err
}

// fits reports whether a map has the size of the image, or of the crop where all crops are equal.
func (e *external) fits(job *Job, w, h int, full *imaging.Image) bool {
	size := job.Geometry.Size
	return w == full.W && h == full.H || !job.Geometry.Random() && w == size.W && h == size.H
}

// find sets peak, trough and flat of a sample whose crop is p. The error is a fault, or one of the
// environment.
func (e *external) find(w *worker, job *Job, s *premix.Sample, p *crop.Plan) error {
	s.Peak, s.Trough, s.Flat = premix.NoPeak, premix.NoPeak, false
	if e.table == nil {
		m := &w.saliency
		if m.W == w.full.W && m.H == w.full.H {
			m = &w.salCrop
			if err := p.Apply(m, &w.saliency, &w.res, job.Geometry.Filter); err != nil {
				return fmt.Errorf("%s: map: %w", s.Name, err)
			}
		}
		w.gray = gray(w.gray[:0], m)
		s.Peak, s.Trough, s.Flat = extremes(w.gray, m.W)
		return nil
	}
	r, err := e.table.Find(s.Name, s.Replica)
	if err != nil {
		return err
	}
	if r.Flat {
		s.Peak, s.Trough, s.Flat = premix.Peak{}, premix.Peak{}, true
		return nil
	}
	for _, v := range []struct {
		what string
		from premix.Peak
		to   *premix.Peak
	}{{"peak", r.Peak, &s.Peak}, {"trough", r.Trough, &s.Trough}} {
		if v.what == "trough" && !e.info.Troughs {
			continue
		}
		size, where := job.Geometry.Size, "crop"
		if e.info.Original {
			size, where = premix.Size{H: s.Height, W: s.Width}, "image"
		}
		if at := v.from; at.X < 0 || at.Y < 0 || at.X >= size.W || at.Y >= size.H {
			return premix.Faultf(premix.BadPeak, "%s: the %s at row %d, column %d is outside of the %s of %d rows and %d columns",
				r.Place, v.what, at.Y, at.X, where, size.H, size.W)
		}
		*v.to = v.from
		if e.info.Original {
			*v.to = p.Locate(v.from)
		}
	}
	return nil
}

// gray appends the first channel of a picture.
func gray(dst []byte, m *imaging.Image) []byte {
	dst = slices.Grow(dst, m.W*m.H)
	for i := 0; i < 3*m.W*m.H; i += 3 {
		dst = append(dst, m.Pix[i])
	}
	return dst
}

// extremes are the first maximum and the first minimum of a map in row-major order. A map of one
// value is flat.
func extremes(pix []byte, w int) (peak, trough premix.Peak, flat bool) {
	hi, lo := slices.Max(pix), slices.Min(pix)
	at := func(v byte) premix.Peak {
		i := bytes.IndexByte(pix, v)
		return premix.Peak{X: i % w, Y: i / w}
	}
	return at(hi), at(lo), hi == lo
}
