package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/launch"
	"github.com/premix/premix/transforms/stage"
)

// A reporter prints what a job says of itself on stderr.
type reporter struct {
	*progress
	dryRun bool // how inputs are understood is a result, and describe prints it
}

func newReporter(a *app, mode string) reporter {
	return reporter{progress: &progress{app: a, mode: mode}}
}

// Say prints a line about the job.
func (r reporter) Say(format string, args ...any) { r.app.say(format, args...) }

// Warn prints a warning.
func (r reporter) Warn(format string, args ...any) { r.app.say("warning: "+format, args...) }

// Understood says how the inputs are understood.
func (r reporter) Understood(lines []string) {
	if r.dryRun {
		return
	}
	for _, line := range lines {
		r.Say("%s", line)
	}
}

// Classes says what --classes leaves out, and which of its classes the input lacks.
func (r reporter) Classes(c launch.Choice) {
	if len(c.Left) > 0 {
		about := ""
		if c.Images > 0 {
			about = " with " + printable.Count(c.Images, "image")
		}
		r.Say("--classes leaves out %d of %d classes of the input%s: %s", len(c.Left), c.Of, about, source.FirstNames(c.Left))
	}
	if len(c.Absent) > 0 {
		r.Warn("the input does not have %d of the %d classes of --classes: %s%s", len(c.Absent), c.Listed, source.FirstNames(c.Absent), source.LookAlike(c.Absent, c.Left))
	}
}

// Cache says what of the cache is valid for the input, and why the rest is not.
func (r reporter) Cache(look *launch.CacheLook) {
	place := shortPath(look.URI)
	switch {
	case !look.Listed && !look.Temporary:
		r.Say("peaks: %s for these settings are in the cache %s; the workers compare them with the input", printable.Count(int64(look.Chunks), "chunk"), place)
	case !look.Listed || look.Temporary && look.Chunks == 0:
	default:
		why := reasons(look)
		if look.Chunks == 0 {
			why = "; this is the first run with these settings"
			if len(look.Nearest) > 0 {
				why += fmt.Sprintf(" (the nearest in the cache differ in %s)", strings.Join(look.Nearest, "; "))
			}
		}
		r.Say("peaks: %d of %d images are in the cache %s%s", look.By[stage.Valid].Images, look.Images, place, why)
	}
}

// Complete says that an earlier run has made all of it.
func (r reporter) Complete(ctx context.Context, j *launch.Job) error {
	if err := r.complete(ctx, j); err != nil {
		return err
	}
	return summarizeComplete(ctx, r.app, j)
}

// Finished prints the summary.
func (r reporter) Finished(ctx context.Context, j *launch.Job) error {
	if err := r.progress.Finished(ctx, j); err != nil {
		return err
	}
	return summarize(ctx, r.app, j)
}

// reasons says why what is not valid is not, in the order of what it costs.
func reasons(look *launch.CacheLook) string {
	var b strings.Builder
	for _, r := range []struct {
		status stage.Status
		why    string
	}{
		{stage.Adopted, "moved or touched, compared before use"},
		{stage.Extended, "in the cache with other replicas only"},
		{stage.Outdated, "with failures of an earlier version, read again"},
		{stage.Damaged, "damaged in the cache"},
		{stage.Missing, "not in the cache yet, or changed"},
	} {
		share := look.By[r.status]
		if share == nil {
			continue
		}
		where := share.Where
		if len(where) > 3 {
			where = append(where[:3:3], fmt.Sprintf("and %d more", len(share.Where)-3))
		}
		fmt.Fprintf(&b, "; %s: %s", r.why, strings.Join(where, ", "))
	}
	return b.String()
}
