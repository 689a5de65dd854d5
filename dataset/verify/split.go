package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/sample"
)

// A verifier verifies one split.
type verifier struct {
	dir, out, name string
	options        *Options
	found          defects
	split          Split

	config   *dataset.Config
	manifest *dataset.Manifest // nil: not finished
	format   shard.Format
	classes  []string
	nameless bool // classes.txt is missing, or another one
	records  []dataset.ShardRecord
	damaged  map[string]error // records that cannot be used, by the names of their files
	params   *sample.Params   // nil: unknown
	sources  *source.Locator
	deep     map[int]map[int64]bool // record → indexes of samples to derive
	stats    dataset.Stats
	// failuresSum is the hash of failures.jsonl; empty if it could not be read
	failuresSum string
	perfect     bool    // all records and shards were there, and read to their end
	images      *images // of the first replica that is whole
}

// meta is the path of a file of the split below the output.
func (v *verifier) meta(elem ...string) string {
	return path.Join(append([]string{dataset.MetaDir, v.name}, elem...)...)
}

func (v *verifier) run(ctx context.Context) (*Split, error) {
	v.split = Split{Output: v.dir, Name: v.name}
	ready, err := v.load(ctx)
	if err != nil || !ready {
		return &v.split, err
	}
	v.split.Format = v.format.Name()
	if v.manifest != nil {
		v.split.Lost = v.manifest.Lost
	}
	if err := v.chooseDeep(ctx); err != nil {
		return nil, err
	}
	if err := v.shards(ctx); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{v.checkManifest, v.checkPlaces, v.checkSideFiles, v.checkStray} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return &v.split, nil
}

// lost reports whether the manifest was rebuilt without something.
func (v *verifier) lost(what string) bool {
	return v.manifest != nil && slices.Contains(v.manifest.Lost, what)
}

// load reads what the split says of itself. It reports false if too little is left to go on.
func (v *verifier) load(ctx context.Context) (bool, error) {
	var err error
	unplanned := false
	if v.config, err = dataset.LoadConfig(ctx, v.out, v.name); err != nil {
		if dataset.Environment(err) {
			return false, err
		}
		if unplanned, err = v.unplanned(ctx, err); err != nil {
			return false, err
		}
	}
	if err := v.loadManifest(ctx); err != nil || unplanned {
		return false, err
	}
	if v.config == nil {
		if v.manifest == nil {
			return false, nil
		}
		v.config = &dataset.Config{Schema: dataset.Schema, Fingerprint: v.manifest.Fingerprint, Shape: v.manifest.Shape, Recipe: v.manifest.Recipe}
	}
	if v.format, err = formats.ByName(v.config.Shape.Format); err != nil {
		v.found.add(v.meta(dataset.ConfigFile), "", "%s", oneLine(err))
		return false, nil
	}
	if err := v.loadClasses(ctx); err != nil {
		return false, err
	}
	if err := v.loadRecords(ctx); err != nil {
		return false, err
	}
	if v.options.Params != nil && !v.lost(dataset.LostRecipe) {
		p, _, err := v.options.Params(v.config.Recipe)
		if err != nil {
			return false, fmt.Errorf("verify: %s: %w", blob.Join(v.out, v.meta(dataset.ConfigFile)), err)
		}
		v.params = &p
	}
	return true, nil
}

// unplanned takes the error of config.json. It reports whether a run has only just begun the split, which
// the manifest's defect says; else the error is a defect of its own.
func (v *verifier) unplanned(ctx context.Context, missing error) (bool, error) {
	if errors.Is(missing, fs.ErrNotExist) {
		p, err := dataset.LookProgress(ctx, v.out, v.name)
		if err != nil {
			return false, err
		}
		_, err = dataset.LoadManifest(ctx, v.out, v.name)
		if errors.Is(err, fs.ErrNotExist) && p.Shards+p.Plans == 0 {
			return true, nil
		}
	}
	v.found.add(v.meta(dataset.ConfigFile), "", "%s", oneLine(missing))
	return false, nil
}

// loadRecords reads the records of the shards. The others are used where one is damaged.
func (v *verifier) loadRecords(ctx context.Context) (err error) {
	v.records, v.damaged, err = dataset.IntactRecords(ctx, v.out, v.name)
	for _, name := range slices.Sorted(maps.Keys(v.damaged)) {
		v.found.add(v.meta(dataset.ShardsDir, name), "", "%s; premix reindex writes it", oneLine(v.damaged[name]))
	}
	return err
}

// loadManifest reads the manifest. Without one the split is not finished, or was only planned.
func (v *verifier) loadManifest(ctx context.Context) error {
	var err error
	if v.manifest, err = dataset.LoadManifest(ctx, v.out, v.name); err == nil {
		return nil
	}
	if dataset.Environment(err) {
		return err
	}
	file := v.meta(dataset.ManifestFile)
	if !errors.Is(err, fs.ErrNotExist) {
		v.found.add(file, "", "%s", oneLine(err))
		return nil
	}
	if _, err := dataset.LoadPlanned(ctx, v.out, v.name); err == nil || !errors.Is(err, fs.ErrNotExist) {
		v.found.add(file, "", "missing: the split is planned and not made, see %s; premix mix --plan makes it", dataset.PlannedFile)
		return nil
	}
	progress, err := dataset.LookProgress(ctx, v.out, v.name)
	if err != nil {
		return err
	}
	v.found.add(file, "", "missing: the split is %s", progress)
	return nil
}

// loadClasses reads the class list. Where it is not the one of config.json, only the number of classes is
// used: it is enough to check ranges, and wrong names would be reported as wrong labels.
func (v *verifier) loadClasses(ctx context.Context) error {
	var err error
	if v.classes, err = dataset.LoadClasses(ctx, v.out, v.name); err != nil {
		if dataset.Environment(err) {
			return err
		}
		v.found.add(v.meta(dataset.ClassesFile), "", "%s", oneLine(err))
		v.nameless = true
	} else if have := dataset.ShapeOf(v.format, v.config.Shape.Spec(v.classes)).Classes; have != v.config.Shape.Classes {
		v.found.add(v.meta(dataset.ClassesFile), "", "%d names with sha256 %.12s…, config.json says %d with %.12s…",
			have.Count, have.SHA256, v.config.Shape.Classes.Count, v.config.Shape.Classes.SHA256)
		v.nameless = true
	} else if err := v.checkClassBytes(ctx); err != nil {
		return err
	}
	if v.nameless {
		v.classes = make([]string, v.config.Shape.Classes.Count)
	}
	return nil
}

// shards verifies all shards, replica by replica, so that what must be remembered to find
// doubles is that of one replica.
func (v *verifier) shards(ctx context.Context) error {
	v.perfect = len(v.damaged) == 0
	for from := 0; from < len(v.records); {
		to := from
		var n int64
		for to < len(v.records) && v.records[to].Replica == v.records[from].Replica {
			n += v.records[to].Samples
			to++
		}
		if err := v.replica(ctx, from, to, n); err != nil {
			return err
		}
		v.split.Replicas++
		from = to
	}
	return nil
}

// replica verifies the shards of one replica, records from ≤ i < to with n samples together.
func (v *verifier) replica(ctx context.Context, from, to int, n int64) (err error) {
	whole := int64(to-from) == v.config.Shape.Shards
	for i := from; i < to && whole; i++ {
		whole = v.records[i].Shard == int64(i-from)
	}
	m := newMerger(v, from)
	defer func() { err = errors.Join(err, m.names.close()) }()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(v.options.Workers)
	for i := from; i < to; i++ {
		if !m.wait(gctx) {
			break
		}
		g.Go(func() error {
			c := newChecker(v, &v.records[i], v.deep[i])
			if whole {
				c.total = n
			}
			r, err := c.run(gctx)
			if err != nil {
				return err
			}
			if v.options.Progress != nil {
				v.options.Progress(r.samples, r.bytes)
			}
			return m.add(i, r)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if whole && m.perfect {
		v.sameImages(from, &m.names)
	}
	return m.names.report(v)
}

// sameImages compares the images of a replica with those of the first one.
func (v *verifier) sameImages(record int, n *names) {
	switch {
	case v.images == nil:
		v.images = &images{v.records[record].Replica, n.total, n.sum}
	case v.images.total != n.total || v.images.sum != n.sum:
		v.found.add(v.records[record].Path, "", "replica %d does not have the images of replica %d", v.records[record].Replica, v.images.replica)
	}
}

// images identifies those of a replica, in any order.
type images struct {
	replica int
	total   int64
	sum     uint64
}
