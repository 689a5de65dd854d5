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

// looked returns of all chunks those that the plan looks at, as far as it does.
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
