package stage

import (
	"github.com/premix/premix/dataset"
)

// accountFor says what became of the entries of each chunk. Each kind was counted where it was decided;
// an entry that was counted twice, or not at all, is a defect of the program.
func accountFor(job *Job, g *Global, sums []Summary) ([]dataset.Chunk, error) {
	out := make([]dataset.Chunk, len(sums))
	res := job.resolver(g.Classes)
	for i := range sums {
		s := &sums[i]
		c := dataset.Chunk{
			Container: s.Container, First: s.First, Last: s.Last, CacheID: s.ID, Digest: s.Digest,
			Entries: s.Entries + s.Ignored, Ignored: s.Ignored, Good: g.Chunks[s.ID].Count, Excluded: g.Chunks[s.ID].Excluded,
		}
		c.Failed = badLabels(res, s.Good) + total(s.Failed)
		sum := c.Good + c.Ignored + c.Excluded + c.Failed
		if sum != c.Entries || min(c.Good, c.Ignored, c.Excluded, c.Failed) < 0 {
			return nil, defect("of %d entries of %s (%s to %s) %d are accounted for: %d good, %d ignored, %d left out, %d bad",
				c.Entries, c.Container, c.First, c.Last, sum, c.Good, c.Ignored, c.Excluded, c.Failed)
		}
		out[i] = c
	}
	return out, nil
}
