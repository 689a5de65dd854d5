package stage

// A PlannedChunk is a chunk of the plan: what is looked at, and what is used of that. Its summary is that of
// the entries that are looked at; the gate keeps the counts by label and by folder to itself.
type PlannedChunk struct {
	Summary
	Number  int   // in the order of the input
	Ordinal int64 // of its first image that is used
	// Used is the number of images used, Excluded that of good images left out on purpose, by a limit or by the
	// class list, BadLabels that of images whose label is in no list.
	Used, Excluded, BadLabels int64
	// Looked is how many of its entries are looked at, from the first; −1: all.
	Looked int64
	// Left bounds the images used of each class that has fewer left than the chunk has images of it.
	Left map[int]int64
}

// bad is the number of failures in the chunk.
func (p *PlannedChunk) bad() int64 { return total(p.Failed) + p.BadLabels }

// AssertValid returns an error that names an invariant of the chunk that does not hold.
func (p *PlannedChunk) AssertValid() error {
	if min(p.Ordinal, p.Used, p.Excluded, p.BadLabels) < 0 || p.Looked < -1 || p.Number < 0 {
		return defect("chunk %d has %d images from %d on, %d excluded, %d without a class, %d entries", p.Number, p.Used, p.Ordinal, p.Excluded, p.BadLabels, p.Looked)
	}
	for class, n := range p.Left {
		if n < 0 {
			return defect("a chunk may use %d images of the class %d", n, class)
		}
	}
	if p.Looked >= 0 && p.Looked != p.Entries {
		return defect("of a chunk of %s %d entries are looked at, and %d were counted", p.Container, p.Looked, p.Entries)
	}
	if sum := p.Used + p.Excluded + p.bad(); sum != p.Entries {
		return defect("of %d entries of %s (%s to %s) %d are accounted for: %d used, %d excluded, %d failed",
			p.Entries, p.Container, p.First, p.Last, sum, p.Used, p.Excluded, p.bad())
	}
	return p.assertCounts()
}

// assertOrdinals checks that the chunks together have each ordinal of n images once.
func assertOrdinals(chunks []PlannedChunk, n int64) error {
	var next int64
	for i := range chunks {
		p := &chunks[i]
		if p.Ordinal != next || p.Number != i {
			return defect("the images of chunk %d (%s) begin at %d and not at %d", p.Number, p.ID, p.Ordinal, next)
		}
		next += p.Used
	}
	if next != n {
		return defect("the chunks of the plan have %d images of %d", next, n)
	}
	return nil
}
