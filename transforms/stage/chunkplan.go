package stage

// A ChunkPlan is the share of a chunk in the plan.
type ChunkPlan struct {
	First int64 // ordinal of its first image
	// Count is the number of images used.
	Count int64
	// Excluded is the number of good images left out on purpose: by a limit, or by the class list.
	Excluded int64
	// Entries is how many of its entries are looked at, from the first; −1: all.
	Entries int64
	// Left bounds the images used of each class; nil: all.
	Left map[int]int64
	// Cut is the summary of what is looked at, where that differs from the chunk's own.
	Cut *Summary
}

// looked returns the summaries of the chunks that the plan looks at, as far as it does.
func (g *Global) looked(sums []Summary) []Summary {
	out := make([]Summary, 0, len(sums))
	for i := range sums {
		switch p, ok := g.Chunks[sums[i].ID]; {
		case ok && p.Cut != nil:
			out = append(out, *p.Cut)
		case ok:
			out = append(out, sums[i])
		}
	}
	return out
}

// AssertValid returns an error that names an invariant of the share that does not hold.
func (p *ChunkPlan) AssertValid() error {
	if min(p.First, p.Count, p.Excluded) < 0 || p.Entries < -1 {
		return defect("a chunk has %d images from %d on, %d left out, %d entries", p.Count, p.First, p.Excluded, p.Entries)
	}
	for class, n := range p.Left {
		if n < 0 {
			return defect("a chunk may use %d images of the class %d", n, class)
		}
	}
	if p.Cut == nil {
		return nil
	}
	if p.Entries >= 0 && p.Entries != p.Cut.Entries || p.Count+p.Excluded > p.Cut.good() {
		return defect("of a chunk %d entries are looked at, and %d images used and %d left out of %d in %d",
			p.Entries, p.Count, p.Excluded, p.Cut.good(), p.Cut.Entries)
	}
	return p.Cut.AssertValid()
}
