package stage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
)

// checkBad applies --on-bad and --max-bad, and refuses an input without a usable image.
func checkBad(ctx context.Context, t *tally, g *Global) error {
	job, chunks := t.job, t.chunks
	f := countFaults(t)
	bad := total(f.kinds)
	over := OverMaxBad(bad, f.images, job.MaxBad)
	if !over && g.N > 0 && (bad == 0 || job.OnBad != "fail") {
		return nil
	}
	where := ""
	if bad > 0 {
		where = fmt.Sprintf("; %spremix inspect %s lists them", firstFailure(ctx, t, g), cacheHint(job))
	}
	switch containers := countContainers(chunks); {
	case bad > 0 && job.OnBad == "fail":
		return refuse(CodeMaxBad, "%s, and --on-bad is fail: nothing was mixed, peaks are kept%s", f, where)
	case over:
		return refuse(CodeMaxBad, "%s, more than --max-bad %g%%: nothing was mixed, peaks are kept%s; %s",
			f, job.MaxBad*100, where, f.remedy(g.N))
	case f.images == 0 && containers == 1:
		return refuse(CodeMaxBad, "there is no usable image in the input: %s contains none", chunks[0].Container)
	case f.images == 0 && containers > 1:
		return refuse(CodeMaxBad, "there is no usable image in the input: none of its %d containers holds one; the first is %s", containers, chunks[0].Container)
	}
	return refuse(CodeMaxBad, "there is no usable image in the input (%d entries, %d failed, %d excluded): nothing was mixed%s", f.images, bad, f.images-bad, where)
}

// OverMaxBad reports whether so many bad images of all are a larger share than --max-bad allows.
func OverMaxBad(bad, images int64, share float64) bool {
	return float64(bad) > share*float64(images)*(1+1e-12) // 0.29·100 is below 29
}

// faults are the bad images of the input. A row that stands for lost bytes weighs as many images as these
// held, about.
type faults struct {
	kinds      map[string]int64 // images by kind
	images     int64            // of the input, good ones included
	lost       int64            // of those in kinds: estimates
	containers int64            // in which they are
}

// countFaults counts the bad images of the input by kind, and all its images.
func countFaults(t *tally) *faults {
	chunks := t.chunks
	f, weigh := &faults{kinds: map[string]int64{}}, newScale(chunks)
	for _, row := range t.job.Catalog.Failures {
		if row.Weight == premix.AsSiblings {
			f.lose(string(row.Kind), weigh.container(), true)
			continue
		}
		f.images++
		f.kinds[string(row.Kind)]++
	}
	last := ""
	for i := range chunks {
		s := &chunks[i]
		f.images += s.Entries - int64(len(s.Losses))
		for kind, n := range s.Failed {
			f.kinds[kind] += n
		}
		for _, l := range s.Losses {
			f.kinds[l.Kind]--
			f.lose(l.Kind, weigh.loss(s.Container, l), s.Container != last)
			last = s.Container
		}
	}
	if n := t.badLabels(); n > 0 {
		f.kinds[string(premix.BadLabel)] += n
	}
	return f
}

// lose counts n images of a loss; another says that it is in another container than the one before.
func (f *faults) lose(kind string, n int64, another bool) {
	f.kinds[kind] += n
	f.images += n
	f.lost += n
	if another {
		f.containers++
	}
}

func (f *faults) String() string {
	var kinds []string
	for kind, n := range f.kinds {
		if n > 0 {
			kinds = append(kinds, fmt.Sprintf("%d %s", n, kind))
		}
	}
	slices.Sort(kinds)
	about, where := "", ""
	if f.lost > f.containers {
		about, where = "about ", fmt.Sprintf("; about %d of them are lost in %s", f.lost, printable.Count(f.containers, "container"))
	}
	return fmt.Sprintf("%s%d of %d images failed (%s%s)", about, total(f.kinds), f.images, strings.Join(kinds, ", "), where)
}

// remedy says what to do where more images are bad than --max-bad allows; good are left. A larger limit does not
// help where none is, or where labels are missing.
func (f *faults) remedy(good int64) string {
	if labels := f.kinds[string(premix.NoLabel)] + f.kinds[string(premix.BadLabel)]; good > 0 && 2*labels > total(f.kinds) {
		kind := premix.NoLabel
		if f.kinds[string(premix.BadLabel)] > labels/2 {
			kind = premix.BadLabel
		}
		return "most of them have no usable label: " + remedies[kind]
	}
	if good > 0 {
		return "raise --max-bad to continue without them"
	}
	kinds := slices.DeleteFunc(slices.Collect(maps.Keys(f.kinds)), func(k string) bool { return f.kinds[k] == 0 })
	if len(kinds) != 1 {
		return "no good image is left"
	}
	todo := remedies[premix.FaultKind(kinds[0])]
	if todo == "" {
		todo = "get the files again, or convert them"
	}
	return "all images failed in this way, so something is wrong with the input as a whole: " + todo
}

// remedies say what to do where all images have a fault of a kind.
var remedies = map[premix.FaultKind]string{
	premix.Truncated: "get the files again, or add --truncated accept if they are JPEGs that end early",
	premix.TooLarge:  "raise --max-pixels or --max-bytes",
	premix.TooSmall:  "choose a smaller --size, or leave out --resize none",
	premix.NoLabel:   "add --label-key FIELD, the field with the label, or --labels FILE, a list of images and classes",
	premix.BadLabel:  "add --classes FILE, a longer list, or set --label-key or --label-offset",
	premix.Duplicate: "give only one of the copies to --in",
	premix.BadPeak:   "give --detector the file of peaks that was made from these images",
}

// firstFailure says which image is the first bad one, and why, as the beginning of a sentence. It is
// empty where the rows cannot be read: the caller's refusal is more useful than that error.
func firstFailure(ctx context.Context, t *tally, g *Global) (what string) {
	enough := errors.New("enough")
	a := &Account{}
	a.Bad, a.Siblings = badChunks(t.chunks)
	rows := newFailures(t.job, g, a)
	rows.most = 1
	_ = rows.each(ctx, func(f premix.Failure) error {
		what = fmt.Sprintf("the first is %s: %s; ", f.Name, f.Reason)
		return enough
	})
	return what
}

func cacheHint(job *Job) string { return blob.Join(job.Cache.URI, job.Cache.Fingerprint) }

func countContainers(chunks []PlannedChunk) (n int) {
	for range byContainer(chunks) {
		n++
	}
	return n
}
