package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/premix/premix/dataset"
)

// A scanResult is what a look at the input from the launcher's own machine tells.
type scanResult struct {
	chunks int
	images int64
}

// expected is the number of images to expect, 0 if unknown.
func (l *launch) expected() int64 {
	if l.scan == nil {
		return 0
	}
	return l.scan.images
}

// describe says what would be done.
func (l *launch) describe() error {
	w := l.app.stdout
	fmt.Fprintf(w, "layout   %s\ninput    %d containers", l.catalog.Layout, len(l.catalog.Containers))
	if n := l.expected(); n > 0 {
		fmt.Fprintf(w, ", about %d images", n)
	}
	if l.catalog.Classes != nil {
		fmt.Fprintf(w, ", %d classes", len(l.catalog.Classes))
	}
	fmt.Fprintf(w, "\ncache    %s (%s)\n", l.job.Cache.URI, l.job.Cache.Fingerprint)
	if !l.peaksOnly {
		for i, dir := range l.config.OutputDirs() {
			fmt.Fprintf(w, "output   %s (%s)\n", dir, l.config.Formats[i])
		}
	}
	_, err := fmt.Fprintln(w, "nothing was written (--dry-run)")
	return err
}

// summarizeOutput prints what is in a finished output.
func (l *launch) summarizeOutput(ctx context.Context, w io.Writer, dir, format string) error {
	m, err := dataset.LoadManifest(ctx, dir, l.config.Split)
	if err != nil {
		return err
	}
	var shards, samples, bytes int64
	for _, r := range m.Replicas {
		shards += int64(len(r.Shards))
		samples += r.Samples
		bytes += r.Bytes
	}
	fmt.Fprintf(w, "output   %s (%s, split %s)\n", shortPath(dir), format, l.config.Split)
	fmt.Fprintf(w, "samples  %d in %d shards, %s, %d classes\n", samples, shards, bytesText(bytes), m.Shape.Classes.Count)
	for _, s := range m.Statistics {
		if s.Mixed > 0 {
			fmt.Fprintf(w, "mixed    %d by %s, mean λ %.3f drawn, %.3f final\n", s.Mixed, s.Method, float64(s.LamDrawn.Mean), float64(s.Lam.Mean))
		}
	}
	c := m.Counts
	fmt.Fprintf(w, "input    %d entries: %d good, %d ignored, %d left out, %d bad", c.Entries, c.Good, c.Ignored, c.Excluded, c.Failed)
	if c.Failed > 0 {
		fmt.Fprintf(w, " (%s)", shortPath(dataset.Meta(dir, l.config.Split, dataset.FailuresFile)))
	}
	_, err = fmt.Fprintln(w)
	return err
}

// shortPath is a path relative to the working directory if that is shorter.
func shortPath(p string) string {
	wd, err := os.Getwd()
	if err != nil {
		return p
	}
	rel, err := filepath.Rel(wd, p)
	if err != nil || len(rel) >= len(p) || strings.HasPrefix(rel, "..") {
		return p
	}
	return rel
}
