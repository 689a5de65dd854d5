package derive

import (
	"errors"
	"fmt"

	"github.com/premix/premix"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/plan"
	"github.com/premix/premix/sample"
)

// ErrOrder says that a shard cannot be drawn again from its plan: where partners must be of
// different classes, the images were put in another order first, which the plan does not tell.
var ErrOrder = errors.New("derive: the order before pairing by class is not in the plan")

// Redraw plans a shard again from the images of its plan, all of them in order: which method,
// which λ, which boxes the recipe draws for them. Samples is the number of samples of the replica,
// shards that of its shards; named says that keys carry the replica.
func Redraw(p *sample.Params, recipes []premix.Recipe, samples, shards int64, named bool) ([]premix.Recipe, error) {
	if p.Mix.Pair == mix.DifferentClass {
		return nil, ErrOrder
	}
	if len(recipes) == 0 {
		return nil, nil
	}
	replica := recipes[0].Replica
	order := plan.NewPermutation(samples, p.Mix.Seed, replica)
	rows := make([]plan.Row, len(recipes))
	for i := range recipes {
		r := &recipes[i]
		if r.Position < 0 || r.Position >= samples {
			return nil, fmt.Errorf("derive: %s: position %d of %d", r.Key, r.Position, samples)
		}
		rows[i] = plan.Row{Ordinal: order.Inverse(r.Position), Position: r.Position, Label: r.LabelA, Sample: r.Target}
	}
	params := plan.Params{Mix: p.Mix, Size: p.Geometry.Size, Shards: plan.Shards{N: samples, S: shards}, Replica: replica, Named: named}
	drawn, err := params.Recipes(nil, rows)
	return drawn, err
}

// Differs says in which field a planned sample is not as it should be; empty if in none.
func Differs(have, want *premix.Recipe) string {
	for _, f := range []struct {
		name       string
		have, want any
	}{
		{"key", have.Key, want.Key}, {"replica", have.Replica, want.Replica}, {"shard", have.Shard, want.Shard},
		{"index", have.Index, want.Index}, {"method", have.Method, want.Method}, {"mixed", have.Mixed, want.Mixed},
		{"source", have.Source.Name, want.Source.Name}, {"label_a", have.LabelA, want.LabelA}, {"label_b", have.LabelB, want.LabelB},
		{"label", have.Label, want.Label}, {"lam_drawn", have.LamDrawn, want.LamDrawn}, {"peak", have.Peak, want.Peak},
		{"flat", have.Flat, want.Flat}, {"box", have.Box, want.Box}, {"src_box", have.SrcBox, want.SrcBox}, {"lam", have.Lam, want.Lam},
	} {
		if f.have != f.want {
			return fmt.Sprintf("%s is %v, not %v", f.name, f.have, f.want)
		}
	}
	return ""
}
