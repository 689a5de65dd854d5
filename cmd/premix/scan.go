package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/transforms/stage"
)

// say prints a line about the job.
func (l *launch) say(format string, args ...any) {
	fmt.Fprintf(l.app.stderr, "premix: "+format+"\n", args...)
}

// checkCache refuses a cache that cannot be written, before any work is done for it. One that holds
// everything need not be written.
func (l *launch) checkCache() error {
	uri := l.job.Cache.URI
	if l.job.Cache.Temporary || !blob.IsLocal(uri) {
		return nil
	}
	if err := writable(blob.Join(uri, l.job.Cache.Fingerprint)); err != nil {
		return usagef("the peaks cache %s cannot be written (%v): choose another place with --cache DIR, or keep no cache with --cache none", uri, err)
	}
	return nil
}

// nearestSettings says in which settings the peaks that are cached differ least from these.
func (l *launch) nearestSettings(ctx context.Context) string {
	infos, err := cache.Caches(ctx, l.job.Cache.URI)
	if err != nil {
		return "" // only a hint
	}
	var best []string
	for _, i := range infos {
		diff := dataset.RecipeDiff(i.Settings, l.job.Cache.Settings)
		if len(diff) > 0 && (best == nil || len(diff) < len(best)) {
			best = diff
		}
	}
	if best == nil || len(best) > 4 {
		return ""
	}
	return fmt.Sprintf(" (the nearest that are differ in %s)", strings.Join(best, "; "))
}

// chooseSpool decides how the mix stage gets pixels back. auto keeps the crops on a local run if
// they fit, so that every image is decoded once.
func (l *launch) chooseSpool(ctx context.Context) error {
	l.job.Spool.Mode = l.config.Spool
	switch l.config.Spool {
	case "off":
		l.job.Spool.Mode = stage.SpoolRef
	case "auto":
		l.job.Spool.Mode = stage.SpoolRef
		fits, err := l.cropsFit(ctx)
		if err == nil && fits {
			l.job.Spool.Mode = stage.SpoolPixels
		}
		return err
	}
	return nil
}

// cropsFit says whether the crops of all images may be kept beside the output.
func (l *launch) cropsFit(ctx context.Context) (bool, error) {
	if l.peaksOnly || l.config.PlanOnly || l.scan == nil || l.scan.images == 0 || !blob.IsLocal(l.config.Out) {
		return false, nil
	}
	replicas := int64(1)
	if l.job.Geometry.Random() {
		replicas = int64(len(l.job.Replicas))
	}
	need := l.scan.images * replicas * int64(3*l.config.Size.H*l.config.Size.W)
	// The shards want room too: they are smaller than the crops, but for large labels.
	if need > l.config.SpoolLimit || 2*need > freeSpace(l.config.Out) {
		return false, nil
	}
	// Crops that are not found with their peaks would have to be made first.
	copies, err := stage.Copies(ctx, l.job)
	if err != nil {
		return false, err
	}
	for _, id := range l.scan.cached {
		if !copies[stage.CopyName(l.job, id, stage.SpoolPixels)] {
			return false, nil
		}
	}
	return true, nil
}

// freeSpace is the number of bytes that may be written at a local path that need not exist yet.
func freeSpace(path string) int64 {
	for {
		var s syscall.Statfs_t
		err := syscall.Statfs(path, &s)
		if err == nil {
			return int64(s.Bavail) * int64(s.Bsize)
		}
		if !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
			return math.MaxInt64 // unknown
		}
		path = filepath.Dir(path)
	}
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
	fmt.Fprintf(w, "samples  %d in %s, %s, %s\n", samples, plural(shards, "shard"), dataset.Bytes(bytes), plural(int64(m.Shape.Classes.Count), "class"))
	for _, s := range m.Statistics {
		if s.Mixed > 0 {
			fmt.Fprintf(w, "mixed    %d by %s, mean λ %.3f drawn, %.3f final\n", s.Mixed, s.Method, float64(s.LamDrawn.Mean), float64(s.Lam.Mean))
		}
	}
	if l.config.Pair == string(mix.DifferentClass) {
		l.summarizePairs(w, m)
	}
	c := m.Counts
	fmt.Fprintf(w, "input    %d entries: %d good, %d ignored, %d left out, %d bad", c.Entries, c.Good, c.Ignored, c.Excluded, c.Failed)
	if c.Failed > 0 {
		fmt.Fprintf(w, " (%s)", shortPath(dataset.Meta(dir, l.config.Split, dataset.FailuresFile)))
	}
	if n := int64(len(l.catalog.NotChosen)); n > 0 {
		fmt.Fprintf(w, "; %s of other classes not opened (--classes)", plural(n, "container"))
	}
	if l.job.StopsEarly() {
		fmt.Fprint(w, "; the rest was not looked at (--limit)")
	}
	_, err = fmt.Fprintln(w)
	return err
}

// summarizePairs tells how many pairs could not be of different classes.
func (l *launch) summarizePairs(w io.Writer, m *dataset.Manifest) {
	var same, all int64
	for _, s := range m.Statistics {
		if mix.Pairs(s.Method) {
			same, all = same+s.SameClass, all+s.Mixed
		}
	}
	if same == 0 {
		fmt.Fprintf(w, "pairs    all %d are of different classes\n", all)
		return
	}
	fmt.Fprintf(w, "pairs    %d of %d are of one class: their shards have more images of it than of all others\n", same, all)
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
