package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// Remove removes one split from an output: the files that its manifest and its shard records list,
// shards of an interrupted run that have no record, and the files that describe the split. Other files
// stay. A split that does not exist is not an error.
//
// A shard without a record is removed if its replica was begun: if the manifest, a record, plan.json
// or inputs.json has it. A file with the name of a shard of another replica belongs to someone else. A
// damaged manifest, config.json or record lists nothing, and is removed; so is a record of a shard that
// the format of the split does not have. Nothing is removed if a file lies behind a symbolic link below
// the output: the error is a *[blob.LinkError].
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
	records, last := r.described()
	for _, uris := range [][]string{r.uris, records, last} {
		if err := removeEach(ctx, out, uris); err != nil {
			return err
		}
	}
	removeEmpty(ctx, out, slices.Concat(r.uris, records, last))
	return nil
}

// CheckRemove returns the error with which [Remove] would refuse to remove a split of a local output.
func CheckRemove(ctx context.Context, out, split string) error {
	if !blob.IsLocal(out) {
		return nil // without links
	}
	r, err := loadRemoval(ctx, out, split)
	if err != nil {
		return err
	}
	if err := r.list(ctx); err != nil {
		return err
	}
	_, _, err = r.sides(ctx)
	return err
}

// described are the files that describe the split, in the order of their removal.
func (r *removal) described() (records, last []string) {
	for i := range r.records {
		records = append(records, recordURI(r.out, r.split, r.records[i].Replica, r.records[i].Shard))
	}
	for _, d := range r.damaged {
		records = append(records, d.uri)
	}
	for _, name := range []string{
		ClassesFile, FailuresFile, InputsFile, ReportFile, RunFile, PlannedFile, ConfigFile,
		ManifestFile + AsideSuffix, ConfigFile + AsideSuffix, FailuresFile + AsideSuffix, InputsFile + AsideSuffix, RunFile + AsideSuffix,
	} {
		last = append(last, Meta(r.out, r.split, name))
	}
	return records, last
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
		if !r.shaped(&r.records[i]) {
			continue
		}
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

// shaped reports whether a record is of a shard of the split, as far as its format is known.
func (r *removal) shaped(rec *ShardRecord) bool {
	if r.manifest == nil {
		return true
	}
	format, err := formats.ByName(r.manifest.Shape.Format)
	return err == nil && rec.shaped(format, &r.manifest.Shape)
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
			if _, _, ok := Named(format, spec, s.Name); ok { // a manifest is data, too
				r.add(s.Name)
			}
		}
	}
	folders, err := ShardFolders(ctx, r.out, format, spec)
	if err != nil {
		return err
	}
	for _, dir := range folders {
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

// sides returns the format of the split and the side files that it has, and refuses to go on if a file to
// be removed lies behind a link. The format is nil if it is unknown.
func (r *removal) sides(ctx context.Context) (format shard.Format, sides []shard.File, err error) {
	if r.manifest != nil {
		if format, err = formats.ByName(r.manifest.Shape.Format); err != nil {
			return nil, nil, fmt.Errorf("dataset: %w", err)
		}
		all := append(slices.Clone(r.rest), r.manifest)
		sides, err = SideFiles(ctx, r.out, format, all, nil)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a lost classes.txt must not stop the removal
			return nil, nil, err
		}
	}
	records, last := r.described()
	uris := slices.Concat([]string{Meta(r.out, r.split, ManifestFile)}, r.uris, records, last)
	for _, f := range sides {
		uris = append(uris, blob.Join(r.out, f.Path))
	}
	return format, sides, checkRemovable(r.out, uris)
}

// checkRemovable refuses a removal before it begins if one of the files lies behind a link.
func checkRemovable(out string, uris []string) error {
	var first *blob.LinkError
	for _, uri := range uris {
		err := blob.CheckRemovable(out, uri)
		link := (*blob.LinkError)(nil)
		switch {
		case errors.As(err, &link) && first == nil:
			first = link
		case errors.As(err, &link):
			first.More++
		case err != nil:
			return fmt.Errorf("dataset: %w", err)
		}
	}
	if first != nil {
		return first
	}
	return nil
}

// shared removes the manifest, rebuilds the side files that the other splits still need, and adds
// those that only this split needed.
func (r *removal) shared(ctx context.Context) error {
	format, before, err := r.sides(ctx)
	if err != nil {
		return err
	}
	if err := remove(ctx, r.out, Meta(r.out, r.split, ManifestFile)); err != nil || format == nil {
		return err
	}
	after, err := SideFiles(ctx, r.out, format, r.rest, nil)
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for _, f := range after {
		keep[f.Path] = true
	}
	if err := writeFiles(ctx, r.out, after, func(string) {}); err != nil {
		return err
	}
	for _, f := range before {
		if !keep[f.Path] {
			r.add(f.Path)
		}
	}
	return nil
}

func removeEach(ctx context.Context, out string, uris []string) error {
	uris = slices.Clone(uris)
	slices.Sort(uris)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for _, uri := range slices.Compact(uris) {
		g.Go(func() error { return remove(ctx, out, uri) })
	}
	return g.Wait()
}

// remove removes a file of an output, but none behind a link. A file that does not exist is no error.
func remove(ctx context.Context, out, uri string) error {
	if err := blob.RemoveBelow(ctx, out, uri); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}

// removeEmpty removes the local folders of the files below out, if nothing is left in them, deepest
// first. Stores have no folders. An empty folder that cannot be removed does no harm.
func removeEmpty(ctx context.Context, out string, files []string) {
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
		for d := blob.Dir(f); strings.HasPrefix(d, root+"/"); d = blob.Dir(d) {
			dirs[d] = true
		}
	}
	var sorted []string
	for d := range dirs {
		sorted = append(sorted, d)
	}
	slices.SortFunc(sorted, func(a, b string) int { return len(b) - len(a) })
	for _, d := range sorted {
		if link, err := blob.LinkBelow(root, d); err == nil && link == "" {
			blob.RemoveEmpty(ctx, d)
		}
	}
}
