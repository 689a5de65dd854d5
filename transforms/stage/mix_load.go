package stage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/mix"
)

// A picture is a crop on its way: loaded once, used by each recipe that needs it, then given back.
type picture struct {
	sample  *premix.Sample
	place   premix.Location // of the entry, or of its copy
	ready   chan struct{}
	img     *imaging.Image
	kept    *keptCopy // that has the pixels of img; nil: they are its own
	uses    atomic.Int32
	lead    *lead // that the crop is taken from
	bytes   int64 // of the crop
	started bool  // loading it
}

var crops = sync.Pool{New: func() any { return new(imaging.Image) }}

// release gives the crop back after its last use.
func (p *picture) release() {
	if p.uses.Add(-1) == 0 {
		if p.kept != nil {
			p.kept.done()
		} else {
			crops.Put(p.img)
		}
		p.img, p.kept = nil, nil
		p.lead.give(p.bytes, 0)
	}
}

// last says that nobody else will look at the picture, so that the sample can be made in its place, without a copy. It must not be
// asked before the caller has the crop.
func (p *picture) last() bool { return p.uses.Load() == 1 && p.kept == nil }

// pictures prepares the picture of each image of the shard, with the number of its uses by some variants.
func (t *shardTask) pictures(recipes [][]premix.Recipe, l *lead) map[*premix.Sample]*picture {
	pictures := map[*premix.Sample]*picture{}
	for i := range t.rows {
		s := t.rows[i].Sample
		pictures[s] = &picture{sample: s, place: s.Location, ready: make(chan struct{}), lead: l, bytes: int64(t.job.cropBytes())}
		if spool := t.rows[i].Spool; spool != (premix.Location{}) {
			pictures[s].place = spool
		}
	}
	for other, s := range t.same {
		pictures[other] = pictures[s]
	}
	for _, of := range recipes {
		for i := range of {
			for _, s := range needs(&of[i]) {
				pictures[s].uses.Add(1)
			}
		}
	}
	return pictures
}

// needs lists the distinct images that a recipe is made of.
func needs(r *premix.Recipe) []*premix.Sample {
	if r.Source == nil || r.Source == r.Target || !mix.Pairs(r.Method) {
		return []*premix.Sample{r.Target}
	}
	return []*premix.Sample{r.Target, r.Source}
}

// load makes the crop of a picture.
func (t *shardTask) load(ctx context.Context, p *pool, pic *picture) (err error) {
	defer recoverAs(&err)
	s := pic.sample
	size := t.job.Geometry.Size
	if t.job.Spool.Mode == SpoolPixels {
		if k := keptAt(pic.place.URI); k != nil {
			pix := k.at(pic.place.Offset, pic.place.Length)
			if pix == nil {
				k.done()
				return defect("%s: the crops of its chunk in memory lack its own", s.Name)
			}
			pic.img, pic.kept = &imaging.Image{W: size.W, H: size.H, Pix: pix}, k
			close(pic.ready)
			return nil
		}
	}
	img := crops.Get().(*imaging.Image)
	if t.job.Spool.Mode == SpoolPixels {
		img.Resize(size.W, size.H)
		b, err := source.Fetch(ctx, img.Pix[:0], pic.place)
		if err != nil {
			return fmt.Errorf("%s: the spooled crop cannot be read: %w", s.Name, err)
		}
		img.Pix = b
	} else if pix, err := t.keptCrop(ctx, img.Pix, pic); err != nil {
		return err
	} else if pix != nil {
		*img = imaging.Image{W: size.W, H: size.H, Pix: pix}
	} else {
		data, release, err := t.encoded(ctx, p, pic)
		if err != nil {
			return err
		}
		err = p.do(ctx, &t.job.Params, func(w *worker) error {
			if err := w.DecodeAgain(ctx, &w.half, data, s); premix.AsFault(err) != nil {
				return changed(s, err)
			} else if err != nil {
				return err
			}
			return w.CropAgain(img, &w.half, s)
		})
		release()
		if err != nil {
			return err
		}
		putBuffer(data)
	}
	pic.img = img
	close(pic.ready)
	return nil
}

// keptCrop reads the kept crop of a picture; nil if it has none, or has it no more: then the picture is to be read where it is.
func (t *shardTask) keptCrop(ctx context.Context, dst []byte, p *picture) ([]byte, error) {
	if t.job.Spool.Mode != SpoolCrops || p.place == p.sample.Location {
		return nil, nil
	}
	pix, err := readCrop(ctx, t.job, dst, p.place, p.sample)
	if pix == nil {
		p.place = p.sample.Location
	}
	return pix, err
}

// encoded reads the bytes of a picture again. It reserves memory for the bytes and for what decoding takes of
// most pictures of that size. One that proves to take more, as progressive JPEGs do, gets the rest if that
// is free. Else the bytes are given up and read again once there is memory for all: to keep them while
// waiting could deadlock with others that do the same, and bytes that nobody counts have no bound.
func (t *shardTask) encoded(ctx context.Context, p *pool, pic *picture) (data []byte, release func(), err error) {
	need := pic.usual()
	for {
		if release, err = p.reserve(ctx, need); err != nil {
			return nil, nil, err
		}
		var takes int64
		if data, takes, err = t.read(ctx, p, pic); err != nil {
			release()
			return nil, nil, err
		}
		if takes <= need || p.most <= need {
			return data, release, nil
		}
		if more := p.more(need, takes); more != nil {
			first := release
			return data, func() { first(); more() }, nil
		}
		release()
		putBuffer(data)
		need = takes
	}
}

// usual is the memory that the file of a picture takes, with what decoding it takes where it is a
// baseline JPEG or a PNG.
func (p *picture) usual() int64 {
	w, h := int64(p.sample.Width), int64(p.sample.Height)
	return 2*max(p.place.Length, 0) + 3*w*h + 256*(w+h) + 1<<16
}

// read reads the bytes of a picture, and says how much memory they and their decoding take.
func (t *shardTask) read(ctx context.Context, p *pool, pic *picture) (data []byte, takes int64, err error) {
	s := pic.sample
	if t.fetch != nil {
		data, err = t.fetch(ctx, getBuffer(0), s)
	} else {
		data, err = source.Fetch(ctx, getBuffer(0), pic.place)
	}
	if refusal := (*Refusal)(nil); errors.As(err, &refusal) {
		return nil, 0, err
	}
	if err != nil && t.job.Spool.Mode == SpoolCrops && pic.place.Offset < 0 {
		return nil, 0, fmt.Errorf("%s: its kept crop was damaged or removed, and %s has no random access: run again, which reads it from its beginning", s.Name, s.Location.URI)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%s: cannot be read again, was the input changed during the run? %w", s.Name, err)
	}
	if t.fetch == nil && source.DigestOf(data) != s.Digest {
		return nil, 0, replaced(s)
	}
	cfg, err := imaging.DecodeConfig(data, t.job.Decode)
	if err != nil {
		return nil, 0, changed(s, err)
	}
	return data, cfg.Memory + int64(len(data)), p.fits(s.Name, &cfg, data, true)
}

// changed is the error for an image that was good in the peaks stage and is not good now. The cause is
// not the image itself, so this must not become a failure row.
func changed(s *premix.Sample, err error) error {
	return fmt.Errorf("%s: was good when its peak was found, but not now (%s): was the input changed during the run? run again", s.Name, err.Error())
}

// replaced is the error for an image that is not the one whose peak was found. The cache cannot know
// that if size and time stayed the same.
func replaced(s *premix.Sample) error {
	return fmt.Errorf("%s: is another image of the same size as the one whose peak was found: %s was replaced, during the run or with its time kept; touch it, so that its peak is found again, and run again", s.Name, s.Location.URI)
}
