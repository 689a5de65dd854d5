package dataset

import (
	"cmp"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/io/shard"
)

// lambdaBins is the number of bins of a λ histogram: bin i counts i/lambdaBins ≤ λ < (i+1)/lambdaBins,
// and the last one also λ = 1.
const lambdaBins = 20

// MethodStats sums up the samples of one method: of a shard in a [ShardRecord], of all shards in
// a [Manifest]. λ is summed in the order of positions within a shard, and shard by shard, so that the
// last bit of a sum is the same in every run.
type MethodStats struct {
	Method      string            `json:"method"`
	Count       int64             `json:"count"`
	Mixed       int64             `json:"mixed"`
	Flat        int64             `json:"flat"`
	Empty       int64             `json:"empty"`      // mixed, but without a box
	SameClass   int64             `json:"same_class"` // mixed from two images of one class
	LamDrawnSum Float             `json:"lam_drawn_sum"`
	LamSum      Float             `json:"lam_sum"`
	Boxes       int64             `json:"boxes"` // samples with a box; the sums over them are in pixels
	BoxArea     int64             `json:"box_area"`
	BoxWidth    int64             `json:"box_width"`
	BoxHeight   int64             `json:"box_height"`
	LamDrawn    [lambdaBins]int64 `json:"lam_drawn_histogram"`
	Lam         [lambdaBins]int64 `json:"lam_histogram"`
}

// Stats gathers [MethodStats]. The zero value is ready.
type Stats struct{ methods []MethodStats }

// Add counts a sample.
func (s *Stats) Add(r *shard.Record) {
	m := s.method(r.Method)
	m.Count++
	if r.Mixed {
		m.Mixed++
		if r.Box.Empty() {
			m.Empty++
		}
		if r.LabelA == r.LabelB && r.Target != r.Source {
			m.SameClass++
		}
	}
	if r.Flat {
		m.Flat++
	}
	m.LamDrawnSum += Float(r.LamDrawn)
	m.LamSum += Float(r.Lam)
	if !r.Box.Empty() {
		m.Boxes++
		m.BoxArea += int64(r.Box.Area())
		m.BoxWidth += int64(r.Box.X1 - r.Box.X0)
		m.BoxHeight += int64(r.Box.Y1 - r.Box.Y0)
	}
	m.LamDrawn[lambdaBin(r.LamDrawn)]++
	m.Lam[lambdaBin(r.Lam)]++
}

// Merge adds the sums of a shard.
func (s *Stats) Merge(shard []MethodStats) {
	for i := range shard {
		m := s.method(shard[i].Method)
		m.addCounts(&shard[i])
		m.LamDrawnSum += shard[i].LamDrawnSum
		m.LamSum += shard[i].LamSum
	}
}

// addCounts adds all but the sums of λ, which are floats: these need an order.
func (m *MethodStats) addCounts(a *MethodStats) {
	m.Count += a.Count
	m.Mixed += a.Mixed
	m.Flat += a.Flat
	m.Empty += a.Empty
	m.SameClass += a.SameClass
	m.Boxes += a.Boxes
	m.BoxArea += a.BoxArea
	m.BoxWidth += a.BoxWidth
	m.BoxHeight += a.BoxHeight
	for i := range m.Lam {
		m.LamDrawn[i] += a.LamDrawn[i]
		m.Lam[i] += a.Lam[i]
	}
}

// Methods returns the sums, by name of the method.
func (s *Stats) Methods() []MethodStats {
	out := slices.Clone(s.methods)
	slices.SortFunc(out, func(a, b MethodStats) int { return cmp.Compare(a.Method, b.Method) })
	return out
}

func (s *Stats) method(name string) *MethodStats {
	for i := range s.methods {
		if s.methods[i].Method == name {
			return &s.methods[i]
		}
	}
	s.methods = append(s.methods, MethodStats{Method: name})
	return &s.methods[len(s.methods)-1]
}

func lambdaBin(lam float64) int {
	if !(lam > 0) {
		return 0
	}
	return min(int(min(lam, 1)*lambdaBins), lambdaBins-1)
}

// StatsOf sums up the recipes of one shard, in their order.
func StatsOf(recipes []premix.Recipe) []MethodStats {
	var s Stats
	for i := range recipes {
		r := Sample(&recipes[i], nil, &shard.Spec{})
		s.Add(&r)
	}
	return s.Methods()
}
