package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/derive"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// chooseDeep picks the records that are made again, and finds their sources.
func (v *verifier) chooseDeep(ctx context.Context) error {
	if v.options.Deep <= 0 || len(v.records) == 0 || v.params == nil {
		return nil // without a recipe nothing can be made again, and the report says so
	}
	var total int64
	for i := range v.records {
		total += v.records[i].Samples
	}
	v.deep = map[int]map[int64]bool{}
	i, first := 0, int64(0)
	for _, pick := range evenly(v.options.Deep, total) {
		for pick >= first+v.records[i].Samples {
			first += v.records[i].Samples
			i++
		}
		if v.deep[i] == nil {
			v.deep[i] = map[int64]bool{}
		}
		v.deep[i][pick-first] = true
	}
	inputs := v.options.In
	if len(inputs) == 0 {
		var err error
		if inputs, err = derive.LoadInputs(ctx, v.out, v.name); err != nil {
			return err
		}
	}
	_, options, err := v.options.Params(v.config.Recipe)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	options = derive.Understand(ctx, v.out, v.name, options)
	if v.sources, err = derive.Locate(ctx, inputs, options, v.params.Decode.MaxBytes); err != nil {
		return fmt.Errorf("verify: the sources of %s: %w; give their place with --in", v.name, err)
	}
	return nil
}

// canonical checks that a JSON file is as premix writes it. raw are the parts of it that the value holds
// undecoded.
func canonical(ctx context.Context, found *defects, out, file string, value any, raw ...json.RawMessage) error {
	have, err := blob.ReadAll(ctx, blob.Join(out, file), blob.MaxMeta)
	switch {
	case err != nil && dataset.Environment(err):
		return fmt.Errorf("verify: %w", err)
	case err != nil:
		return nil // said before
	}
	if err := dataset.Canonical(have, value, raw...); err != nil {
		found.add(file, "", "%s", oneLine(err))
	}
	return nil
}

// checkSideFiles compares the files that all finished splits share with what their manifests give.
func (v *verifier) checkSideFiles(ctx context.Context) error {
	if v.manifest == nil || v.nameless {
		return nil
	}
	finished, damaged, err := dataset.Finished(ctx, v.out)
	if err != nil && dataset.Environment(err) {
		return err
	}
	if err != nil {
		damaged = append(damaged, err) // of a newer premix
	}
	if len(damaged) > 0 { // what these files should be is not known
		for _, err := range damaged {
			v.found.add(dataset.MetaDir, "", "%s", oneLine(err))
		}
		return nil
	}
	files, err := dataset.SideFiles(ctx, v.out, v.format, finished, map[string][]string{v.name: v.classes})
	if err != nil {
		v.found.add(v.meta(dataset.ManifestFile), "", "%s", oneLine(err))
		return nil
	}
	for _, f := range files {
		have, ok, err := present(ctx, &v.found, v.out, f.Path, "; premix reindex writes it")
		if err != nil {
			return err
		}
		if ok && f.Path == dataset.ReadmeFile && dataset.EarlierReadme(v.format, finished, have) {
			continue
		}
		if want := f.Data(); ok && !bytes.Equal(have, want) {
			line := 1 + bytes.Count(have[:firstDifference(have, want)], []byte{'\n'})
			v.found.add(f.Path, "", "line %d is not what the manifests give; premix reindex writes it", line)
		}
	}
	return nil
}

// checkStray looks for files that a reader's pattern would take for shards or indexes of the
// output, and for leftovers in premix's own folders.
func (v *verifier) checkStray(ctx context.Context) error {
	known := map[string]bool{}
	for i := range v.records {
		r := &v.records[i]
		known[r.Path], known[r.IndexPath], known[r.PlanPath] = true, true, true
	}
	if v.manifest != nil {
		for _, r := range v.manifest.Replicas {
			for i, s := range r.Shards {
				known[s.Name] = true
				if v.damaged[dataset.RecordName(r.Replica, int64(i))] != nil {
					known[dataset.PlanPath(v.name, s.Name)] = true
				}
			}
		}
	}
	spec := v.config.Shape.Spec(v.classes)
	dirs, err := dataset.ShardFolders(ctx, v.out, v.format, spec)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	dirs = append(dirs, v.meta(dataset.PlanDir))
	if planned, err := dataset.LoadPlanned(ctx, v.out, v.name); err == nil {
		for _, r := range planned.Replicas {
			for _, s := range r.Shards {
				if s.SHA256 == "" { // planned, and perhaps not made yet
					known[dataset.PlanPath(v.name, s.Name)] = true
				}
			}
		}
	}
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		objects, err := blob.List(ctx, blob.Join(v.out, dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("verify: %w", err)
		}
		for _, o := range objects {
			p := path.Join(dir, blob.Base(o.URI))
			if o.Dir || known[p] {
				continue
			}
			if i, replica, ok := dataset.Named(v.format, spec, p); ok && v.damaged[dataset.RecordName(max(replica, 0), i)] != nil {
				continue // it may be the one that the record was of
			}
			if why := stray(v.format, spec, dir == v.meta(dataset.PlanDir), p); why != "" {
				v.found.add(p, "", "%s", why)
			}
		}
	}
	return nil
}

var numbered = regexp.MustCompile(`^r?[0-9]`)

// stray says why a file that nothing lists must not be there; empty if it does no harm.
func stray(format shard.Format, spec shard.Spec, plans bool, p string) string {
	if strings.HasSuffix(p, dataset.AsideSuffix) && plans {
		return ""
	}
	if plans {
		return "plan of no shard"
	}
	if i, replica, ok := dataset.Named(format, spec, p); ok {
		if replica < 0 {
			return fmt.Sprintf("has the name of shard %d, but no record: left by an interrupted run?", i)
		}
		return fmt.Sprintf("has the name of shard %d of replica %d, but no record: left by an interrupted run?", i, replica)
	}
	name := path.Base(p)
	glob := ""
	switch format.Name() {
	case "webdataset":
		if strings.HasPrefix(name, spec.Name+"-"+spec.Split+"-") && path.Ext(name) == ".tar" {
			glob = spec.Name + "-" + spec.Split + "-*.tar"
		}
	case "tfrecord":
		if rest, ok := strings.CutPrefix(name, spec.Split+"-"); ok && path.Ext(name) != ".idx" && numbered.MatchString(rest) {
			glob = spec.Split + "-*"
		}
	case "tfds":
		if strings.Contains(name, "-"+spec.Split+".tfrecord") || strings.Contains(name, "-"+spec.Split+"_r") {
			glob = "*-" + spec.Split + ".tfrecord*"
		}
	case "array_record":
		if strings.Contains(name, "-"+spec.Split+".array_record") || strings.Contains(name, "-"+spec.Split+"_r") {
			glob = "*-" + spec.Split + ".array_record*"
		}
	case "parquet":
		if strings.HasPrefix(name, spec.Split+"-") && path.Ext(name) == ".parquet" {
			glob = spec.Split + "-*.parquet"
		}
	}
	if glob != "" {
		return fmt.Sprintf("is not a shard of the split, but readers that take %s will read it", glob)
	}
	return ""
}
