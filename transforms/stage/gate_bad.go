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

// checkBad applies --on-bad and --max-bad.
func checkBad(ctx context.Context, job *Job, sums []Summary, g *Global) error {
	bad, entries := int64(len(job.Catalog.Failures)), int64(len(job.Catalog.Failures))
	var kinds []string
	count := map[string]int64{}
	for _, f := range job.Catalog.Failures {
		count[string(f.Kind)]++
	}
	res := job.resolver(g.Classes)
	for i := range sums {
		entries += sums[i].Entries
		for k, n := range sums[i].Failed {
			count[k] += n
			bad += n
		}
		if n := badLabels(res, &sums[i]); n > 0 {
			bad += n
			count[string(premix.BadLabel)] += n
		}
	}
	over := float64(bad) > job.MaxBad*float64(entries)*(1+1e-12) // 0.29·100 is below 29
	if !over && g.N > 0 && (bad == 0 || job.OnBad != "fail") {
		return nil
	}
	for k, n := range count {
		kinds = append(kinds, fmt.Sprintf("%d %s", n, k))
	}
	slices.Sort(kinds)
	what := fmt.Sprintf("%d of %d images are bad (%s)", bad, entries, strings.Join(kinds, ", "))
	where := ""
	if bad > 0 {
		where = fmt.Sprintf("; %spremix inspect %s lists them", firstFailure(ctx, job, sums, g), cacheHint(job))
	}
	switch {
	case bad > 0 && job.OnBad == "fail":
		return refuse(CodeMaxBad, "%s and --on-bad is fail: nothing was mixed, peaks are kept%s", what, where)
	case over:
		return refuse(CodeMaxBad, "%s, more than --max-bad %g%%: nothing was mixed, peaks are kept%s; raise --max-bad to go on without them", what, job.MaxBad*100, where)
	case entries == 0 && containers(sums) == 1:
		return refuse(CodeMaxBad, "no usable image in the input: %s holds none", sums[0].Container)
	case entries == 0 && len(sums) > 0:
		return refuse(CodeMaxBad, "no usable image in the input: of its %d containers none holds one; the first is %s", containers(sums), sums[0].Container)
	}
	return refuse(CodeMaxBad, "no usable image in the input (%d entries, %d bad, %d left out): nothing was mixed%s", entries, bad, entries-bad, where)
}

// firstFailure says which the first bad image is and why, as the beginning of a sentence. The rows may
// be gone: then the caller's refusal is still the more useful thing to say.
func firstFailure(ctx context.Context, job *Job, sums []Summary, g *Global) (what string) {
	enough := errors.New("enough")
	_ = failures(ctx, job, g, sums, func(f premix.Failure) error {
		what = fmt.Sprintf("the first is %s: %s; ", f.Name, f.Reason)
		return enough
	})
	return what
}

// badLabels counts the good images of a chunk whose label is none of the class list.
func badLabels(res *resolver, s *Summary) (n int64) {
	for label, count := range s.Good {
		if _, _, err := res.resolve(label); err != nil {
			n += count
		}
	}
	return n
}

func cacheHint(job *Job) string { return blob.Join(job.Cache.URI, job.Cache.Fingerprint) }
