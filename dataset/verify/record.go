package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/derive"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/npy"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/plan"
)

// record verifies one record, the next of its shard.
func (c *checker) record(ctx context.Context, r *shard.Record) error {
	i := c.result.samples
	var recipe *premix.Recipe
	if i < int64(len(c.recipes)) {
		recipe = &c.recipes[i]
	}
	c.key(r, i)
	if err := c.picture(ctx, r); err != nil {
		return err
	}
	ok := c.labels(r)
	c.lambda(r)
	if recipe != nil {
		c.planned(r, recipe)
	}
	if ok && c.spec.Dense() {
		c.dense(r, recipe)
	}
	counted := *r
	if recipe != nil && c.traits.Float32 {
		// the sums of the record were taken before rounding; that both agree was just checked
		counted.Lam, counted.LamDrawn = recipe.Lam, recipe.LamDrawn
	}
	c.stats.Add(&counted)
	c.targets = append(c.targets, nameHash(r.Target))
	source := uint64(0)
	if r.Mixed && mix.Pairs(r.Method) {
		source = nameHash(r.Source)
	}
	c.sources = append(c.sources, source)
	if c.deep[i] {
		if recipe != nil { // its absence was noted with the plan
			return c.again(ctx, r, recipe)
		}
	}
	return nil
}

// key compares the record's key with its position.
func (c *checker) key(r *shard.Record, i int64) {
	if r.Replica != c.rec.Replica {
		c.bad(r.Key, "replica %d in a shard of replica %d", r.Replica, c.rec.Replica)
	}
	if c.total == 0 {
		return // the positions of an unfinished replica follow from its plan alone
	}
	lo, _ := plan.Shards{N: c.total, S: c.v.config.Shape.Shards}.Range(c.rec.Shard)
	if want := plan.Key(lo+i, c.total, c.rec.Replica, c.spec.Replica >= 0); r.Key != want {
		c.bad(r.Key, "record %d of the shard should have the key %s", i, want)
	}
}

// picture decodes the image. The error is that of ctx.
func (c *checker) picture(ctx context.Context, r *shard.Record) error {
	if r.ImageFormat != c.spec.ImageFormat {
		c.bad(r.Key, "image is %s, should be %s", r.ImageFormat, c.spec.ImageFormat)
	}
	want := map[string]imaging.Format{"jpg": imaging.JPEG, "png": imaging.PNG}[c.spec.ImageFormat]
	if have := imaging.Sniff(r.Image); have != want {
		c.bad(r.Key, "image is %s by its first bytes, should be %s", orUnknown(have), want)
		return nil
	}
	p := imaging.DecodeParams{Limits: imaging.Limits{MaxPixels: int64(c.spec.Size.W) * int64(c.spec.Size.H)}}
	config, err := imaging.DecodeConfig(r.Image, p)
	if err == nil {
		config, err = c.decoder.Decode(ctx, &c.image, r.Image, p)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		c.bad(r.Key, "image: %s", oneLine(err))
		return nil
	}
	if config.W != c.spec.Size.W || config.H != c.spec.Size.H {
		c.bad(r.Key, "image has %d×%d pixels, should have %d×%d", config.W, config.H, c.spec.Size.W, c.spec.Size.H)
	}
	if c.traits.ImageSize && (r.W != config.W || r.H != config.H) {
		c.bad(r.Key, "width and height say %d×%d, the image has %d×%d", r.W, r.H, config.W, config.H)
	}
	return nil
}

func orUnknown(f imaging.Format) imaging.Format {
	if f == imaging.Unknown {
		return "nothing known"
	}
	return f
}

// labels reports whether all labels are in range.
func (c *checker) labels(r *shard.Record) bool {
	n := c.v.config.Shape.Classes.Count
	ok := true
	for _, l := range []struct {
		name  string
		value int
	}{{"label", r.Label}, {"label_a", r.LabelA}, {"label_b", r.LabelB}} {
		if l.value < 0 || l.value >= n {
			c.bad(r.Key, "%s %d is outside the %d classes", l.name, l.value, n)
			ok = false
		}
	}
	if !ok {
		return false
	}
	// rounded to float32, a λ just below one half cannot be told from it
	if want := mix.Heavier(r.LabelA, r.LabelB, r.Lam); r.Label != want && !(c.traits.Float32 && float32(r.Lam) == 0.5) {
		c.bad(r.Key, "label %d, but %d is the heavier of label_a %d and label_b %d with lam %v", r.Label, want, r.LabelA, r.LabelB, r.Lam)
	}
	if c.traits.Class && c.v.classes[r.Label] != "" && r.Class != c.v.classes[r.Label] {
		c.bad(r.Key, "class %q, label %d is %q", r.Class, r.Label, c.v.classes[r.Label])
	}
	return true
}

// lambda checks that λ, box, peak and method fit together.
func (c *checker) lambda(r *shard.Record) {
	bad := func(format string, args ...any) { c.bad(r.Key, format, args...) }
	if !(r.Lam >= 0 && r.Lam <= 1) || !(r.LamDrawn >= 0 && r.LamDrawn <= 1) {
		bad("lam %v and lam_drawn %v must be in [0, 1]", r.Lam, r.LamDrawn)
	}
	size := c.spec.Size
	for _, b := range []struct {
		name string
		box  premix.Box
	}{{"box", r.Box}, {"src_box", r.SrcBox}} {
		if b.box.X0 < 0 || b.box.Y0 < 0 || b.box.X1 > size.W || b.box.Y1 > size.H || b.box.X0 > b.box.X1 || b.box.Y0 > b.box.Y1 {
			bad("%s %v is not inside %d×%d", b.name, b.box, size.W, size.H)
			return
		}
	}
	if r.Peak != premix.NoPeak && (r.Peak.X < 0 || r.Peak.X >= size.W || r.Peak.Y < 0 || r.Peak.Y >= size.H) {
		bad("peak [%d,%d] is not inside %d×%d", r.Peak.X, r.Peak.Y, size.W, size.H)
	}
	if r.Mixed != (r.Method != mix.None) {
		bad("method %s, mixed %v", r.Method, r.Mixed)
	}
	switch m, known := mix.ByName(r.Method); {
	case !known:
		bad("unknown method %q", r.Method)
	case m.Pastes:
		if want := c.round(mix.Share(r.Box, size)); r.Lam != want {
			bad("lam is %v, but of box %v %v of the target stays", r.Lam, r.Box, want)
		}
		dw, dh := r.Box.X1-r.Box.X0-(r.SrcBox.X1-r.SrcBox.X0), r.Box.Y1-r.Box.Y0-(r.SrcBox.Y1-r.SrcBox.Y0)
		if !m.Resizes && (dw != 0 || dh != 0) {
			bad("box %v and src_box %v differ in size", r.Box, r.SrcBox)
		}
	case m.Pairs:
		if r.Lam != r.LamDrawn || !r.Box.Empty() || !r.SrcBox.Empty() {
			bad("%s with lam %v of %v drawn, box %v and src_box %v", r.Method, r.Lam, r.LamDrawn, r.Box, r.SrcBox)
		}
	default:
		if r.LabelA != r.LabelB || r.Target != r.Source || r.Lam != 1 || !r.SrcBox.Empty() {
			bad("%s has one image, but labels %d and %d, lam %v, src_box %v, target %s, source %s",
				r.Method, r.LabelA, r.LabelB, r.Lam, r.SrcBox, r.Target, r.Source)
		}
		if r.Method == mix.None && (!r.Box.Empty() || r.LamDrawn != 1 || r.Peak != premix.NoPeak || r.Flat) {
			bad("not mixed, but box %v, lam_drawn %v, peak %v, flat %v", r.Box, r.LamDrawn, r.Peak, r.Flat)
		}
	}
}

// round is a λ as the format holds it.
func (c *checker) round(lam float64) float64 {
	if c.traits.Float32 {
		return float64(float32(lam))
	}
	return lam
}

// planned compares the record with its row of the plan.
func (c *checker) planned(r *shard.Record, recipe *premix.Recipe) {
	want := dataset.Sample(recipe, nil, &c.spec)
	want.Lam, want.LamDrawn = c.round(want.Lam), c.round(want.LamDrawn)
	for _, f := range []struct {
		name       string
		have, want any
	}{
		{"key", r.Key, want.Key}, {"label", r.Label, want.Label}, {"label_a", r.LabelA, want.LabelA}, {"label_b", r.LabelB, want.LabelB},
		{"lam", r.Lam, want.Lam}, {"lam_drawn", r.LamDrawn, want.LamDrawn}, {"box", r.Box, want.Box}, {"src_box", r.SrcBox, want.SrcBox},
		{"peak", r.Peak, want.Peak}, {"flat", r.Flat, want.Flat}, {"method", r.Method, want.Method}, {"mixed", r.Mixed, want.Mixed},
		{"replica", r.Replica, want.Replica}, {"target", r.Target, want.Target}, {"source", r.Source, want.Source},
	} {
		if f.have != f.want {
			c.bad(r.Key, "%s is %v, the plan says %v", f.name, f.have, f.want)
		}
	}
	if recipe.Shard != c.rec.Shard || recipe.Index != c.result.samples {
		c.result.found.add(c.rec.PlanPath, r.Key, "is sample %d of shard %d, should be %d of %d", recipe.Index, recipe.Shard, c.result.samples, c.rec.Shard)
	}
}

// dense checks the vector over all classes.
func (c *checker) dense(r *shard.Record, recipe *premix.Recipe) {
	n := c.v.config.Shape.Classes.Count
	if len(r.Soft) != n {
		c.bad(r.Key, "dense label of %d values, want %d", len(r.Soft), n)
		return
	}
	tolerance := 1e-5
	if c.spec.LabelForm == shard.Dense16 {
		tolerance = 1e-3
	}
	var sum float64
	for _, v := range r.Soft {
		sum += float64(v)
	}
	if !(math.Abs(sum-1) <= tolerance) {
		c.bad(r.Key, "dense label sums to %v", sum)
	}
	if c.v.params == nil || recipe == nil {
		if at := argmax(r.Soft); at != r.Label && r.Soft[at]-r.Soft[r.Label] > float32(tolerance) {
			c.bad(r.Key, "dense label is greatest at %d, label is %d", at, r.Label)
		}
		return
	}
	known := *recipe
	known.LabelA, known.LabelB = r.LabelA, r.LabelB // in range
	c.soft = c.v.params.Soft(c.soft, &known, n)
	if c.spec.LabelForm == shard.Dense16 {
		for i, v := range c.soft {
			c.soft[i] = npy.Float32(npy.Float16(v))
		}
	}
	if !slices.Equal(c.soft, r.Soft) {
		for i := range c.soft {
			if c.soft[i] != r.Soft[i] {
				c.bad(r.Key, "dense label: class %d has %v, should have %v", i, r.Soft[i], c.soft[i])
				return
			}
		}
	}
}

func argmax(v []float32) int {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}

// again makes the sample from its sources and compares peaks and bytes.
func (c *checker) again(ctx context.Context, r *shard.Record, recipe *premix.Recipe) error {
	if c.derive == nil {
		d, err := derive.New(*c.v.params)
		if err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		c.derive = d
	}
	ok := true
	half := func(h *derive.Half, s *premix.Sample) error {
		err := c.derive.Fetch(ctx, c.v.sources, h, s, false)
		var missing *source.EntryError
		switch {
		case errors.As(err, &missing):
			ok = false
			c.bad(r.Key, "%s", oneLine(missing))
			return nil
		case premix.AsFault(err) != nil:
			ok = false
			c.bad(r.Key, "%s: %s", s.Name, oneLine(err))
			return nil
		case err != nil:
			return err
		}
		for _, d := range derive.Differences(s, &h.Sample) {
			ok = false
			c.bad(r.Key, "%s", d)
		}
		return nil
	}
	if err := half(&c.a, recipe.Target); err != nil {
		return err
	}
	other := &c.a
	if recipe.Source != recipe.Target {
		other = &c.b
		if err := half(&c.b, recipe.Source); err != nil {
			return err
		}
	}
	if !ok {
		return nil
	}
	c.result.derived++
	data, err := c.derive.Mix(&c.image, nil, &c.a, other, recipe)
	if err != nil {
		c.bad(r.Key, "%s", oneLine(err))
	} else if !bytes.Equal(data, r.Image) {
		c.bad(r.Key, "built again from its sources, the image has %d bytes and differs from byte %d on; the shard has %d",
			len(data), firstDifference(data, r.Image), len(r.Image))
	}
	return nil
}
