package stage

import "context"

// planChunks returns the share of each chunk that is looked at, by ID, and the summaries of these chunks as
// far as they are looked at. sums are in the order of the input.
//
// The side files of a container in which the limits end are not counted: a chunk knows how many it
// has, and not where.
func planChunks(ctx context.Context, job *Job, sums []Summary, classes []string) (map[string]ChunkPlan, []Summary, error) {
	b := newBudget(job, classes)
	shares := make(map[string]ChunkPlan, len(sums))
	looked := make([]Summary, 0, len(sums))
	var first int64
	for container := range byContainer(sums) {
		from := len(looked)
		for i := range container {
			s := &container[i]
			if _, twice := shares[s.ID]; twice {
				return nil, nil, refuse(CodeUsage, "%s: the same part of the input was listed twice; is the folder of one --in inside another?", s.Container)
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
			shares[s.ID] = p
			if p.Cut != nil {
				s = p.Cut
			}
			looked = append(looked, *s)
		}
		if b.ended(container[0].Only) {
			dropIgnored(shares, looked[from:])
		}
	}
	return shares, looked, nil
}

// dropIgnored counts no side files in chunks that are looked at.
func dropIgnored(shares map[string]ChunkPlan, looked []Summary) {
	for i := range looked {
		if looked[i].Ignored == 0 {
			continue
		}
		looked[i].Ignored = 0
		p := shares[looked[i].ID]
		cut := looked[i]
		p.Cut = &cut
		shares[cut.ID] = p
	}
}
