package tfshard

import (
	"errors"
	"fmt"
	"math"

	"github.com/premix/premix"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tfexample"
)

// names are those of the features of how a record was mixed.
type names struct {
	labelA, labelB, lam, lamDrawn, box, srcBox, peak, flat, method, mixed, replica, target, source string
}

func namesWith(prefix string) *names {
	return &names{
		labelA: prefix + "label_a", labelB: prefix + "label_b", lam: prefix + "lam", lamDrawn: prefix + "lam_drawn",
		box: prefix + "box", srcBox: prefix + "src_box", peak: prefix + "peak", flat: prefix + "flat",
		method: prefix + "method", mixed: prefix + "mixed", replica: prefix + "replica",
		target: prefix + "target", source: prefix + "source",
	}
}

var slimNames, tfdsNames = namesWith(mixPrefix), namesWith("")

func encodeMix(e *tfexample.Encoder, n *names, r *shard.Record) {
	e.Ints(n.box, int64(r.Box.X0), int64(r.Box.Y0), int64(r.Box.X1), int64(r.Box.Y1))
	e.Bool(n.flat, r.Flat)
	e.Ints(n.labelA, int64(r.LabelA))
	e.Ints(n.labelB, int64(r.LabelB))
	e.Floats(n.lam, float32(r.Lam))
	e.Floats(n.lamDrawn, float32(r.LamDrawn))
	e.Text(n.method, r.Method)
	e.Bool(n.mixed, r.Mixed)
	e.Ints(n.peak, int64(r.Peak.X), int64(r.Peak.Y))
	e.Ints(n.replica, int64(r.Replica))
	e.Text(n.source, r.Source)
	e.Ints(n.srcBox, int64(r.SrcBox.X0), int64(r.SrcBox.Y0), int64(r.SrcBox.X1), int64(r.SrcBox.Y1))
	e.Text(n.target, r.Target)
}

// A getter reads features into variables until something is wrong with one. A missing feature
// leaves the variable as it is.
type getter struct {
	e   *tfexample.Example
	err error
}

// done keeps err, unless the feature is only missing, and reports whether to skip the value.
func (g *getter) done(err error) bool {
	if err != nil && !errors.Is(err, tfexample.ErrMissing) {
		g.err = err
	}
	return err != nil
}

// image copies the image, which must be there.
func (g *getter) image(r *shard.Record, name string) {
	v, _, err := g.e.Bytes(name)
	if err != nil {
		g.err = err
		return
	}
	r.Image = append(r.Image[:0], v...)
}

func (g *getter) text(dst *string, name string) {
	if g.err != nil {
		return
	}
	if v, _, err := g.e.Bytes(name); !g.done(err) {
		*dst = string(v)
	}
}

func (g *getter) int(dst *int, name string) {
	if g.err != nil {
		return
	}
	v, err := g.e.Int(name)
	if g.done(err) {
		return
	}
	if v > math.MaxInt32 || v < math.MinInt32 {
		g.err = fmt.Errorf("feature %s is %d, beyond 32 bits", name, v)
		return
	}
	*dst = int(v)
}

func (g *getter) bool(dst *bool, name string) {
	v := -1
	if g.int(&v, name); v >= 0 {
		*dst = v != 0
	}
}

func (g *getter) float(dst *float64, name string) {
	if g.err != nil {
		return
	}
	if v, err := g.e.Float(name); !g.done(err) {
		*dst = float64(v)
	}
}

func (g *getter) floats(dst *[]float32, name string) {
	if g.err != nil {
		return
	}
	v, err := g.e.Floats((*dst)[:0], name)
	if !g.done(err) {
		*dst = v
	}
}

// ints reads exactly len(dst) integers.
func (g *getter) ints(dst []int64, name string) bool {
	if g.err != nil {
		return false
	}
	v, err := g.e.Ints(dst[:0:len(dst)], name)
	if g.done(err) {
		return false
	}
	if len(v) != len(dst) {
		g.err = fmt.Errorf("feature %s has %d values, want %d", name, len(v), len(dst))
	}
	return g.err == nil
}

func (g *getter) box(dst *premix.Box, name string) {
	var v [4]int64
	if g.ints(v[:], name) {
		*dst = premix.Box{X0: int(v[0]), Y0: int(v[1]), X1: int(v[2]), Y1: int(v[3])}
	}
}

// mix reads what encodeMix writes.
func (g *getter) mix(r *shard.Record, n *names) {
	g.int(&r.LabelA, n.labelA)
	g.int(&r.LabelB, n.labelB)
	g.float(&r.Lam, n.lam)
	g.float(&r.LamDrawn, n.lamDrawn)
	g.box(&r.Box, n.box)
	g.box(&r.SrcBox, n.srcBox)
	var peak [2]int64
	if g.ints(peak[:], n.peak) {
		r.Peak = premix.Peak{X: int(peak[0]), Y: int(peak[1])}
	}
	g.bool(&r.Flat, n.flat)
	g.text(&r.Method, n.method)
	g.bool(&r.Mixed, n.mixed)
	g.int(&r.Replica, n.replica)
	g.text(&r.Target, n.target)
	g.text(&r.Source, n.source)
}
