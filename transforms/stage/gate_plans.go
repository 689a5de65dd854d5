package stage

import (
	"context"
)

// plans returns the share of each chunk that is looked at, by ID, and these chunks. sums are in the
// order of the input.
//
// The side files of a container in which the limits end are not counted: a chunk knows how many it
// has, and not where.
func plans(ctx context.Context, job *Job, sums []Summary, classes []string) (map[string]ChunkPlan, []Summary, error) {
	b := newBudget(job, classes)
	out := make(map[string]ChunkPlan, len(sums))
	kept := make([]Summary, 0, len(sums))
	var first int64
	for i := 0; i < len(sums); {
		from, name := len(kept), sums[i].Container
		for ; i < len(sums) && sums[i].Container == name; i++ {
			s := &sums[i]
			if _, twice := out[s.ID]; twice {
				return nil, nil, refuse(CodeUsage, "%s: the same part of the input was listed twice; is one folder inside of another --in?", s.Container)
			}
			if b.ended(s.Only) {
				continue
			}
			p, err := b.spend(ctx, job, s)
			if err != nil {
				return nil, nil, err
			}
			p.First = first
			first += p.Count
			out[s.ID] = p
			if p.Cut != nil {
				s = p.Cut
			}
			kept = append(kept, *s)
		}
		if !b.ended(sums[i-1].Only) {
			continue
		}
		for k := from; k < len(kept); k++ {
			if kept[k].Ignored > 0 {
				kept[k].Ignored = 0
				p := out[kept[k].ID]
				p.Cut = &kept[k]
				out[kept[k].ID] = p
			}
		}
	}
	return out, kept, nil
}
