package dataset

import (
	"cmp"
	"slices"

	"github.com/premix/premix"
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

// A Counted has the fields of a sample that [Stats] count.
type Counted struct {
	Method         string
	Mixed, Flat    bool
	LamDrawn, Lam  float64
	Box            premix.Box
	LabelA, LabelB int
	Target, Source string
}

// Add counts a sample.
func (s *Stats) Add(c Counted) {
	m := s.method(c.Method)
	m.Count++
	if c.Mixed {
		m.Mixed++
		if c.Box.Empty() {
			m.Empty++
		}
		if c.LabelA == c.LabelB && c.Target != c.Source {
			m.SameClass++
		}
	}
	if c.Flat {
		m.Flat++
	}
	m.LamDrawnSum += Float(c.LamDrawn)
	m.LamSum += Float(c.Lam)
	if !c.Box.Empty() {
		m.Boxes++
		m.BoxArea += int64(c.Box.Area())
		m.BoxWidth += int64(c.Box.X1 - c.Box.X0)
		m.BoxHeight += int64(c.Box.Y1 - c.Box.Y0)
	}
	m.LamDrawn[lambdaBin(c.LamDrawn)]++
	m.Lam[lambdaBin(c.Lam)]++
}

// Merge adds the sums of a shard.
func (s *Stats) Merge(shard []MethodStats) {
	for _, a := range shard {
		m := s.method(a.Method)
		m.Count += a.Count
		m.Mixed += a.Mixed
		m.Flat += a.Flat
		m.Empty += a.Empty
		m.SameClass += a.SameClass
		m.LamDrawnSum += a.LamDrawnSum
		m.LamSum += a.LamSum
		m.Boxes += a.Boxes
		m.BoxArea += a.BoxArea
		m.BoxWidth += a.BoxWidth
		m.BoxHeight += a.BoxHeight
		for i := range m.Lam {
			m.LamDrawn[i] += a.LamDrawn[i]
			m.Lam[i] += a.Lam[i]
		}
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
		r := &recipes[i]
		s.Add(Counted{r.Method, r.Mixed, r.Flat, r.LamDrawn, r.Lam, r.Box, r.LabelA, r.LabelB, r.Target.Name, r.Source.Name})
	}
	return s.Methods()
}
