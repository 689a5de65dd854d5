package plan

import (
	"fmt"

	"github.com/premix/premix"
	"github.com/premix/premix/mix"
)

// Params is what the planning of a replica needs. Only Mix and Size are a user's choice; the
// others follow from the input.
type Params struct {
	Mix     mix.Params
	Size    premix.Size // of the crops
	Shards  Shards
	Replica int
	Named   bool // keys carry rNNN-
}

// A planner plans the samples of one shard.
type planner struct {
	*Params
	draws Stream // of the draw at hand; kept here so that it is allocated once
}

// Recipes plans one shard from all of its rows in position order and appends a recipe for each
// to dst. The recipes point at the rows' samples. Target i takes the next row's image as its
// source, the last one the first's. With different-class pairing, images first change
// places in the shard so that neighbours differ; each keeps what is drawn for it.
//
// All draws belong to the ordinal of the target. A saliencymix patch is cut about the peak of the
// source's sample (or its trough, where the scheme says so), and about the centre where the map
// is flat.
//
// Missing, duplicate and foreign rows are an error, and so is a sample whose peak
// lies outside of the crop, or is absent though the method needs it and its map is not flat.
func (p *Params) Recipes(dst []premix.Recipe, rows []Row) ([]premix.Recipe, error) {
	if err := p.check(rows); err != nil || len(rows) == 0 {
		return dst, err
	}
	start, shard := len(dst), p.Shards.Of(rows[0].Position)
	at := func(i int) *Row { return &rows[i%len(rows)] }
	if p.Mix.Pair == mix.DifferentClass {
		order := different(rows)
		at = func(i int) *Row { return &rows[order[i%len(rows)]] }
	}
	pl := planner{Params: p}
	for i := range rows {
		position := rows[i].Position
		r := premix.Recipe{
			Key:     Key(position, p.Shards.N, p.Replica, p.Named),
			Replica: p.Replica, Position: position, Shard: shard, Index: int64(i),
		}
		if err := pl.fill(&r, at(i), at(i+1), len(rows) == 1); err != nil {
			return dst[:start], err
		}
		dst = append(dst, r)
	}
	return dst, nil
}

// check reports rows that are not those of one shard, all of them and in order.
func (p *Params) check(rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	first := rows[0].Position
	if p.Shards.S < 1 {
		return fmt.Errorf("plan: a replica in %d shards", p.Shards.S)
	}
	if first < 0 || first >= p.Shards.N {
		return fmt.Errorf("plan: position %d is outside the replica's %d", first, p.Shards.N)
	}
	if p.Size.H <= 0 || p.Size.W <= 0 {
		return fmt.Errorf("plan: crops of %v pixels", p.Size)
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

// draw starts the stream of a purpose for a target.
func (p *planner) draw(target *Row, purpose Purpose) *Stream {
	p.draws = *newStream(p.Mix.Seed, p.Replica, uint64(target.Ordinal), purpose)
	return &p.draws
}

// fill decides how one target is mixed, if it is not alone.
func (p *planner) fill(r *premix.Recipe, target, source *Row, alone bool) error {
	r.Method = mix.None
	r.Target, r.Source = target.Sample, target.Sample
	r.Label, r.LabelA, r.LabelB = target.Label, target.Label, target.Label
	r.LamDrawn, r.Lam, r.Peak = 1, 1, premix.NoPeak
	m := p.method(target)
	if m == nil || m.Name == mix.None || alone && mix.Pairs(m.Name) {
		return nil
	}
	r.Method, r.Mixed = m.Name, true
	law := p.Mix.LambdaOf(m)
	r.LamDrawn = law.Draw(p.draw(target, PurposeLambda))
	if mix.Pairs(m.Name) {
		r.Source, r.LabelB = source.Sample, source.Label
	}
	switch m.Name {
	case mix.SaliencyMix:
		if err := p.saliency(r, target, source); err != nil {
			return err
		}
	case mix.CutMix:
		r.Peak = p.pixel(target, PurposeCentre, p.Size)
		r.Box = mix.RandomBox(r.Peak, r.LamDrawn, p.Size)
		r.SrcBox, r.Lam = r.Box, mix.Share(r.Box, p.Size)
	case mix.MixUp:
		r.Lam = r.LamDrawn
	case mix.Cutout:
		r.Peak = p.pixel(target, PurposeCentre, p.Size)
		r.Box = mix.RandomBox(r.Peak, r.LamDrawn, p.Size)
	case mix.ResizeMix:
		lo, hi := m.Scale()
		small := mix.SmallSize(r.LamDrawn, lo, hi, p.Size)
		at := p.pixel(target, PurposeCorner, premix.Size{H: p.Size.H - small.H + 1, W: p.Size.W - small.W + 1})
		r.Box = premix.Box{X0: at.X, Y0: at.Y, X1: at.X + small.W, Y1: at.Y + small.H}
		r.SrcBox = premix.Box{X1: p.Size.W, Y1: p.Size.H}
		r.Lam = mix.Share(r.Box, p.Size)
	default:
		return fmt.Errorf("plan: unknown method %q", m.Name)
	}
	r.Label = mix.Heavier(r.LabelA, r.LabelB, r.Lam)
	return nil
}

// method is drawn for a target: none with probability 1−Prob, else by weight.
func (p *planner) method(target *Row) *mix.Weighted {
	if p.draw(target, PurposeMix).Float64() >= p.Mix.Prob {
		return nil
	}
	return mix.Choose(p.Mix.Methods, p.draw(target, PurposeMethod).Float64())
}

// pixel draws a pixel of an image of the given size: its column, then its row.
func (p *planner) pixel(target *Row, purpose Purpose, size premix.Size) premix.Peak {
	s := p.draw(target, purpose)
	x := s.Intn(size.W)
	return premix.Peak{X: x, Y: s.Intn(size.H)}
}

// saliency places the patch of saliencymix.
func (p *planner) saliency(r *premix.Recipe, target, source *Row) error {
	in, out := p.Mix.Scheme.Spots()
	from, flat, err := p.spot(in, target, source.Sample)
	if err != nil {
		return err
	}
	to, flatTarget, err := p.spot(out, target, target.Sample)
	if err != nil {
		return err
	}
	if !flat {
		r.Peak = from
	}
	r.Flat = flat || flatTarget
	r.SrcBox, r.Box, r.Lam = mix.Place(p.Mix.Scheme, p.Mix.Border, from, to, r.LamDrawn, p.Size)
	return nil
}

// spot finds a point in a sample for a target's recipe; in a flat map it is the centre.
func (p *planner) spot(s mix.Spot, target *Row, m *premix.Sample) (at premix.Peak, flat bool, err error) {
	switch {
	case s == mix.Same:
		return at, false, nil
	case s == mix.Corner:
		return p.pixel(target, PurposeCorner, p.Size), false, nil
	case p.Mix.Detector == mix.DetectorUniform:
		return p.pixel(target, PurposeCentre, p.Size), false, nil
	case m.Flat:
		return mix.Centre(p.Size), true, nil
	}
	what, at := "peak", m.Peak
	if s == mix.Trough {
		what, at = "trough", m.Trough
	}
	if at == premix.NoPeak {
		return at, false, fmt.Errorf("plan: %s: there is no %s, which the scheme needs", m.Name, what)
	}
	if at.X < 0 || at.Y < 0 || at.X >= p.Size.W || at.Y >= p.Size.H {
		return at, false, fmt.Errorf("plan: %s: %s (%d,%d) is not in a crop of %v", m.Name, what, at.X, at.Y, p.Size)
	}
	return at, false, nil
}
