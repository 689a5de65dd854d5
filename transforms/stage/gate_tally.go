package stage

import (
	"context"
	"maps"
	"slices"
)

// A tally is what the gate keeps of the summaries. A summary of a thousand labels is as large as its counts of
// them, so these are kept only where limits need them, which take images in the order of the input. Where something
// else is to be known of a chunk's labels, the summaries are read again.
type tally struct {
	job     *Job
	again   Summaries
	chunks  []PlannedChunk   // in the order of the input
	labels  map[string]int64 // the good images of what is looked at, by label
	folders folderCounts
}

// readTally reads the summaries of all chunks.
func readTally(job *Job, sums Summaries) (*tally, error) {
	t := &tally{job: job, again: sums, labels: map[string]int64{}, folders: folderCounts{}}
	limited := job.Limit > 0 || job.LimitPerClass > 0
	err := sums(func(s *Summary) error {
		p := PlannedChunk{Summary: *s, Looked: -1}
		for label, n := range s.Good.All() {
			t.labels[label] += n
			p.Used += n
		}
		t.folders.add(s)
		p.Folders = nil
		if !limited {
			p.Good = nil
		}
		t.chunks = append(t.chunks, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(t.chunks, func(a, b PlannedChunk) int { return a.compare(&b.Summary) })
	seen := make(map[string]bool, len(t.chunks))
	for i := range t.chunks {
		if c := &t.chunks[i]; seen[c.ID] {
			return nil, refuse(CodeUsage, "%s: the same part of the input was listed twice; is the folder of one --in inside another?", c.Container)
		} else {
			seen[c.ID] = true
		}
	}
	return t, nil
}

// plan fills in the class list and the share of each chunk, and keeps what is looked at.
func (t *tally) plan(ctx context.Context, g *Global) (err error) {
	job := t.job
	g.Classes = job.Catalog.Classes
	if g.Classes == nil && !job.StopsEarly() {
		if g.Classes, err = classList(t.labels); err != nil {
			return err
		}
	}
	if job.Limit > 0 || job.LimitPerClass > 0 {
		if err := t.spend(ctx, g.Classes); err != nil {
			return err
		}
	} else if err := t.judge(g.Classes); err != nil {
		return err
	}
	if g.Classes == nil {
		// The class list is that of the images that are looked at.
		if g.Classes, err = classList(t.labels); err != nil {
			return err
		}
	}
	for i := range t.chunks {
		p := &t.chunks[i]
		p.Good, p.Number, p.Ordinal = nil, i, g.N
		g.N += p.Used
	}
	return nil
}

// judge counts what becomes of the images of each chunk where no limit is set.
func (t *tally) judge(classes []string) error {
	odd := map[string]bool{} // labels whose images are not used → the label is in no list
	res := t.job.resolver(classes)
	for label := range t.labels {
		if _, ok, err := res.resolve(label); !ok || err != nil {
			odd[label] = err != nil
		}
	}
	if len(odd) == 0 {
		return nil
	}
	at := make(map[string]*PlannedChunk, len(t.chunks))
	for i := range t.chunks {
		at[t.chunks[i].ID] = &t.chunks[i]
	}
	return t.again(func(s *Summary) error {
		p := at[s.ID]
		if p == nil {
			return defect("the chunk %s of %s was not there when the summaries were read first", s.ID, s.Container)
		}
		for label, n := range s.Good.All() {
			if bad, ok := odd[label]; ok && bad {
				p.Used, p.BadLabels = p.Used-n, p.BadLabels+n
			} else if ok {
				p.Used, p.Excluded = p.Used-n, p.Excluded+n
			}
		}
		return nil
	})
}

// spend gives each chunk its share of what the limits leave, and drops the chunks that are not looked at.
//
// The side files of a container in which the limits end are not counted: a chunk knows how many it has, and not
// where.
func (t *tally) spend(ctx context.Context, classes []string) error {
	b := newBudget(t.job, classes)
	looked := t.chunks[:0]
	for container := range byContainer(slices.Clone(t.chunks)) {
		from := len(looked)
		for i := range container {
			p := &container[i]
			if b.ended(p.Only) {
				continue
			}
			if err := b.spend(ctx, t.job, p); err != nil {
				return err
			}
			looked = append(looked, *p)
		}
		if b.ended(container[0].Only) {
			for i := range looked[from:] {
				looked[from+i].Ignored = 0
			}
		}
	}
	t.chunks = looked
	clear(t.labels)
	for i := range looked {
		for label, n := range looked[i].Good.All() {
			t.labels[label] += n
		}
	}
	return nil
}

// badLabels counts the images of labels that are in no list.
func (t *tally) badLabels() (n int64) {
	for i := range t.chunks {
		n += t.chunks[i].BadLabels
	}
	return n
}

// firstWith returns the first chunk with an image of a label that is a number; nil if there is none.
func (t *tally) firstWith(number int) (first *PlannedChunk, err error) {
	at := make(map[string]*PlannedChunk, len(t.chunks))
	for i := range t.chunks {
		at[t.chunks[i].ID] = &t.chunks[i]
	}
	err = t.again(func(s *Summary) error {
		p := at[s.ID]
		if p != nil && (first == nil || p.Number < first.Number) && countOf(maps.Collect(s.Good.All()), number) > 0 {
			first = p
		}
		return nil
	})
	return first, err
}
