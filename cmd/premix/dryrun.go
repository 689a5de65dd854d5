package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/launch"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
)

// The values of --dry-run.
const (
	dryRunTry  = "try"
	dryRunFast = "fast"
)

// dryRun says what a job would do. If try is set, it tries some images, to say how much that is and how long it takes.
func dryRun(ctx context.Context, a *app, j *launch.Job, try bool) error {
	w := a.stdout
	tellCrops(w, j)
	describe(w, j)
	for _, k := range j.Kept {
		printable.Fprintf(w, "%s\n", completeLine(ctx, k.Dir, k.Format, k.Manifest))
	}
	switch {
	case j.Complete != nil:
		for i, place := range j.Config.Places() {
			printable.Fprintf(w, "%s\n", completeLine(ctx, place.Dir, place.Format, j.Complete[i]))
		}
	case try && j.Config.Plan == "":
		trial, err := j.Try(ctx)
		if err != nil {
			return err
		}
		f := j.Forecast(ctx, trial)
		tellTrial(w, j, trial, f)
		if why := foreseen(j, trial, f); why != "" {
			a.say("warning: %s", why)
		}
	}
	for _, dir := range j.Config.OutputDirs() {
		if h, err := dataset.LookHolder(ctx, dir); err == nil && h != (dataset.Holder{}) && !j.Options.PeaksOnly {
			a.say("warning: %s: %s; this job has to wait for it", dir, h)
		}
	}
	if j.Complete == nil {
		printable.Fprintf(w, "go on    %s\n", printable.Made(withoutDryRun(launch.WithoutSecrets(os.Args))))
	}
	_, err := fmt.Fprintln(w, "nothing was written (--dry-run)")
	return err
}

// describe says how the inputs are understood, and which places the job uses.
func describe(w io.Writer, j *launch.Job) {
	printable.Fprintf(w, "layout   %s\ninput    %s", j.Catalog.Layout, printable.Count(int64(len(j.Catalog.Containers)), "container"))
	if n := j.Expected(); n > 0 {
		printable.Fprintf(w, ", about %d images", n)
	}
	if j.Catalog.Classes != nil {
		printable.Fprintf(w, ", %s", printable.Count(int64(len(j.Catalog.Classes)), "class"))
	}
	fmt.Fprintln(w)
	for _, line := range j.Catalog.Understood() {
		fmt.Fprintf(w, "         %s\n", line)
	}
	for _, v := range j.Description.Views() {
		printable.Fprintf(w, "cache    %s (%s)\n", v.Cache.URI, v.Cache.Fingerprint)
	}
	if !j.Options.PeaksOnly {
		for _, place := range j.Config.Places() {
			printable.Fprintf(w, "output   %s (%s)\n", place.Dir, place.Format)
		}
	}
}

// tellCrops says what --keep-crops will keep.
func tellCrops(w io.Writer, j *launch.Job) {
	if c := j.Crops; c != nil && c.Images > 0 {
		printable.Fprintf(w, "crops    %s stay in %s (--keep-crops): those of %s in %s; %s are free\n", dataset.Bytes(c.Bytes), c.URI,
			printable.Count(c.Images, "image"), printable.Count(int64(len(j.Description.Replicas)), "replica"), dataset.Bytes(c.Free))
	} else if c != nil {
		printable.Fprintf(w, "crops    %s are in %s and its neighbours (--keep-crops); how many are added is not known before the peaks, if any\n", dataset.Bytes(c.Have), c.URI)
	}
}

// tellTrial says what some images of the input tell about the job.
func tellTrial(w io.Writer, j *launch.Job, t *launch.Trial, f *launch.Forecast) {
	if t.Images == 0 {
		fmt.Fprintln(w, "tried    no image: none was found")
		return
	}
	fmt.Fprintf(w, "tried    %s in %.1f s: %d failed", printable.Count(int64(t.Images), "image"), t.Took.Seconds(), t.Bad)
	if t.Excluded > 0 {
		fmt.Fprintf(w, ", %d excluded", t.Excluded)
	}
	fmt.Fprintf(w, ", %s each, %.1f ms to read, %.1f ms to decode, %.1f ms to crop and find the peak", dataset.Bytes(int64(t.Bytes)), ms(t.Read), ms(t.Decode), ms(t.Peak))
	if t.Mix > 0 {
		fmt.Fprintf(w, ", %.1f ms to mix and encode", ms(t.Mix))
	}
	fmt.Fprintln(w)
	if f.Images == 0 {
		fmt.Fprintln(w, "reads    an unknown number of images: names and sizes do not tell")
		return
	}
	fmt.Fprintf(w, "reads    about %s, %s\n", printable.Count(f.Images, "image"), dataset.Bytes(f.In))
	if f.Samples > 0 {
		fmt.Fprintf(w, "writes   about %s", printable.Count(f.Samples, "sample"))
		if n := len(j.Description.Replicas); n > 1 {
			fmt.Fprintf(w, " in %d replicas of %s", n, printable.Count(f.Shards, "shard"))
		} else {
			fmt.Fprintf(w, " in %s", printable.Count(f.Shards, "shard"))
		}
		if n := len(j.Config.Parts); n > 0 {
			fmt.Fprintf(w, ", in each of %s", printable.Count(int64(n), "variant"))
		}
		for i, place := range j.Config.Places()[:len(f.Out)] {
			fmt.Fprintf(w, ", %s ± %s (%s)", dataset.Bytes(int64(f.Out[i].Mean)), dataset.Bytes(int64(math.Ceil(f.Out[i].Error))), strings.TrimPrefix(place.Part.Variant+" "+place.Format, " "))
		}
		fmt.Fprintln(w)
		if t.Classes > 0 && slices.ContainsFunc(j.Config.EachPart(), func(p *pipeline.Config) bool { return p.LabelForm != "pair" }) {
			how := "as many as were seen"
			if t.Numbered {
				how = "one more than the largest label that was seen"
			}
			fmt.Fprintf(w, "labels   dense labels are counted for %s, %s; the class list is not known before the peaks\n", printable.Count(int64(t.Classes), "class"), how)
		}
		if f.Existing > 0 {
			fmt.Fprintf(w, "exists   %s of them, which stay if they are right\n", printable.Count(f.Existing, "shard"))
		}
	}
	if f.Copies > 0 {
		what := "images lie beside the output until the end"
		if j.Description.Spool.Mode == stage.SpoolPixels {
			what = "crops stay until the end, in memory while there is some, else beside the output"
		}
		fmt.Fprintf(w, "copies   %s of %s (--spool)\n", dataset.Bytes(f.Copies), what)
	}
	memory, crops := j.Config.MaxMemory, ""
	if memory == 0 {
		memory = 1 << 30
		if most := stage.CropMemory(); f.Copies > 0 && most > 0 && j.Description.Spool.Mode == stage.SpoolPixels {
			crops = fmt.Sprintf(", and up to %s of crops", dataset.Bytes(min(f.Copies, most)))
		}
	}
	fmt.Fprintf(w, "memory   at most %s of files, pixels, crops and samples per process (--max-memory), and some 300 MB%s\n", dataset.Bytes(memory), crops)
	cores := runtime.GOMAXPROCS(0)
	if n := j.Config.Workers; n > 0 {
		cores = min(cores, n)
	}
	fmt.Fprintf(w, "time     %s of one core: %s on %d of this machine", span(f.Core), span(f.Core/time.Duration(cores)), cores)
	for _, n := range []int{16, 256} {
		if n > cores && f.Core > time.Duration(n)*time.Minute {
			fmt.Fprintf(w, ", %s on %d such cores", span(f.Core/time.Duration(n)), n)
		}
	}
	fmt.Fprintln(w)
}

// foreseen says why the job will probably be refused after the peaks; empty if nothing tells.
func foreseen(j *launch.Job, t *launch.Trial, f *launch.Forecast) string {
	good := int64(t.Images - t.Bad - t.Excluded)
	switch {
	case t.Images == 0 || good == 0:
		return "no image that was tried can be used: if all are like these, the run ends with exit code 3"
	case j.Options.PeaksOnly:
		return ""
	case t.Bad > 0 && j.Config.OnBad == "fail":
		return "with --on-bad fail, the run ends with exit code 3 at these bad images"
	case stage.OverMaxBad(int64(t.Bad), int64(t.Images), j.Config.MaxBad):
		return printable.Sprintf("%d of %d images that were tried failed, more than --max-bad %g%%: if all are like these, the run ends with exit code 3", t.Bad, t.Images, j.Config.MaxBad*100)
	case f.Samples > 0 && f.Shards*int64(len(j.Description.Replicas)) > f.Samples:
		return printable.Sprintf("there are more shards (%d) than good images (about %d): the run ends with exit code 2", f.Shards, f.Samples/int64(len(j.Description.Replicas)))
	case j.Config.Pair == string(mix.DifferentClass) && len(j.Catalog.Classes) == 1:
		return "--pair different-class needs two classes: the run ends with exit code 2"
	}
	return ""
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// span is a duration to two digits.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", math.Ceil(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 100*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%.0f h", d.Hours())
}

// withoutDryRun is a command line for a shell, without --dry-run.
func withoutDryRun(args []string) string {
	return printable.Shell(slices.DeleteFunc(slices.Clone(args), func(arg string) bool {
		return arg == "--dry-run" || strings.HasPrefix(arg, "--dry-run=")
	}))
}
