package stage

import (
	"cmp"
	"iter"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/source"
)

// A Summary is what the plan of the job needs to know of a chunk: a few hundred bytes, and six for each label.
type Summary struct {
	ID          string
	Container   string
	Layout      string
	Seq         int
	URI         string
	First, Last string
	Only        string // the label of all entries, as labelOf writes it; empty: they may have any
	Entries     int64  // images and failures
	Ignored     int64
	// Good counts the images without a fault by label.
	Good Counts
	// Bytes are those of the good images, encoded.
	Bytes int64
	// Failed counts faults by kind.
	Failed map[string]int64
	// Size is that of the container in bytes; 0 for a folder. Losses are the faults, among those in
	// Failed, that stand for lost bytes of it, in the order of the entries.
	Size   int64
	Losses []Loss
	// Digest is that of the chunk's entries in their order, as dataset.JoinDigest joins them.
	Digest [32]byte
	// GoodDigest is that of the entries without a fault in the replicas of the job, in their order.
	GoodDigest [32]byte
	// Stamp is that of the chunk, by which a stale copy is told from a fresh one.
	Stamp string
	// Content identifies the rows in the cache, and Files are those that have them.
	Content string
	Files   []string
	// Others are the files with the rows of each further detector of the job, and Uneven says which images fail for
	// such a detector and not for the first, or fail in another way.
	Others [][]string
	Uneven []Uneven
	// Folders counts the images of each folder of a tar, those beside the folders that are used included,
	// where the launcher knew only the beginning of input Peeked. Base is what it took as the folder of
	// the classes.
	Folders      map[string]int64
	Peeked, Base string
	// ByFolder says that the folders of a tar are the classes. Then Good has those whose images are all
	// bad, too: they keep their numbers, as class folders do.
	ByFolder bool
	// Spool is how the mix stage gets the pixels of the chunk back.
	Spool string
}

// Uneven counts the images whose failures are not those of the first detector.
type Uneven struct {
	Images int64
	First  string // the first of them, and why it fails
}

// addOthers adds what is known of the rows of further detectors.
func (s *Summary) addOthers(all []finding) {
	for _, f := range all[1:] {
		var u Uneven
		a, b := all[0].rows.chunk.Rows, f.rows.chunk.Rows
		for e := range byEntry(a) {
			other := b[:min(len(e), len(b))]
			b = b[len(other):]
			x, y := faultOf(e, f.job.cropReplicas()), faultOf(other, f.job.cropReplicas())
			if sameFault(x, y) {
				continue
			}
			if u.Images++; u.Images == 1 {
				u.First = e[0].Name + ": " + cmp.Or(y, x).Fault.Reason
			}
		}
		s.Others, s.Uneven = append(s.Others, f.rows.files), append(s.Uneven, u)
	}
}

// sameFault reports whether two rows fail alike; nil: they do not fail.
func sameFault(a, b *premix.Sample) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.FaultStage == b.FaultStage && *a.Fault == *b.Fault
}

// byContainer splits chunks, in the order of the input, into those of one container each.
func byContainer(chunks []PlannedChunk) iter.Seq[[]PlannedChunk] {
	return func(yield func([]PlannedChunk) bool) {
		for i := 0; i < len(chunks); {
			j := i + 1
			for j < len(chunks) && chunks[j].Container == chunks[i].Container {
				j++
			}
			if !yield(chunks[i:j]) {
				return
			}
			i = j
		}
	}
}

// Summaries hands out the summaries of all chunks, in any order, as often as it is called. It returns the first
// error of yield. A summary is yield's to keep.
type Summaries func(yield func(*Summary) error) error

// A summing is a summary of which the images by label are still counted.
type summing struct {
	*Summary
	good map[string]int64
}

func newSumming(s *Summary) *summing { return &summing{s, map[string]int64{}} }

// end returns the summary, which is complete.
func (s *summing) end() *Summary {
	s.Good = CountsOf(s.good)
	return s.Summary
}

// summarize counts the entries of a chunk.
func summarize(job *Job, c source.Chunk, r *rows) *Summary {
	s := newSumming(&Summary{
		ID: c.ID, Container: c.Container.Name, Layout: c.Container.Layout, Seq: c.Seq, URI: c.Container.URI, First: c.First, Last: c.Last,
		Only: onlyLabel(c.Container), Ignored: r.chunk.Ignored, Failed: map[string]int64{},
		ByFolder: c.Container.WebDataset.Folders, Spool: spoolMode(job, c.Seekable()), Stamp: c.Stamp, Content: r.content, Files: r.files, Size: c.Container.Size,
	})
	for e := range byEntry(r.chunk.Rows) {
		s.add(job, e)
	}
	s.countFolders(c.Container, r)
	return s.end()
}

// add counts an entry. good says that it has no fault.
func (s *summing) add(job *Job, e []premix.Sample) (good bool) {
	s.Entries++
	hash := entryHash(&e[0])
	s.Digest = dataset.JoinDigest(s.Digest, hash, 1)
	if f := faultOf(e, job.cropReplicas()); f != nil {
		s.Failed[string(f.Fault.Kind)]++
		if l, ok := lossOf(f); ok {
			s.Losses = append(s.Losses, l)
		}
		if s.ByFolder && e[0].Class != "" {
			s.good[labelOf(&e[0])] += 0
		}
		return false
	}
	s.GoodDigest = dataset.JoinDigest(s.GoodDigest, hash, 1)
	s.good[labelOf(&e[0])]++
	s.Bytes += e[0].Location.Length
	return true
}

// compare is the order of the input.
func (s *Summary) compare(t *Summary) int {
	return cmp.Or(cmp.Compare(source.Order(s.Container), source.Order(t.Container)), s.Seq-t.Seq)
}

func total(counts map[string]int64) (n int64) {
	for _, count := range counts {
		n += count
	}
	return n
}

// AssertValid returns an error that names an invariant of the summary that does not hold.
func (s *Summary) AssertValid() error {
	if !s.Good.whole() {
		return defect("the counts by label of a chunk of %s are broken", s.Container)
	}
	var good int64
	for label, n := range s.Good.All() {
		if !validLabel(label) || s.Only != "" && label != s.Only {
			return defect("a chunk of %s has %d images of the label %q, in a container of the label %q", s.Container, n, label, s.Only)
		}
		good += n
	}
	if sum := good + total(s.Failed); s.Entries != sum {
		return defect("a chunk of %s has %d entries, of which %d are good or bad", s.Container, s.Entries, sum)
	}
	return s.assertCounts()
}

// assertCounts checks what a summary says without its counts by label.
func (s *Summary) assertCounts() error {
	if s.ID == "" || s.Seq < 0 || s.Ignored < 0 || !slices.Contains([]string{SpoolRef, SpoolBytes, SpoolPixels, SpoolCrops}, s.Spool) {
		return defect("a chunk of %s has the ID %q, number %d, %d ignored entries and the spool %q", s.Container, s.ID, s.Seq, s.Ignored, s.Spool)
	}
	if s.Bytes < 0 {
		return defect("the good images of a chunk of %s have %d bytes", s.Container, s.Bytes)
	}
	for kind, n := range s.Failed {
		if n < 0 {
			return defect("a chunk of %s has %d images of the fault %q", s.Container, n, kind)
		}
	}
	if n := int64(len(s.Losses)); n > total(s.Failed) || s.Size < 0 {
		return defect("a chunk of %s, of %d bytes, has %d losses in %d failures", s.Container, s.Size, n, total(s.Failed))
	}
	return nil
}
