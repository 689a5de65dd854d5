// Package plan decides what becomes of every image before a pixel is touched: in which order a
// replica runs, which shard holds which position, which image meets which, whether and how they
// are mixed, and with which λ.
//
// Nothing here remembers anything. Every number is a counter-based function of (seed, replica,
// ordinal, purpose), so a shard can be planned alone, on any machine, in any order and twice,
// and comes out the same; and what is drawn for one purpose is the same whatever is drawn for
// others: two outputs with one seed have the same pairs and the same drawn λ, whichever method
// made them.
//
//	ordinal   place of an image among the good ones, in the canonical order of the input
//	position  place of an image in its replica: Permutation.At(ordinal)
//	shard     ⌊position·S/N⌋
//	target i of a shard takes the image at i+1 as its source, the last one the first
//
// so that each image of a replica is once target and once source, and meets itself only where it
// is alone in its shard; then it stays unmixed.
package plan

import (
	"fmt"

	"github.com/premix/premix"
	"github.com/premix/premix/mix"
)

// A Row is an image on its way through the shuffle: all that the mix stage must know of it.
type Row struct {
	// Ordinal is the image's place among the good ones, Position its place in the replica.
	Ordinal, Position int64
	// Label is the class index of the output.
	Label int
	// Sample is the image's row of the cache.
	Sample *premix.Sample
	// Spool is where the mix stage finds the bytes or pixels instead of Sample.Location; the zero
	// Location says that there is no such place.
	Spool premix.Location
}

// Params is what the planning of a replica needs. Only Mix and Size are a user's choice; the
// others follow from the input.
type Params struct {
	Mix     mix.Params
	Size    premix.Size // of the crops
	Shards  Shards
	Replica int
	Named   bool // keys carry rNNN-
}

// Stats counts what became of the rows of a shard.
type Stats struct {
	Mixed, Unmixed int64
	// Lone counts images that stay unmixed because they are alone in their shard.
	Lone int64
}

// Recipes plans one shard from all of its rows in position order and appends a recipe for each
// to dst. The recipes point at the rows' samples. Rows that are missing, doubled or of another
// shard are an error, and so is a sample whose peak lies outside of the crop or is absent though
// its map is not flat.
func (p *Params) Recipes(dst []premix.Recipe, rows []Row) ([]premix.Recipe, Stats, error) {
	var stats Stats
	if err := p.check(rows); err != nil || len(rows) == 0 {
		return dst, stats, err
	}
	for i := range rows {
		target, source := &rows[i], &rows[(i+1)%len(rows)]
		r := premix.Recipe{
			Key:      Key(target.Position, p.Shards.N, p.Replica, p.Named),
			Replica:  p.Replica,
			Position: target.Position,
			Shard:    p.Shards.Of(target.Position),
			Index:    int64(i),
		}
		if len(rows) == 1 {
			stats.Lone++
		}
		if err := p.fill(&r, target, source, len(rows) == 1); err != nil {
			return dst, stats, err
		}
		if r.Mixed {
			stats.Mixed++
		} else {
			stats.Unmixed++
		}
		dst = append(dst, r)
	}
	return dst, stats, nil
}

// check reports rows that are not those of one shard, all of them and in order.
func (p *Params) check(rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	first := rows[0].Position
	if first < 0 || first >= p.Shards.N {
		return fmt.Errorf("plan: position %d is outside of the replica's %d", first, p.Shards.N)
	}
	shard := p.Shards.Of(first)
	lo, hi := p.Shards.Range(shard)
	if first != lo || int64(len(rows)) != hi-lo {
		return fmt.Errorf("plan: shard %d holds positions %d to %d, got %d rows from %d", shard, lo, hi-1, len(rows), first)
	}
	for i := range rows {
		if rows[i].Position != lo+int64(i) {
			return fmt.Errorf("plan: shard %d: row %d has position %d instead of %d", shard, i, rows[i].Position, lo+int64(i))
		}
		if rows[i].Sample == nil {
			return fmt.Errorf("plan: shard %d: position %d has no sample", shard, rows[i].Position)
		}
	}
	return nil
}

// fill decides how one target is mixed. All draws belong to the ordinal of the target.
func (p *Params) fill(r *premix.Recipe, target, source *Row, alone bool) error {
	ordinal := uint64(target.Ordinal)
	r.Method = p.method(ordinal)
	if alone {
		r.Method = mix.None
	}
	r.Target, r.Source = target.Sample, source.Sample
	r.LabelA, r.LabelB = target.Label, source.Label
	r.LamDrawn, r.Lam, r.Peak = 1, 1, premix.NoPeak
	r.Mixed = r.Method != mix.None
	switch r.Method {
	case mix.SaliencyMix:
		peak, flat, err := p.peak(source.Sample)
		if err != nil {
			return err
		}
		r.LamDrawn = p.lambda(ordinal)
		r.Flat = flat
		if !flat {
			r.Peak = peak
		}
		r.Box = mix.CutBox(peak, r.LamDrawn, p.Size, p.Mix.Border)
		r.SrcBox = r.Box
		r.Lam = mix.Share(r.Box, p.Size)
	case mix.None:
		r.Source, r.LabelB = target.Sample, target.Label
	}
	r.Label = mix.Heavier(r.LabelA, r.LabelB, r.Lam)
	return nil
}

// method is drawn for a target: none with probability 1−Prob, else by weight, else none.
func (p *Params) method(ordinal uint64) string {
	gate := NewStream(p.Mix.Seed, p.Replica, ordinal, PurposeMix)
	if gate.Float64() >= p.Mix.Prob {
		return mix.None
	}
	choice := NewStream(p.Mix.Seed, p.Replica, ordinal, PurposeMethod)
	u, sum := choice.Float64(), 0.0
	for _, m := range p.Mix.Methods {
		if sum += m.Weight; u < sum {
			return m.Name
		}
	}
	return mix.None
}

// lambda is λ for a target: 53 uniform bits.
func (p *Params) lambda(ordinal uint64) float64 {
	s := NewStream(p.Mix.Seed, p.Replica, ordinal, PurposeLambda)
	return s.Float64()
}

// peak is the point that a patch is cut about: that of the sample, or the centre if it is flat.
func (p *Params) peak(s *premix.Sample) (peak premix.Peak, flat bool, err error) {
	if s.Flat {
		return mix.Centre(p.Size), true, nil
	}
	if s.Peak.X < 0 || s.Peak.Y < 0 || s.Peak.X >= p.Size.W || s.Peak.Y >= p.Size.H {
		return peak, false, fmt.Errorf("plan: %s: peak (%d,%d) is not in a crop of %v", s.Name, s.Peak.X, s.Peak.Y, p.Size)
	}
	return s.Peak, false, nil
}
