package dataset

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
)

// Remove removes one split from an output: the files that its manifest and its shard records
// list, shards that an interrupted run left without a record, and premix's own files of the split.
// Which replicas were begun is told by the manifest, the records, plan.json and inputs.json; a file
// that has the name of a shard of another replica is someone else's. Files of anyone else stay. A split that is not there is no error. A manifest, a
// config.json or a record that is damaged lists nothing, and goes.
//
// The manifest goes first and the records last: whatever stops a removal leaves no split that
// looks finished, and it can be repeated. The side files that all splits share are rebuilt
// without the split.
func Remove(ctx context.Context, out, split string) error {
	records, damaged, err := readRecords(ctx, out, split)
	if err != nil {
		return err
	}
	config, err := LoadConfig(ctx, out, split)
	if err != nil && !isNotExist(err) && !Damaged(err) {
		return err
	}
	finished, _, err := Finished(ctx, out)
	if err != nil {
		return err
	}
	r := removal{out: out, split: split, begun: map[int]bool{}}
	for _, m := range finished {
		if m.Shape.Split == split {
			r.manifest = m
		} else {
			r.rest = append(r.rest, m)
		}
	}
	if r.manifest == nil && config != nil {
		r.manifest = &Manifest{Shape: config.Shape, Indexes: allIndexes} // what there would have been
	}
	planned, err := loadPlanned(ctx, out, split)
	if err != nil { // what cannot be read lists nothing
		planned = &Manifest{}
	}
	if r.manifest != nil {
		r.note(planned.Replicas)
		if err := r.noteBegun(ctx); err != nil {
			return err
		}
		if err := r.listShards(ctx, records, damaged); err != nil {
			return err
		}
	}
	for i := range records {
		r.add(records[i].Path)
		r.add(records[i].IndexPath)
		r.add(records[i].PlanPath)
	}
	for _, replica := range planned.Replicas {
		for _, s := range replica.Shards {
			r.add(PlanPath(split, s.Name))
		}
	}
	if err := r.addAside(ctx); err != nil {
		return err
	}
	if err := r.shared(ctx); err != nil {
		return err
	}
	if err := removeEach(ctx, r.uris); err != nil {
		return err
	}
	var own []string
	for i := range records {
		own = append(own, recordURI(out, split, records[i].Replica, records[i].Shard))
	}
	for _, d := range damaged {
		own = append(own, d.uri)
	}
	if err := removeEach(ctx, own); err != nil {
		return err
	}
	var last []string
	for _, name := range []string{ClassesFile, FailuresFile, InputsFile, ReportFile, RunFile, PlannedFile, ConfigFile} {
		last = append(last, Meta(out, split, name))
	}
	for _, name := range []string{ManifestFile, ConfigFile, FailuresFile} {
		last = append(last, Meta(out, split, name+AsideSuffix))
	}
	if err := removeEach(ctx, last); err != nil {
		return err
	}
	removeEmpty(out, slices.Concat(r.uris, own, last))
	return nil
}

// A removal gathers what is to go.
type removal struct {
	out, split string
	manifest   *Manifest // of the split, or as much of one as config.json allows
	rest       []*Manifest
	begun      map[int]bool // replicas, −1: the one without a number in its names
	uris       []string
}

// note takes note of replicas that the split has, or was to have.
func (r *removal) note(replicas []Replica) {
	for _, replica := range replicas {
		if replica.Numbered {
			r.begun[replica.Replica] = true
		} else {
			r.begun[-1] = true
		}
	}
}

// noteBegun takes note of the replicas of inputs.json, which is there before the first shard.
func (r *removal) noteBegun(ctx context.Context) error {
	inputs, err := LoadInputs(ctx, r.out, r.split)
	if err != nil && !isNotExist(err) && !Damaged(err) {
		return fmt.Errorf("dataset: %w", err)
	}
	for _, replica := range inputs.Replicas {
		r.begun[replica] = true
	}
	return nil
}

// addAside adds the plans that were put aside.
func (r *removal) addAside(ctx context.Context) error {
	objects, err := blob.List(ctx, Meta(r.out, r.split, PlanDir))
	if err != nil && !isNotExist(err) {
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

// listShards adds the shards that the manifest lists, and those of the replicas that were begun
// that are there without a record, with their indexes and plans.
func (r *removal) listShards(ctx context.Context, records []ShardRecord, damaged []damagedRecord) error {
	format, err := formats.ByName(r.manifest.Shape.Format)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	spec := r.manifest.Shape.Spec(nil)
	recorded, _ := GroupReplicas(format, spec, records)
	r.note(recorded)
	r.note(r.manifest.Replicas)
	if len(r.manifest.Replicas) == 0 {
		r.manifest.Replicas = recorded
	}
	lost := map[string]bool{} // the records that cannot be read
	for _, d := range damaged {
		lost[blob.Base(d.uri)] = true
	}
	for _, replica := range r.manifest.Replicas {
		for _, s := range replica.Shards {
			r.add(s.Name)
		}
	}
	for _, dir := range []string{Folder(format.ShardPath(spec, 0)), Folder(format.IndexPath(spec, 0))} {
		objects, err := blob.List(ctx, blob.Join(r.out, dir))
		if err != nil && !isNotExist(err) {
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

// mention adds a replica that only names of files tell of, so that its side files are known.
func (r *removal) mention(replica int, shard string) {
	numbered := replica >= 0
	known := slices.ContainsFunc(r.manifest.Replicas, func(o Replica) bool {
		return o.Numbered == numbered && (o.Replica == replica || !numbered)
	})
	if !known {
		r.manifest.Replicas = append(r.manifest.Replicas, Replica{Replica: max(replica, 0), Numbered: numbered, Shards: []Shard{{Name: shard}}})
	}
}

// shared removes the manifest, rebuilds the side files that the other splits still want, and adds
// the others to what is to go.
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
	if err != nil && !isNotExist(err) { // a lost classes.txt must not stop the removal
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
	if err := blob.Remove(ctx, uri); err != nil && !isNotExist(err) {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}

// removeEmpty removes the local folders below out that held the files, if nothing is left in
// them, deepest first. Stores have no folders, and an empty one that cannot be removed does no
// harm.
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
		os.Remove(d) // fails where it holds something else, which is right
	}
}
