package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
)

// Remove removes one split from an output: the files that its manifest and its shard records list,
// shards of an interrupted run that have no record, and the files that describe the split. Other files
// stay. A split that does not exist is not an error.
//
// A shard without a record is removed if its replica was begun: if the manifest, a record, plan.json
// or inputs.json has it. A file with the name of a shard of another replica belongs to someone else. A
// damaged manifest, config.json or record lists nothing, and is removed.
//
// The manifest goes first and the records last: if a removal is interrupted, the split does not look
// finished, and the removal can be repeated. The side files that all splits share are rebuilt
// without the split.
func Remove(ctx context.Context, out, split string) error {
	r, err := loadRemoval(ctx, out, split)
	if err != nil {
		return err
	}
	if err := r.list(ctx); err != nil {
		return err
	}
	if err := r.shared(ctx); err != nil {
		return err
	}
	records := make([]string, 0, len(r.records)+len(r.damaged))
	for i := range r.records {
		records = append(records, recordURI(out, split, r.records[i].Replica, r.records[i].Shard))
	}
	for _, d := range r.damaged {
		records = append(records, d.uri)
	}
	var last []string
	for _, name := range []string{
		ClassesFile, FailuresFile, InputsFile, ReportFile, RunFile, PlannedFile, ConfigFile,
		ManifestFile + AsideSuffix, ConfigFile + AsideSuffix, FailuresFile + AsideSuffix,
	} {
		last = append(last, Meta(out, split, name))
	}
	for _, uris := range [][]string{r.uris, records, last} {
		if err := removeEach(ctx, uris); err != nil {
			return err
		}
	}
	removeEmpty(out, slices.Concat(r.uris, records, last))
	return nil
}

// A removal gathers the files to remove.
type removal struct {
	out, split string
	records    []ShardRecord
	damaged    []damagedRecord
	manifest   *Manifest    // of the split, or as much of one as config.json allows; nil: unknown
	planned    *Manifest    // plan.json; empty if it is missing or damaged
	rest       []*Manifest  // of the other splits
	begun      map[int]bool // replicas; −1: the one without a number in its names
	uris       []string     // of files other than records
}

// loadRemoval reads the files that describe the split.
func loadRemoval(ctx context.Context, out, split string) (*removal, error) {
	r := &removal{out: out, split: split, begun: map[int]bool{}}
	var err error
	if r.records, r.damaged, err = readRecords(ctx, out, split); err != nil {
		return nil, err
	}
	config, err := LoadConfig(ctx, out, split)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !Damaged(err) {
		return nil, err
	}
	finished, _, err := Finished(ctx, out)
	if err != nil {
		return nil, err
	}
	for _, m := range finished {
		if m.Shape.Split == split {
			r.manifest = m
		} else {
			r.rest = append(r.rest, m)
		}
	}
	if r.manifest == nil && config != nil {
		r.manifest = &Manifest{Shape: config.Shape, Indexes: allIndexes}
	}
	if r.planned, err = loadPlanned(ctx, out, split); err != nil {
		r.planned = &Manifest{}
	}
	return r, nil
}

// list adds shards, indexes and plans.
func (r *removal) list(ctx context.Context) error {
	if r.manifest != nil {
		r.note(r.planned.Replicas)
		if err := r.noteBegun(ctx); err != nil {
			return err
		}
		if err := r.listShards(ctx); err != nil {
			return err
		}
	}
	for i := range r.records {
		r.add(r.records[i].Path)
		r.add(r.records[i].IndexPath)
		r.add(r.records[i].PlanPath)
	}
	for _, replica := range r.planned.Replicas {
		for _, s := range replica.Shards {
			r.add(PlanPath(r.split, s.Name))
		}
	}
	return r.addAside(ctx)
}

// note adds replicas that the split has, or would have had.
func (r *removal) note(replicas []Replica) {
	for _, replica := range replicas {
		if replica.Numbered {
			r.begun[replica.Replica] = true
		} else {
			r.begun[-1] = true
		}
	}
}

// noteBegun adds the replicas in inputs.json, which is written before the first shard.
func (r *removal) noteBegun(ctx context.Context) error {
	inputs, err := LoadInputs(ctx, r.out, r.split)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !Damaged(err) {
		return fmt.Errorf("dataset: %w", err)
	}
	for _, replica := range inputs.Replicas {
		r.begun[replica] = true
	}
	return nil
}

// addAside adds damaged plans that were put aside.
func (r *removal) addAside(ctx context.Context) error {
	objects, err := blob.List(ctx, Meta(r.out, r.split, PlanDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("dataset: %w", err)
	}
	for _, o := range objects {
		if strings.HasSuffix(o.URI, AsideSuffix) && !o.Dir {
			r.uris = append(r.uris, o.URI)
		}
	}
	return nil
}

func (r *removal) add(p string) {
	if p != "" {
		r.uris = append(r.uris, blob.Join(r.out, p))
	}
}

// listShards adds the shards in the manifest, and shards of begun replicas that have no record, with
// their indexes and plans.
func (r *removal) listShards(ctx context.Context) error {
	format, err := formats.ByName(r.manifest.Shape.Format)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	spec := r.manifest.Shape.Spec(nil)
	recorded, _ := GroupReplicas(format, spec, r.records)
	r.note(recorded)
	r.note(r.manifest.Replicas)
	if len(r.manifest.Replicas) == 0 {
		r.manifest.Replicas = recorded
	}
	lost := map[string]bool{} // names of records that cannot be read
	for _, d := range r.damaged {
		lost[blob.Base(d.uri)] = true
	}
	for _, replica := range r.manifest.Replicas {
		for _, s := range replica.Shards {
			r.add(s.Name)
		}
	}
	for _, dir := range []string{Folder(format.ShardPath(spec, 0)), Folder(format.IndexPath(spec, 0))} {
		objects, err := blob.List(ctx, blob.Join(r.out, dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("dataset: %w", err)
		}
		for _, o := range objects {
			p := path.Join(dir, blob.Base(o.URI))
			if o.Dir {
				continue
			}
			i, replica, ok := Named(format, spec, p)
			if ok && (r.begun[replica] || lost[RecordName(max(replica, 0), i)]) {
				r.add(p)
				named := spec
				named.Replica = replica
				r.add(PlanPath(r.split, format.ShardPath(named, i)))
				r.mention(replica, format.ShardPath(named, i))
			}
		}
	}
	return nil
}

// mention adds a replica that only names of files show to the manifest, so that its side files are
// found.
func (r *removal) mention(replica int, shard string) {
	numbered := replica >= 0
	known := slices.ContainsFunc(r.manifest.Replicas, func(o Replica) bool {
		return o.Numbered == numbered && (o.Replica == replica || !numbered)
	})
	if !known {
		r.manifest.Replicas = append(r.manifest.Replicas, Replica{Replica: max(replica, 0), Numbered: numbered, Shards: []Shard{{Name: shard}}})
	}
}

// shared removes the manifest, rebuilds the side files that the other splits still need, and adds
// those that only this split needed.
func (r *removal) shared(ctx context.Context) error {
	if r.manifest == nil {
		return remove(ctx, Meta(r.out, r.split, ManifestFile))
	}
	format, err := formats.ByName(r.manifest.Shape.Format)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	all := append(slices.Clone(r.rest), r.manifest)
	before, err := SideFiles(ctx, r.out, format, all, nil)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a lost classes.txt must not stop the removal
		return err
	}
	if err := remove(ctx, Meta(r.out, r.split, ManifestFile)); err != nil {
		return err
	}
	after, err := SideFiles(ctx, r.out, format, r.rest, nil)
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, f := range after {
		keep[f.Path] = true
		if _, err := WriteChanged(ctx, blob.Join(r.out, f.Path), f.Data); err != nil {
			return err
		}
	}
	for _, f := range before {
		if !keep[f.Path] {
			r.add(f.Path)
		}
	}
	return nil
}

func removeEach(ctx context.Context, uris []string) error {
	uris = slices.Clone(uris)
	slices.Sort(uris)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for _, uri := range slices.Compact(uris) {
		g.Go(func() error { return remove(ctx, uri) })
	}
	return g.Wait()
}

func remove(ctx context.Context, uri string) error {
	if err := blob.Remove(ctx, uri); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}

// removeEmpty removes the local folders of the files below out, if nothing is left in them, deepest
// first. Stores have no folders. An empty folder that cannot be removed does no harm.
func removeEmpty(out string, files []string) {
	if !blob.IsLocal(out) {
		return
	}
	root, err := blob.Abs(out)
	if err != nil {
		return
	}
	dirs := map[string]bool{}
	for _, f := range files {
		f, err := blob.Abs(f)
		if err != nil {
			continue
		}
		for d := filepath.Dir(f); strings.HasPrefix(d, root+string(filepath.Separator)); d = filepath.Dir(d) {
			dirs[d] = true
		}
	}
	var sorted []string
	for d := range dirs {
		sorted = append(sorted, d)
	}
	slices.SortFunc(sorted, func(a, b string) int { return len(b) - len(a) })
	for _, d := range sorted {
		os.Remove(d) // fails, rightly, if something else is in it
	}
}
