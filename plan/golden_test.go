package plan

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/mix"
)

// goldenVariants are the configurations of testdata/rederive.py.
func goldenVariants() map[string]func(*mix.Params) {
	v := map[string]func(*mix.Params){
		"default":          func(*mix.Params) {},
		"uniform":          func(p *mix.Params) { p.Detector = mix.DetectorUniform },
		"uniform anywhere": func(p *mix.Params) { p.Detector, p.Scheme = mix.DetectorUniform, mix.Sal2Rand },
		"alpha 0.3":        func(p *mix.Params) { p.Lambda.Alpha = 0.3 },
		"alpha 2.5":        func(p *mix.Params) { p.Lambda.Alpha = 2.5 },
		"clamp":            func(p *mix.Params) { p.Lambda.Min, p.Lambda.Max = 0.3, 0.6 },
		"redraw": func(p *mix.Params) {
			p.Lambda = mix.Lambda{Alpha: 0.7, Min: 0.3, Max: 0.6, Outside: mix.Redraw}
		},
		"fixed": func(p *mix.Params) { p.Lambda = mix.Lambda{Law: mix.LawFixed, Value: 0.7} },
		"several": func(p *mix.Params) {
			p.Methods = []mix.Weighted{{Name: mix.CutMix, Weight: 0.4, Alpha: 0.2}, {Name: mix.MixUp, Weight: 0.3, Alpha: 4}, {Name: mix.None, Weight: 0.1}}
			p.Prob = 0.9
		},
		"classes": func(p *mix.Params) { p.Pair = mix.DifferentClass },
	}
	for _, m := range mix.Names()[1:] {
		v[m] = func(p *mix.Params) { p.Methods = one(m) }
	}
	for _, s := range mix.Schemes() {
		for _, b := range mix.Borders() {
			v[s+" "+b] = func(p *mix.Params) { p.Scheme, p.Border = mix.Scheme(s), mix.Border(b) }
		}
	}
	return v
}

// The recipes of a small data set, of every method, scheme and law, equal those that an independent
// program derives from the documentation, bit for bit. They never change: a seed means the same
// pairs, λ and boxes in every version.
func TestRecipesGolden(t *testing.T) {
	want := map[string][]string{}
	f, err := os.Open("testdata/recipes.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, _, _ := strings.Cut(lines.Text(), "\t")
		want[name] = append(want[name], lines.Text())
	}
	variants := goldenVariants()
	if len(want) != len(variants) {
		t.Fatalf("%d variants in the file, %d here", len(want), len(variants))
	}
	const n, shards = 23, 3
	for name, edit := range variants {
		p := params(edit)
		p.Replica, p.Named, p.Mix.Seed, p.Shards = 2, true, 12345678901234567890, Shards{n, shards}
		p.Mix.EnsureDefaults()
		if err := p.Mix.Validate(); err != nil {
			t.Fatal(err)
		}
		perm := NewPermutation(n, p.Mix.Seed, p.Replica)
		var got []string
		for k := range int64(shards) {
			rows := shardRows(p.Shards, k, &perm, p.Size)
			for i := range rows {
				if name == "classes" {
					rows[i].Label = int(rows[i].Ordinal % 3)
				}
			}
			all, err := p.Recipes(nil, rows)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range all {
				got = append(got, goldenLine(name, &r))
			}
		}
		if diff := cmp.Diff(want[name], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func goldenLine(name string, r *premix.Recipe) string {
	flat := 0
	if r.Flat {
		flat = 1
	}
	fields := []any{
		name, r.Key, r.Shard, r.Index, r.Method, python(r.LamDrawn), python(r.Lam),
		r.Box.X0, r.Box.Y0, r.Box.X1, r.Box.Y1, r.SrcBox.X0, r.SrcBox.Y0, r.SrcBox.X1, r.SrcBox.Y1,
		r.Peak.X, r.Peak.Y, flat, r.Label, r.LabelA, r.LabelB, ordinalOf(r.Target), ordinalOf(r.Source),
	}
	words := make([]string, len(fields))
	for i, f := range fields {
		words[i] = fmt.Sprint(f)
	}
	return strings.Join(words, "\t")
}

// ordinalOf is the number in the name that shardRows gives.
func ordinalOf(m *premix.Sample) string {
	_, file, _ := strings.Cut(m.Name, "/")
	return strings.TrimSuffix(file, ".jpg")
}

// python prints a number as Python's repr does.
func python(v float64) string {
	format := byte('f')
	if v != 0 && v < 1e-4 {
		format = 'e'
	}
	s := strconv.FormatFloat(v, format, -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}
