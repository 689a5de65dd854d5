package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/verify"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// output describes an output, or those of several formats below one folder, which hold the same samples:
// each is described, and those of the first are counted in the report's own summary.
func (r *Report) output(ctx context.Context, out string, dirs []string, o *Options) error {
	r.Kind = KindOutput
	labels := map[int]int64{}
	type part struct{ dir, split string }
	var parts []part
	for _, dir := range dirs {
		splits, err := dataset.Splits(ctx, blob.Join(out, dir))
		if err != nil {
			return err
		}
		for _, name := range splits {
			if o.Split == "" || name == o.Split {
				parts = append(parts, part{dir, name})
			}
		}
	}
	r.several = len(parts) > 1
	for i, p := range parts {
		pictures := share(o.Pictures-len(r.first), len(parts)-i) // from all splits alike
		counts := labels
		if p.dir != parts[0].dir {
			counts = map[int]int64{}
		}
		if err := r.split(ctx, blob.Join(out, p.dir), p.dir, p.split, counts, pictures, o); err != nil {
			return err
		}
	}
	if len(parts) > 0 && len(r.Splits) == 0 {
		return nil // the notes say how far they are
	}
	if len(r.Splits) == 0 {
		var have []string
		if len(dirs) > 0 {
			var err error
			if have, err = dataset.Splits(ctx, blob.Join(out, dirs[0])); err != nil {
				return err
			}
		}
		return &NoSplitError{out, o.Split, have}
	}
	r.Keys = r.Splits[0].Keys
	r.Methods = map[string]int64{}
	var all []string
	for _, s := range r.Splits {
		if !slices.Contains(all, s.Format) {
			all = append(all, s.Format)
		}
		r.Bytes += s.Bytes
		if s.Output != r.Splits[0].Output {
			continue
		}
		r.Samples += s.Samples
		r.Mixed += s.Mixed
		r.LamSum += s.LamSum
		r.LamDrawnSum += s.LamDrawnSum
		for m, n := range s.Methods {
			r.Methods[m] += n
		}
	}
	r.Format = strings.Join(all, ",")
	r.Labels = r.labels(labels)
	return nil
}

// noteBegun notes the folders of outputs in which a run has mixed nothing yet.
func (r *Report) noteBegun(begun []verify.BegunOutput) {
	for _, b := range begun {
		where := ""
		if b.Dir != "" {
			where = b.Dir + ": "
		}
		r.note("%s%s", where, dataset.BegunText(b.Holder))
	}
}

// noteBegunSplits notes which runs began the splits of outputs that have no plan yet.
func (r *Report) noteBegunSplits(ctx context.Context, out string, dirs []string) error {
	for _, dir := range dirs {
		splits, err := dataset.BegunSplits(ctx, blob.Join(out, dir))
		if err != nil {
			return err
		}
		for _, s := range splits {
			if run := s.Run.String(); run != "" {
				r.note("%s has no plan yet; it was begun by a run of %s", path.Join(dir, s.Name), run)
			}
		}
	}
	return nil
}

// unfinished says how far a split without a manifest is: planned on purpose, or interrupted.
func unfinished(ctx context.Context, out, split string) (string, error) {
	if _, err := dataset.LoadPlanned(ctx, out, split); err == nil {
		return "not finished: it is planned and not made; premix mix --plan makes it", nil
	}
	progress, err := dataset.LookProgress(ctx, out, split)
	return progress.String(), err
}

// withoutConfig notes how far a split is that has neither a readable config.json nor a manifest. If it has a
// manifest, that one is damaged too, and the error says what to do.
func (r *Report) withoutConfig(ctx context.Context, out, dir, name string, lost error) error {
	if _, err := dataset.LoadManifest(ctx, out, name); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; premix reindex %s rebuilds it", lost, out)
	}
	progress, err := dataset.LookProgress(ctx, out, name)
	if err != nil {
		return err
	}
	has := "no"
	if dataset.Damaged(lost) {
		has = "a damaged"
	}
	r.note("%s has %s %s, and is %s", path.Join(dir, name), has, dataset.ConfigFile, progress)
	return nil
}

func labelCounts(counts map[int]int64, class func(label int) string) []Label {
	var list []Label
	for _, label := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, Label{label, class(label), counts[label]})
	}
	return list
}

func (r *Report) labels(counts map[int]int64) []Label {
	return labelCounts(counts, func(label int) string { return nameOf(r.names, label) })
}

// nameOf is the name of a class; empty if it is not known.
func nameOf(classes []string, label int) string {
	if label < 0 || label >= len(classes) {
		return ""
	}
	return classes[label]
}

// split describes one split from its records and plans; those of an unfinished one are what is
// there.
func (r *Report) split(ctx context.Context, out, dir, name string, all map[int]int64, pictures int, o *Options) error {
	config, err := dataset.HeldConfig(ctx, out, name)
	if errors.Is(err, fs.ErrNotExist) || dataset.Damaged(err) {
		return r.withoutConfig(ctx, out, dir, name, err)
	}
	if err != nil {
		return err
	}
	s := Split{Output: dir, Name: name, Format: config.Shape.Format, Recipe: config.Recipe}
	r.Name, r.Size, r.Classes = config.Shape.Name, config.Shape.Size[:], config.Shape.Classes.Count
	if r.names, err = dataset.LoadClasses(ctx, out, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if m, err := dataset.LoadManifest(ctx, out, name); err == nil {
		s.Finished, s.Counts = true, &m.Counts
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	} else if s.Unfinished, err = unfinished(ctx, out, name); err != nil {
		return err
	}
	if run, err := dataset.LoadRun(ctx, out, name); err == nil { // verify says what is wrong with one
		s.Run = run.String()
	}
	if o.Flags != nil {
		if flags, err := o.Flags(config.Recipe); err == nil { // of another version perhaps: then the recipe says it
			s.flags = new(strings.Join(flags, " "))
		}
	}
	records, err := dataset.Records(ctx, out, name)
	if err != nil {
		return err
	}
	labels, err := r.sum(ctx, out, &s, records)
	if err != nil {
		return err
	}
	for l, n := range labels {
		all[l] += n
	}
	s.Labels = r.labels(labels)
	r.Splits = append(r.Splits, s)
	if len(records) == 0 {
		return nil
	}
	shards := evenly(max(1, min(pictures, len(records))), len(records)) // pictures come from all of them alike
	for i, at := range shards {
		most := share(pictures, len(shards)-i)
		n, err := r.firstRecords(ctx, out, &config.Shape, records[at].Path, most, o)
		if err != nil {
			return err
		}
		pictures -= n
	}
	return nil
}

// sum adds up the records of the shards, and counts labels over their plans.
func (r *Report) sum(ctx context.Context, out string, s *Split, records []dataset.ShardRecord) (map[int]int64, error) {
	s.Methods = map[string]int64{}
	s.Shards = len(records)
	for i, rec := range records {
		if i == 0 || rec.Replica != records[i-1].Replica {
			s.Replicas++
		}
		s.Samples += rec.Samples
		s.Bytes += rec.Bytes
		for _, m := range rec.Stats {
			s.Methods[m.Method] += m.Count
			s.Mixed += m.Mixed
			s.LamSum += m.LamSum
			s.LamDrawnSum += m.LamDrawnSum
		}
	}
	type shardLabels struct {
		labels      map[int]int64
		first, last string
	}
	found := make([]shardLabels, len(records))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i := range records {
		g.Go(func() error {
			f := &found[i]
			f.labels = map[int]int64{}
			return briefs(gctx, out, s.Format, &records[i], func(b dataset.Brief) error {
				if f.first == "" {
					f.first = b.Key
				}
				f.last = b.Key
				f.labels[int(b.Label)]++
				return nil
			})
		})
	}
	if err := g.Wait(); err != nil {
		if environment(err) != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		r.note("%v", err)
		return nil, nil
	}
	labels := map[int]int64{}
	for i := range found {
		for l, n := range found[i].labels {
			labels[l] += n
		}
		if s.Keys == nil && found[i].first != "" {
			s.Keys = &Keys{First: found[i].first}
		}
		if s.Keys != nil && found[i].last != "" {
			s.Keys.Last = found[i].last
		}
	}
	return labels, nil
}

// briefs says which images and labels each sample of a shard has: from its plan, or where
// that is lost, from the shard.
func briefs(ctx context.Context, out, format string, rec *dataset.ShardRecord, yield func(dataset.Brief) error) error {
	if rec.PlanPath != "" {
		err := dataset.ReadBriefs(ctx, blob.Join(out, rec.PlanPath), yield)
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	f, err := formats.ByName(format)
	if err != nil {
		return err
	}
	reader, closer, err := dataset.OpenShard(ctx, f, blob.Join(out, rec.Path), shard.ReadOptions{})
	if err != nil {
		return err
	}
	defer closer.Close()
	var r shard.Record
	for {
		err := reader.Next(&r)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("inspect: %s: %w", rec.Path, err)
		}
		err = yield(dataset.Brief{Key: r.Key, Method: r.Method, Mixed: r.Mixed, Lam: r.Lam, Label: int32(r.Label),
			TargetLabel: int32(r.LabelA), SourceLabel: int32(r.LabelB), TargetName: r.Target, SourceName: r.Source})
		if err != nil {
			return err
		}
	}
}

// firstRecords reads the beginning of a shard, and returns how many pictures it kept.
func (r *Report) firstRecords(ctx context.Context, out string, shape *dataset.Shape, path string, pictures int, o *Options) (kept int, err error) {
	f, err := formats.ByName(shape.Format)
	if err != nil {
		r.note("%v", err)
		return 0, nil
	}
	reader, closer, err := dataset.OpenShard(ctx, f, blob.Join(out, path), shard.ReadOptions{})
	if errors.Is(err, fs.ErrNotExist) {
		r.note("%s is missing", path)
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer closer.Close()
	var rec shard.Record
	for len(r.Records) < o.records() || kept < pictures {
		err := reader.Next(&rec)
		if err == io.EOF {
			return kept, nil
		}
		if err != nil {
			r.note("%s: %v", path, err)
			return kept, environment(err)
		}
		if len(r.Records) < o.records() {
			r.Records = append(r.Records, recordOf(&rec))
		}
		if kept < pictures {
			split := ""
			if r.several {
				split = shape.Split
			}
			r.keepRecord(&rec, split)
			kept++
		}
	}
	return kept, nil
}
