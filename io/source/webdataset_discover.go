package source

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix/io/blob"
)

// byIndex is what a count of an index is said to come from.
const byIndex = "its index"

// shardsOf lists the files of a root that are shards by their name, those in folders included,
// and takes the wanted split where names contain several. Everything else is a side file.
func shardsOf(ctx context.Context, r root, o Options, d *discovery, isShard func(base string) bool) ([]blob.Object, error) {
	dirs, files := r.split(d)
	for _, dir := range dirs {
		for f, err := range blob.Walk(ctx, dir.URI) {
			if err != nil {
				return nil, fmt.Errorf("source: %w", err)
			}
			if junkPath(r.rel(f)) {
				d.ignore(escape(r.name(r.rel(f))))
			} else {
				files = append(files, f)
			}
		}
	}
	var shards, side, broken []blob.Object
	splits := map[string]bool{}
	for _, f := range files {
		switch is := isShard(blob.Base(f.URI)) || r.picked; {
		case is && f.Special == "":
			shards = append(shards, f)
			splits[splitOf(blob.Base(f.URI))] = true
		case is:
			broken = append(broken, f)
		default:
			side = append(side, f)
		}
	}
	if err := loose(ctx, r, side, d); err != nil {
		return nil, err
	}
	d.lookBeside(r, shards, side)
	for _, f := range broken {
		if split := splitOf(blob.Base(f.URI)); r.picked || len(splits) < 2 || split == o.split() {
			d.dangling(r, f)
		}
	}
	if len(shards) == 0 && len(broken) > 0 {
		return nil, usagef("--in %s: none of its shards is a file; %s is a %s: repair the links, or give the folder with the files", r.in.URI, r.rel(broken[0]), broken[0].Special)
	}
	if len(shards) == 0 {
		return nil, usagef("--in %s holds no shards of the format %s", r.in.URI, d.Layout)
	}
	if r.picked {
		return shards, nil
	}
	d.configurations(r, shards)
	if len(splits) < 2 {
		d.promised(r, o, shards)
		return shards, nil
	}
	wanted := slices.DeleteFunc(slices.Clone(shards), func(f blob.Object) bool {
		return splitOf(blob.Base(f.URI)) != o.split()
	})
	if len(wanted) == 0 {
		return nil, usagef("--in %s: no name of a shard contains the split %s: choose another --split, or name the shards with a pattern", r.in.URI, o.split())
	}
	d.otherSplits(r, o, shards)
	d.promised(r, o, wanted)
	return wanted, nil
}

// A length is how many samples a list says that a shard has, and the name of the list.
type length struct {
	samples int64
	by      string
}

// readJSON reads a small json file; found is false if it does not exist.
func readJSON(ctx context.Context, uri string, v any) (found bool, err error) {
	data, err := blob.ReadAll(ctx, uri, maxListBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return true, usagef("%s cannot be read as JSON: %v; repair or remove it", uri, err)
	}
	return true, nil
}

// timmSplit narrows shards down to the wanted split of timm's _info.json, if the root has one, and
// returns the lengths that it states, by URI.
func timmSplit(ctx context.Context, r root, o Options, shards []blob.Object, d *discovery) ([]blob.Object, map[string]length, error) {
	lengths := map[string]length{}
	if r.picked {
		return shards, lengths, nil
	}
	var info struct {
		Splits map[string]struct {
			Filenames    []string `json:"filenames"`
			ShardLengths []int64  `json:"shard_lengths"`
		} `json:"splits"`
	}
	by := ""
	for _, name := range []string{"_info.json", "info.json"} {
		by = name
		found, err := readJSON(ctx, blob.Join(r.uri, name), &info)
		if err != nil {
			return nil, nil, err
		}
		if found {
			break
		}
	}
	if len(info.Splits) == 0 {
		return shards, lengths, nil
	}
	names := slices.Sorted(maps.Keys(info.Splits))
	chosen := o.splitOf(names)
	if chosen == "" {
		return nil, nil, usagef("--in %s: its _info.json has the splits %s: --split %s takes one of them", r.in.URI, strings.Join(names, ", "), o.split())
	}
	byName := map[string]blob.Object{}
	for _, s := range shards {
		byName[r.rel(s)] = s
	}
	split := info.Splits[chosen]
	var list []blob.Object
	var missing []string
	for i, name := range split.Filenames {
		s, ok := byName[path.Clean(name)]
		if !ok {
			missing = append(missing, name)
			continue
		}
		list = append(list, s)
		if len(split.ShardLengths) == len(split.Filenames) {
			lengths[s.URI] = length{split.ShardLengths[i], by}
		}
	}
	d.missing(o, missing, len(missing), len(split.Filenames), by)
	for _, other := range info.Splits {
		for _, name := range other.Filenames {
			delete(byName, path.Clean(name))
		}
	}
	if unlisted := slices.Sorted(maps.Keys(byName)); len(unlisted) > 0 {
		gone := ""
		if len(missing) > 0 {
			gone = fmt.Sprintf(", and %d that it lists are not there (%s)", len(missing), FirstNames(missing))
		}
		return nil, nil, usagef("--in %s: its %s does not list %d of the shards, %s among them%s: correct it, or name the shards with a pattern", r.in.URI, by, len(unlisted), unlisted[0], gone)
	}
	return list, lengths, nil
}

// widsLengths adds what wids' lists say of the lengths of shards. Its json is a help, not a
// part of the data: what is odd in it is passed over.
func widsLengths(ctx context.Context, r root, lengths map[string]length) error {
	files, err := filesBeside(ctx, r)
	if err != nil {
		return err
	}
	for _, f := range files {
		base := blob.Base(f.URI)
		if !strings.HasPrefix(base, "wids") || !strings.HasSuffix(base, ".json") {
			continue
		}
		var wids struct {
			Shards []struct {
				URL     string `json:"url"`
				Samples int64  `json:"nsamples"`
			} `json:"shardlist"`
		}
		_, err := readJSON(ctx, f.URI, &wids)
		if usage := (*UsageError)(nil); errors.As(err, &usage) {
			continue
		}
		if err != nil {
			return err
		}
		for _, s := range wids.Shards {
			at := blob.Join(blob.Dir(f.URI), path.Clean(s.URL))
			if strings.HasPrefix(s.URL, "../") {
				at = blob.Join(blob.Dir(blob.Dir(f.URI)), path.Clean(strings.TrimPrefix(s.URL, "../")))
			}
			if _, known := lengths[at]; !known && s.Samples > 0 {
				lengths[at] = length{s.Samples, base}
			}
		}
	}
	return nil
}

// filesBeside lists the files that may describe the shards of a root: those in __index__, then its own.
func filesBeside(ctx context.Context, r root) (files []blob.Object, err error) {
	for _, e := range r.objects {
		if !e.Dir {
			files = append(files, e)
		} else if blob.Base(e.URI) == "__index__" {
			inner, err := blob.List(ctx, e.URI)
			if err != nil {
				return nil, err
			}
			files = append(inner, files...)
		}
	}
	return files, nil
}

// indexes finds DALI's index of each shard: its name up to the first dot, or its whole name,
// with .idx after it, beside the shard or in __index__.
func indexes(ctx context.Context, r root, shards []blob.Object) (map[string]string, error) {
	if r.picked {
		return nil, nil
	}
	files, err := filesBeside(ctx, r)
	if err != nil {
		return nil, err
	}
	there := map[string]string{}
	for _, f := range files {
		if base := blob.Base(f.URI); there[base] == "" {
			there[base] = f.URI
		}
	}
	found := map[string]string{}
	for _, s := range shards {
		base := blob.Base(s.URI)
		short, _, _ := strings.Cut(base, ".")
		if uri := cmp.Or(there[short+".idx"], there[base+".idx"]); uri != "" {
			found[s.URI] = uri
		}
	}
	return found, nil
}

// labelOptions are the options of a user that change what a container's labels are.
type labelOptions struct {
	Key         string // --label-key, or empty
	Offset      int    // --label-offset
	OffsetGiven bool
}

func (o Options) labels() labelOptions {
	l := labelOptions{Key: o.LabelKey}
	if o.LabelOffset != nil {
		l.Offset, l.OffsetGiven = *o.LabelOffset, true
	}
	return l
}

func (l labelOptions) identity(h *hasher) {
	h.field("label-key", l.Key)
	if l.OffsetGiven {
		h.field("label-offset", strconv.Itoa(l.Offset))
	}
}

// webdatasetLabels say where the labels of a tar of samples are.
type webdatasetLabels struct {
	Options labelOptions
	Folders bool   // they are the folders of the keys
	Base    string // the folder in the tar below which these are
	Depth   int    // that of Options.ClassDepth
	// Peeked is the input whose folders were understood by the beginning of its first tar. What the
	// tars hold is compared with that when all are read.
	Peeked string
}

// discoverTars makes a container of every WebDataset shard.
func discoverTars(ctx context.Context, r root, o Options, d *discovery) error {
	shards, err := shardsOf(ctx, r, o, d, anyTarName)
	if err != nil {
		return err
	}
	shards, lengths, err := timmSplit(ctx, r, o, shards, d)
	if err != nil {
		return err
	}
	if err := widsLengths(ctx, r, lengths); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	index, err := indexes(ctx, r, shards)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	kinds, err := r.tarCompressions(ctx, shards)
	if err != nil {
		return err
	}
	for i, s := range shards {
		c := r.container(s, layoutTar)
		c.WebDataset.Options = o.labels()
		c.Compression, c.Index = kinds[i], index[s.URI]
		if l, ok := lengths[s.URI]; ok && l.samples >= 0 {
			c.Samples, c.CountedBy = l.samples, l.by
		}
		d.Containers = append(d.Containers, c)
	}
	switch where, err := whereAllLabels(ctx, d.Containers, o); {
	case err != nil:
		return err
	case where == labelsAbove:
		if err := foldersInTars(ctx, o, d); err != nil {
			return err
		}
	case where == labelsNowhere:
		d.Doubts = append(d.Doubts, flatTar(""))
	}
	if d.Classes != nil {
		return nil
	}
	d.Classes, err = classesOrOwn(ctx, r.uri, o.split(), "classes.txt")
	return err
}
