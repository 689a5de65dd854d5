package launch

import (
	"cmp"
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/runners"
	"github.com/premix/premix/transforms/stage"
)

// A CacheLook says what the peaks cache has for an input.
type CacheLook struct {
	URI string
	// Chunks is the number of chunks in the cache that have these settings, of this input or not.
	Chunks int
	// Temporary says that the cache is removed after the run.
	Temporary bool
	// Listed says that the chunks of the input were compared with the cache: the launcher lists local
	// inputs of local runs. Without it the fields below are empty.
	Listed bool
	// Images is the number of images of the input, about, By the part of them with each answer.
	Images int64
	By     map[stage.Status]*CacheShare
	// Nearest lists the differences to the most similar settings in the cache, if nothing is cached for
	// these settings.
	Nearest []string

	reusable []string // keys of the chunks that are in the cache, as stage.CopyKey makes them
}

// A CacheShare is the part of an input with one answer of the cache.
type CacheShare struct {
	Images int64
	Chunks int
	Where  []string // containers, each with the part of it that is meant
}

// lookAtCache compares a job that needs peaks with the cache, and decides how its mix stage gets pixels.
func (j *Job) lookAtCache(ctx context.Context) error {
	if j.Config.Plan != "" {
		return nil // no peaks are needed
	}
	if err := j.reportClasses(ctx); err != nil {
		return err
	}
	chunks, err := j.list(ctx)
	if err != nil {
		return err
	}
	j.chunks = chunks
	if err := j.checkShards(); err != nil {
		return err
	}
	if j.Complete, err = j.complete(ctx); err != nil || j.Complete != nil {
		return err
	}
	if j.Cache, err = j.look(ctx, chunks); err != nil {
		return err
	}
	return j.chooseSpool(ctx)
}

// list lists the chunks of a local input, as far as the limits want them, and sets the hash of the listing.
// Workers in this process take them from here, others list them again; that takes seconds for a million files.
func (j *Job) list(ctx context.Context) (chunks []source.Chunk, err error) {
	if !j.listable() {
		return nil, nil
	}
	err = stage.Choose(ctx, j.Description, j.Catalog.Containers, func(c source.Chunk) error {
		chunks = append(chunks, c)
		return nil
	})
	if err == nil && !j.Description.StopsEarly() { // with limits, chunks beyond these may be used too
		stage.Listed(j.Description, chunks)
		err = j.setListings(chunks)
	}
	return chunks, err
}

// look compares the chunks of a local input with the cache, so that the first line of a run can say what of
// the cache is valid, and why the rest is not.
func (j *Job) look(ctx context.Context, chunks []source.Chunk) (*CacheLook, error) {
	store := j.Description.Store()
	held, err := store.Chunks(ctx)
	look := &CacheLook{URI: store.URI(), Chunks: held, Temporary: j.Description.Cache.Temporary, Listed: j.listable()}
	if !look.Listed {
		if err == nil { // if the launcher cannot look, the workers report it
			j.Options.Reporter.Cache(look)
		}
		return look, nil
	}
	if err != nil {
		return nil, cmp.Or(j.checkCache(), err)
	}
	verify, err := j.verifiable(ctx)
	if err != nil {
		return nil, cmp.Or(j.checkCache(), err)
	}
	states := make([]stage.Status, len(chunks))
	views := j.Description.Views()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, c := range chunks {
		g.Go(func() (err error) {
			states[i], err = glance(gctx, views, c, verify)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, cmp.Or(j.checkCache(), err)
	}
	look.count(chunks, states)
	lacking := false
	for i, c := range chunks {
		switch states[i] {
		case stage.Valid, stage.Adopted:
			look.reusable = append(look.reusable, stage.CopyKey(c.ID, c.Stamp))
		case stage.Outdated: // a run that may only read the cache continues if the same entries fail
		default:
			lacking = true
		}
	}
	if held == 0 {
		look.Nearest = j.nearestSettings(ctx)
	}
	j.Options.Reporter.Cache(look)
	if lacking {
		return look, j.checkCache()
	}
	return look, nil
}

// glance is what the caches of all detectors have for a chunk: the first answer that asks for work.
func glance(ctx context.Context, views []*stage.Job, c source.Chunk, verify bool) (stage.Status, error) {
	all := stage.Valid
	for _, v := range views {
		s, err := stage.Glance(ctx, v, c, verify)
		if err != nil {
			return s, err
		}
		if s == stage.Valid || s == stage.Adopted && all != stage.Valid {
			continue
		}
		if all == stage.Valid || all == stage.Adopted {
			all = s
		}
	}
	return all, nil
}

// mostVerified bounds the bytes of a cache that is read before a job begins: 17 million rows. The peaks of 14 million
// images in 90 replicas take 80 GB, which the workers read anyway.
var mostVerified int64 = 1 << 30

// verifiable reports whether the launcher verifies the files of the cache, and does not go by their names.
func (j *Job) verifiable(ctx context.Context) (bool, error) {
	if !blob.IsLocal(j.Description.Cache.URI) {
		return false, nil
	}
	var size int64
	for _, v := range j.Description.Views() {
		files, err := v.Store().List(ctx)
		if err != nil {
			return false, err
		}
		for i := range files {
			size += files[i].Bytes
		}
	}
	return size <= mostVerified, nil
}

// listable reports whether the launcher sees the input as the workers do, at little cost.
func (j *Job) listable() bool {
	if !runners.Local(j.Config.Runner) {
		return false
	}
	for _, c := range j.Catalog.Containers {
		if c.Layout != "synth" && !blob.IsLocal(c.URI) {
			return false
		}
	}
	return true
}

// checkCache refuses a cache that cannot be written, before any work. A cache that holds everything need not be
// written.
func (j *Job) checkCache() error {
	uri := j.Description.Cache.URI
	if j.Description.Cache.Temporary || !blob.IsLocal(uri) {
		return nil
	}
	for _, v := range j.Description.Views() {
		if err := CheckWritable(blob.Join(uri, v.Cache.Fingerprint)); err != nil {
			return usagef("the peaks cache %s cannot be written (%v): choose another folder with --cache DIR, or use --cache none", uri, err)
		}
	}
	return nil
}

// nearestSettings lists the differences to the most similar settings in the cache; nil if they are many.
func (j *Job) nearestSettings(ctx context.Context) []string {
	infos, err := cache.Caches(ctx, j.Description.Cache.URI)
	if err != nil {
		return nil // only a hint
	}
	var best []string
	for _, i := range infos {
		if i.Settings == nil || i.CropFiles > 0 {
			continue
		}
		diff := dataset.RecipeDiff(i.Settings, j.Description.Cache.Settings)
		if len(diff) > 0 && (best == nil || len(diff) < len(best)) {
			best = diff
		}
	}
	if len(best) > 4 {
		return nil
	}
	return best
}

// count counts chunks, in the order of the input, by the answers of the cache.
func (l *CacheLook) count(chunks []source.Chunk, states []stage.Status) {
	l.By = map[stage.Status]*CacheShare{stage.Valid: {}}
	for i := 0; i < len(chunks); {
		from, name := i, chunks[i].Container.Name
		n := map[stage.Status]int{}
		for ; i < len(chunks) && chunks[i].Container.Name == name; i++ {
			s, images := states[i], stage.Images(&chunks[i])
			n[s]++
			if l.By[s] == nil {
				l.By[s] = &CacheShare{}
			}
			l.Images += images
			l.By[s].Images += images
			l.By[s].Chunks++
		}
		for s, k := range n {
			what := name
			if k < i-from {
				what += fmt.Sprintf(" (%d of %d chunks)", k, i-from)
			}
			l.By[s].Where = append(l.By[s].Where, what)
		}
	}
}
