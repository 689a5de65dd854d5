package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/mix"
)

// shardRows makes the rows of a shard as the shuffle delivers them: n images in all, their peaks
// anywhere in a crop of size, every eleventh flat, of ten classes.
func shardRows(sh Shards, shard int64, perm *Permutation, size premix.Size) []Row {
	lo, hi := sh.Range(shard)
	rows := make([]Row, 0, hi-lo)
	for p := lo; p < hi; p++ {
		g := perm.Inverse(p)
		s := newStream(99, 0, uint64(g), PurposeCrop)
		m := &premix.Sample{Name: fmt.Sprintf("c%d/%d.jpg", g%10, g), Label: int(g % 10), Flat: g%11 == 0}
		m.Peak = premix.Peak{X: s.Intn(size.W), Y: s.Intn(size.H)}
		m.Trough = premix.Peak{X: s.Intn(size.W), Y: s.Intn(size.H)}
		rows = append(rows, Row{Ordinal: g, Position: p, Label: m.Label, Sample: m})
	}
	return rows
}

// replica plans a whole replica of n images in s shards.
func replica(t testing.TB, p Params, n, s int64) []premix.Recipe {
	t.Helper()
	p.Mix.EnsureDefaults()
	if err := p.Mix.Validate(); err != nil {
		t.Fatal(err)
	}
	p.Shards = Shards{n, s}
	perm := NewPermutation(n, p.Mix.Seed, p.Replica)
	var all []premix.Recipe
	for k := range s {
		var err error
		if all, err = p.Recipes(all, shardRows(p.Shards, k, &perm, p.Size)); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// mixed is the number of mixed samples.
func mixed(recipes []premix.Recipe) (n int) {
	for _, r := range recipes {
		if r.Mixed {
			n++
		}
	}
	return n
}

func params(edit func(*mix.Params)) Params {
	p := Params{Mix: mix.Default(), Size: premix.Size{H: 96, W: 128}}
	if edit != nil {
		edit(&p.Mix)
	}
	return p
}

func one(name string) []mix.Weighted { return []mix.Weighted{{Name: name, Weight: 1}} }

// Each image is once target and once source, its neighbour's, and never its own.
func TestRecipesPair(t *testing.T) {
	for _, tt := range []struct{ n, s int64 }{{2, 1}, {3, 1}, {7, 3}, {300, 16}, {1000, 7}, {1000, 500}} {
		for _, pair := range []mix.Pair{mix.AnyPair, mix.DifferentClass} {
			p := params(func(m *mix.Params) { m.Pair = pair })
			all := replica(t, p, tt.n, tt.s)
			if int64(len(all)) != tt.n || int64(mixed(all)) != tt.n {
				t.Fatalf("%+v %s: %d recipes, %d mixed", tt, pair, len(all), mixed(all))
			}
			targets, sources := map[string]bool{}, map[string]bool{}
			same := int64(0)
			for i, r := range all {
				if r.Position != int64(i) || r.Shard != r.Position*tt.s/tt.n || r.Key != fmt.Sprintf("%09d", i) || r.Replica != 0 {
					t.Fatalf("%+v %s: recipe %d is %s, position %d, shard %d", tt, pair, i, r.Key, r.Position, r.Shard)
				}
				if lo, hi := (Shards{tt.n, tt.s}).Range(r.Shard); r.Index != r.Position-lo || all[lo+(r.Index+1)%(hi-lo)].Target != r.Source {
					t.Fatalf("%+v %s: recipe %d has index %d and another source than its neighbour", tt, pair, i, r.Index)
				}
				if r.Target == r.Source {
					t.Fatalf("%+v %s: recipe %d mixes %s with itself", tt, pair, i, r.Target.Name)
				}
				if r.LabelA != r.Target.Label || r.LabelB != r.Source.Label || r.Label != mix.Heavier(r.LabelA, r.LabelB, r.Lam) {
					t.Fatalf("%+v %s: recipe %d has labels %d, %d, %d", tt, pair, i, r.Label, r.LabelA, r.LabelB)
				}
				if r.LabelA == r.LabelB {
					same++
				}
				targets[r.Target.Name], sources[r.Source.Name] = true, true
			}
			if int64(len(targets)) != tt.n || int64(len(sources)) != tt.n {
				t.Errorf("%+v %s: %d targets, %d sources", tt, pair, len(targets), len(sources))
			}
			if pair == mix.DifferentClass && tt.n/tt.s > 30 && same != 0 {
				t.Errorf("%+v: %d pairs of one class, none is needed", tt, same)
			}
		}
	}
}

func TestRecipesOfLoneImages(t *testing.T) {
	for _, pair := range []mix.Pair{mix.AnyPair, mix.DifferentClass} {
		all := replica(t, params(func(m *mix.Params) { m.Pair = pair }), 3, 3)
		if len(all) != 3 {
			t.Errorf("%s: %d recipes, want 3", pair, len(all))
		}
		for _, r := range all {
			if r.Mixed || r.Method != mix.None || r.Source != r.Target {
				t.Errorf("%s: %+v", pair, r)
			}
		}
	}
}

// An unmixed sample says so in every field.
func TestRecipesUnmixed(t *testing.T) {
	p := params(func(m *mix.Params) { m.Methods = one(mix.None) })
	p.Named, p.Replica = true, 3
	all := replica(t, p, 20, 1)
	if len(all) != 20 || mixed(all) != 0 {
		t.Errorf("%d recipes, %d mixed", len(all), mixed(all))
	}
	got := all[4]
	label := got.Target.Label
	want := premix.Recipe{
		Key: "r003-000000004", Replica: 3, Position: 4, Index: 4, Method: "none", LamDrawn: 1, Lam: 1, Peak: premix.NoPeak,
		Label: label, LabelA: label, LabelB: label, Target: got.Target, Source: got.Target,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// variants are the methods and schemes, alike in everything else.
func variants() map[string]func(*mix.Params) {
	v := map[string]func(*mix.Params){}
	for _, m := range mix.Names() {
		v[m] = func(p *mix.Params) { p.Methods = one(m) }
	}
	for _, s := range mix.Schemes() {
		for _, b := range mix.Borders() {
			v[s+" "+b] = func(p *mix.Params) { p.Scheme, p.Border = mix.Scheme(s), mix.Border(b) }
		}
	}
	v["uniform"] = func(p *mix.Params) { p.Detector = mix.DetectorUniform }
	v["uniform anywhere"] = func(p *mix.Params) { p.Detector, p.Scheme = mix.DetectorUniform, mix.Sal2Rand }
	return v
}

// The same seed gives the same pairs and the same drawn λ, whatever the method and scheme.
func TestDrawsAreShared(t *testing.T) {
	base := replica(t, params(nil), 200, 4)
	for name, edit := range variants() {
		all := replica(t, params(edit), 200, 4)
		for i, r := range all {
			if r.Target.Name != base[i].Target.Name {
				t.Fatalf("%s: recipe %d has another target", name, i)
			}
			if mix.Pairs(r.Method) && r.Source.Name != base[i].Source.Name {
				t.Fatalf("%s: recipe %d has another source", name, i)
			}
			if r.Mixed && r.LamDrawn != base[i].LamDrawn {
				t.Fatalf("%s: recipe %d drew λ %v, not %v", name, i, r.LamDrawn, base[i].LamDrawn)
			}
		}
	}
	// Pairing by class moves images; what is drawn stays with them.
	moved := replica(t, params(func(m *mix.Params) { m.Pair = mix.DifferentClass }), 200, 4)
	drawn := map[string]float64{}
	for _, r := range base {
		drawn[r.Target.Name] = r.LamDrawn
	}
	for _, r := range moved {
		if drawn[r.Target.Name] != r.LamDrawn {
			t.Fatalf("%s drew λ %v, not %v", r.Target.Name, r.LamDrawn, drawn[r.Target.Name])
		}
	}
}

// What every method promises of λ, boxes and labels.
func TestRecipesHoldTogether(t *testing.T) {
	size := premix.Size{H: 96, W: 128}
	for name, edit := range variants() {
		all := replica(t, params(edit), 500, 5)
		for _, r := range all {
			if r.Box.X0 < 0 || r.Box.Y0 < 0 || r.Box.X1 > size.W || r.Box.Y1 > size.H || r.Box.X0 > r.Box.X1 || r.Box.Y0 > r.Box.Y1 {
				t.Fatalf("%s: box %v", name, r.Box)
			}
			share := 1 - float64(r.Box.Area())/float64(size.H*size.W)
			switch r.Method {
			case mix.SaliencyMix, mix.CutMix, mix.ResizeMix:
				if r.Lam != share {
					t.Fatalf("%s: λ %v, share %v of box %v", name, r.Lam, share, r.Box)
				}
			case mix.MixUp:
				if r.Lam != r.LamDrawn || r.Box != (premix.Box{}) || r.SrcBox != (premix.Box{}) || r.Peak != premix.NoPeak {
					t.Fatalf("%s: %+v", name, r)
				}
			case mix.Cutout:
				if r.Lam != 1 || r.LabelB != r.LabelA || r.Label != r.LabelA || r.Source != r.Target || !r.Mixed || r.SrcBox != (premix.Box{}) {
					t.Fatalf("%s: %+v", name, r)
				}
			}
			if r.Method == mix.SaliencyMix || r.Method == mix.CutMix {
				if r.Lam < r.LamDrawn {
					t.Fatalf("%s: final λ %v below the drawn %v", name, r.Lam, r.LamDrawn)
				}
				if r.Flat == (r.Peak != premix.NoPeak) && !r.Target.Flat {
					t.Fatalf("%s: flat %v with peak %v", name, r.Flat, r.Peak)
				}
			}
			v := mix.Soft(nil, &r, 10, 0)
			if sum := v[r.LabelA]; r.LabelA != r.LabelB && sum+v[r.LabelB] != 1 || r.LabelA == r.LabelB && sum != 1 {
				t.Fatalf("%s: label %v", name, v)
			}
		}
	}
}

// Which points each scheme cuts and pastes about, with boxes small enough to stay inside.
func TestSchemesUseTheirSpots(t *testing.T) {
	centre := premix.Peak{X: 64, Y: 48}
	for _, s := range mix.Schemes() {
		p := params(func(m *mix.Params) {
			m.Scheme = mix.Scheme(s)
			m.Lambda = mix.Lambda{Law: mix.LawFixed, Value: 1 - 1.0/1024} // 2 rows, 4 columns
		})
		all := replica(t, p, 400, 1)
		for _, r := range all {
			at := func(m *premix.Sample, spot mix.Spot) premix.Peak {
				switch {
				case m.Flat:
					return centre
				case spot == mix.Trough:
					return m.Trough
				}
				return m.Peak
			}
			in, out := mix.Scheme(s).Spots()
			from := at(r.Source, in)
			to := from
			if out == mix.Peak || out == mix.Trough {
				to = at(r.Target, out)
			}
			if out == mix.Corner {
				to = premix.Peak{X: r.Box.X0, Y: r.Box.Y0}
			} else if d := (premix.Peak{X: r.Box.X1 - to.X, Y: r.Box.Y1 - to.Y}); d.X > 2 || d.Y > 1 || d.X < 1 && to.X < 127 || d.Y < 1 && to.Y < 95 {
				t.Fatalf("%s: box %v is not about %v", s, r.Box, to)
			}
			if d := (premix.Peak{X: r.SrcBox.X1 - from.X, Y: r.SrcBox.Y1 - from.Y}); d.X > 2 || d.Y > 1 {
				t.Fatalf("%s: source box %v is not about %v", s, r.SrcBox, from)
			}
			if r.Source.Flat && (r.Peak != premix.NoPeak || !r.Flat) || !r.Source.Flat && r.Peak != from {
				t.Fatalf("%s: peak %v, flat %v, source's %v", s, r.Peak, r.Flat, from)
			}
		}
	}
}

func TestRecipesRefuse(t *testing.T) {
	size := premix.Size{H: 96, W: 128}
	perm := NewPermutation(40, 0, 0)
	tests := []struct {
		name string
		edit func(p *Params, rows []Row) []Row
		want string
	}{
		{"a row is missing", func(p *Params, r []Row) []Row { return slices.Delete(r, 3, 4) }, "holds positions 10 to 19, got 9 rows from 10"},
		{"a row is there twice", func(p *Params, r []Row) []Row { r[4] = r[3]; return r }, "row 4 has position 13 instead of 14"},
		{"not in order", func(p *Params, r []Row) []Row { slices.Reverse(r); return r }, "shard 1"},
		{"another replica's number", func(p *Params, r []Row) []Row { p.Shards = Shards{5, 1}; return r }, "position 10 is outside the replica's 5"},
		{"no shards", func(p *Params, r []Row) []Row { p.Shards.S = 0; return r }, "in 0 shards"},
		{"no sample", func(p *Params, r []Row) []Row { r[2].Sample = nil; return r }, "position 12 has no sample"},
		{"no size", func(p *Params, r []Row) []Row { p.Size.H = 0; return r }, "crops of 0x128"},
		{"peak outside", func(p *Params, r []Row) []Row { r[2].Sample.Peak.X = 128; return r }, "is not in a crop of 96x128"},
		{"no peak", func(p *Params, r []Row) []Row { r[2].Sample.Peak = premix.NoPeak; return r }, "there is no peak"},
		{"no trough", func(p *Params, r []Row) []Row {
			p.Mix.Scheme, r[2].Sample.Trough = mix.NonSal2Sal, premix.NoPeak
			return r
		}, "there is no trough"},
	}
	for _, tt := range tests {
		p := params(nil)
		p.Mix.EnsureDefaults()
		p.Shards = Shards{40, 4}
		rows := shardRows(p.Shards, 1, &perm, size)
		for i := range rows {
			rows[i].Sample.Flat = false
		}
		rows = tt.edit(&p, rows)
		dst := make([]premix.Recipe, 2)
		got, err := p.Recipes(dst, rows)
		if err == nil || !strings.Contains(err.Error(), tt.want) || len(got) != 2 {
			t.Errorf("%s: %v, want %q; %d recipes", tt.name, err, tt.want, len(got))
		}
	}
}

func BenchmarkRecipes(b *testing.B) {
	for _, pair := range []mix.Pair{mix.AnyPair, mix.DifferentClass} {
		b.Run("pair="+string(pair), func(b *testing.B) {
			p := params(func(m *mix.Params) { m.Pair = pair })
			p.Mix.EnsureDefaults()
			p.Shards = Shards{1252, 1}
			perm := NewPermutation(1252, 0, 0)
			rows := shardRows(p.Shards, 0, &perm, p.Size)
			var all []premix.Recipe
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if all, err = p.Recipes(all[:0], rows); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
