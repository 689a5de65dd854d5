package stage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// checkBad applies --on-bad and --max-bad, and refuses an input without a usable image.
func checkBad(ctx context.Context, job *Job, sums []Summary, g *Global) error {
	faults, entries := countFaults(job, sums, g)
	bad := total(faults)
	over := float64(bad) > job.MaxBad*float64(entries)*(1+1e-12) // 0.29·100 is below 29
	if !over && g.N > 0 && (bad == 0 || job.OnBad != "fail") {
		return nil
	}
	where := ""
	if bad > 0 {
		where = fmt.Sprintf("; %spremix inspect %s lists them", firstFailure(ctx, job, sums, g), cacheHint(job))
	}
	switch containers := countContainers(sums); {
	case bad > 0 && job.OnBad == "fail":
		return refuse(CodeMaxBad, "%s and --on-bad is fail: nothing was mixed, peaks are kept%s", describeFaults(faults, entries), where)
	case over:
		return refuse(CodeMaxBad, "%s, more than --max-bad %g%%: nothing was mixed, peaks are kept%s; raise --max-bad to go on without them",
			describeFaults(faults, entries), job.MaxBad*100, where)
	case entries == 0 && containers == 1:
		return refuse(CodeMaxBad, "no usable image in the input: %s holds none", sums[0].Container)
	case entries == 0 && containers > 1:
		return refuse(CodeMaxBad, "no usable image in the input: of its %d containers none holds one; the first is %s", containers, sums[0].Container)
	}
	return refuse(CodeMaxBad, "no usable image in the input (%d entries, %d bad, %d left out): nothing was mixed%s", entries, bad, entries-bad, where)
}

// countFaults counts the bad images of the input by kind, and all its images.
func countFaults(job *Job, sums []Summary, g *Global) (faults map[string]int64, entries int64) {
	faults, entries = map[string]int64{}, int64(len(job.Catalog.Failures))
	for _, f := range job.Catalog.Failures {
		faults[string(f.Kind)]++
	}
	for i := range sums {
		entries += sums[i].Entries
		for kind, n := range sums[i].Failed {
			faults[kind] += n
		}
	}
	if n := badLabels(job.resolver(g.Classes), goodLabels(sums)); n > 0 {
		faults[string(premix.BadLabel)] += n
	}
	return faults, entries
}

func describeFaults(faults map[string]int64, entries int64) string {
	var kinds []string
	for kind, n := range faults {
		kinds = append(kinds, fmt.Sprintf("%d %s", n, kind))
	}
	slices.Sort(kinds)
	return fmt.Sprintf("%d of %d images are bad (%s)", total(faults), entries, strings.Join(kinds, ", "))
}

// firstFailure says which image is the first bad one, and why, as the beginning of a sentence. It is
// empty where the rows cannot be read: the caller's refusal is more useful than that error.
func firstFailure(ctx context.Context, job *Job, sums []Summary, g *Global) (what string) {
	enough := errors.New("enough")
	_ = failures(ctx, job, g, sums, func(f premix.Failure) error {
		what = fmt.Sprintf("the first is %s: %s; ", f.Name, f.Reason)
		return enough
	})
	return what
}

func cacheHint(job *Job) string { return blob.Join(job.Cache.URI, job.Cache.Fingerprint) }

func countContainers(sums []Summary) (n int) {
	for range byContainer(sums) {
		n++
	}
	return n
}
