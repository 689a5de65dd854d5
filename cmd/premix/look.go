package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// A scanResult is what a look at the input from the launcher's own machine tells.
type scanResult struct {
	images int64
	cached []string // keys of the chunks that are in the cache, as stage.CopyKey makes them
}

// look lists the chunks of a local input, as far as the limits want them, so that the first line of a
// run can say what of the cache is valid, and why the rest is not. Workers list them again; that
// costs seconds a million files.
func (l *launch) look(ctx context.Context) error {
	store := cache.Open(l.job.Cache.URI, l.job.Cache.Fingerprint, l.job.Cache.Settings)
	entries, err := store.List(ctx)
	if !l.listable() {
		if !l.job.Cache.Temporary && err == nil { // who cannot look is told so by the workers
			l.say("peaks: %s for these settings are in the cache %s; the workers compare them with the input", plural(int64(len(entries)), "chunk"), shortPath(store.URI()))
		}
		return nil
	}
	if err != nil {
		return cmp.Or(l.checkCache(), err)
	}
	var chunks []source.Chunk
	err = stage.Choose(ctx, l.job, l.catalog.Containers, func(c source.Chunk) error {
		chunks = append(chunks, c)
		return nil
	})
	if err != nil {
		return err
	}
	states := make([]stage.Status, len(chunks))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, c := range chunks {
		g.Go(func() (err error) {
			states[i], err = stage.Glance(gctx, l.job, c)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return cmp.Or(l.checkCache(), err)
	}
	t := tallyCache(chunks, states)
	l.scan = &scanResult{images: t.images}
	for i, c := range chunks {
		if s := states[i]; s == stage.Valid || s == stage.Adopted {
			l.scan.cached = append(l.scan.cached, stage.CopyKey(c.ID, c.Stamp))
		}
	}
	line := fmt.Sprintf("peaks: %d of %d images are in the cache %s", t.by[stage.Valid].images, t.images, shortPath(store.URI()))
	if len(entries) == 0 {
		line += "; nothing is cached for these settings" + l.nearestSettings(ctx)
	} else {
		line += t.reasons()
	}
	if !l.job.Cache.Temporary || len(entries) > 0 {
		l.say("%s", line)
	}
	if t.usable() < len(chunks) {
		return l.checkCache()
	}
	return nil
}

// listable says whether the launcher sees the input as the workers do, and cheaply.
func (l *launch) listable() bool {
	if !runners.Local(l.config.Runner) {
		return false
	}
	for _, c := range l.catalog.Containers {
		if c.Layout != "synth" && !blob.IsLocal(c.URI) {
			return false
		}
	}
	return true
}

// A cacheTally counts the images of an input by what the cache has for them.
type cacheTally struct {
	images int64
	by     map[stage.Status]*cacheShare
}

// A cacheShare is the part of an input with one answer of the cache.
type cacheShare struct {
	images int64
	chunks int
	where  []string // containers, each with the part of it that is meant
}

// tallyCache counts chunks, which are in the order of the input, with the answers of the cache.
func tallyCache(chunks []source.Chunk, states []stage.Status) *cacheTally {
	t := &cacheTally{by: map[stage.Status]*cacheShare{stage.Valid: {}}}
	for i := 0; i < len(chunks); {
		from, name := i, chunks[i].Container.Name
		n := map[stage.Status]int{}
		for ; i < len(chunks) && chunks[i].Container.Name == name; i++ {
			s, images := states[i], stage.Images(&chunks[i])
			n[s]++
			if t.by[s] == nil {
				t.by[s] = &cacheShare{}
			}
			t.images += images
			t.by[s].images += images
			t.by[s].chunks++
		}
		for s, k := range n {
			what := name
			if k < i-from {
				what += fmt.Sprintf(" (%d of %d chunks)", k, i-from)
			}
			t.by[s].where = append(t.by[s].where, what)
		}
	}
	return t
}

// usable counts the chunks whose peaks need not be written: those of what was moved or touched can be
// used where they are, if they agree with the input.
func (t *cacheTally) usable() int {
	n := t.by[stage.Valid].chunks
	if adopted := t.by[stage.Adopted]; adopted != nil {
		n += adopted.chunks
	}
	return n
}

// reasons says why what is not valid is not, in the order of what it costs.
func (t *cacheTally) reasons() string {
	var b strings.Builder
	for _, r := range []struct {
		status stage.Status
		why    string
	}{
		{stage.Adopted, "moved or touched, compared before use"},
		{stage.Extended, "lacking a replica"},
		{stage.Damaged, "damaged in the cache"},
		{stage.Missing, "new or changed"},
	} {
		share := t.by[r.status]
		if share == nil {
			continue
		}
		where := share.where
		if len(where) > 3 {
			where = append(where[:3:3], fmt.Sprintf("and %d more", len(share.where)-3))
		}
		fmt.Fprintf(&b, "; %s: %s", r.why, strings.Join(where, ", "))
	}
	return b.String()
}
