package reindex

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// A shardSet is the shards of a split, found by their names.
type shardSet struct {
	format shard.Format
	spec   shard.Spec // Name, Split and Shards; the rest comes from config.json or the shards
	shards []place    // by replica and number
}

// A place is what the name of a shard says.
type place struct {
	path    string
	replica int // −1: names without one
	index   int64
}

// A pattern is the form of a format's shard names, without folders.
type pattern struct {
	format string
	name   *regexp.Regexp // with the groups name, split, replica, shard, of
}

var patterns = []pattern{
	{"webdataset", regexp.MustCompile(`^(?P<name>[a-z0-9_]+)-(?P<split>[a-z0-9_]+)(?:-r(?P<replica>\d{3,9}))?-(?P<shard>\d{6,9})\.tar$`)},
	{"tfrecord", regexp.MustCompile(`^(?P<split>[a-z0-9_]+)(?:-r(?P<replica>\d{3,9}))?-(?P<shard>\d{5,9})-of-(?P<of>\d{5,9})$`)},
	{"tfds", regexp.MustCompile(`^(?P<name>[a-z0-9_]+)-(?P<split>[a-z0-9_]+?)(?:_r(?P<replica>\d{3,9}))?\.tfrecord-(?P<shard>\d{5,9})-of-(?P<of>\d{5,9})$`)},
	{"array_record", regexp.MustCompile(`^(?P<name>[a-z0-9_]+)-(?P<split>[a-z0-9_]+?)(?:_r(?P<replica>\d{3,9}))?\.array_record-(?P<shard>\d{5,9})-of-(?P<of>\d{5,9})$`)},
	{"mds", regexp.MustCompile(`^(?P<split>[a-z0-9_]+)(?:-r(?P<replica>\d{3,9}))?-(?P<shard>\d{5,9})-of-(?P<of>\d{5,9})\.mds$`)},
	{"parquet", regexp.MustCompile(`^(?P<split>[a-z0-9_]+?)(?:_r(?P<replica>\d{3,9}))?-(?P<shard>\d{5,9})-of-(?P<of>\d{5,9})\.parquet$`)},
}

// discover finds the shards of an output by their names, and groups them by split.
func discover(ctx context.Context, out string) ([]shardSet, error) {
	files, err := candidates(ctx, out)
	if err != nil {
		return nil, err
	}
	var sets []shardSet
	for _, p := range patterns {
		format, err := formats.ByName(p.format)
		if err != nil {
			continue
		}
		for _, file := range files {
			spec, at, ok := p.parse(file)
			if !ok {
				continue
			}
			i := slices.IndexFunc(sets, func(s shardSet) bool {
				return s.format.Name() == p.format && s.spec.Name == spec.Name && s.spec.Split == spec.Split && (p.format == "webdataset" || s.spec.Shards == spec.Shards)
			})
			if i < 0 {
				i = len(sets)
				sets = append(sets, shardSet{format: format, spec: spec})
			}
			sets[i].shards = append(sets[i].shards, at)
			sets[i].spec.Shards = max(sets[i].spec.Shards, spec.Shards)
		}
	}
	sets = slices.DeleteFunc(sets, func(s shardSet) bool { // names that only look like those of shards
		return slices.ContainsFunc(s.shards, func(p place) bool {
			spec := s.spec
			spec.Replica = p.replica
			return s.format.ShardPath(spec, p.index) != p.path
		})
	})
	for _, s := range sets {
		slices.SortFunc(s.shards, func(a, b place) int {
			return cmp.Or(cmp.Compare(a.replica, b.replica), cmp.Compare(a.index, b.index))
		})
	}
	slices.SortFunc(sets, func(a, b shardSet) int { return strings.Compare(a.spec.Split, b.spec.Split) })
	return sets, nil
}

// parse takes a name apart. If the name has no number of shards, Shards is the number of the shard
// plus one.
func (p *pattern) parse(file string) (spec shard.Spec, at place, ok bool) {
	m := p.name.FindStringSubmatch(path.Base(file))
	if m == nil {
		return spec, at, false
	}
	group := func(name string) string {
		if i := p.name.SubexpIndex(name); i >= 0 {
			return m[i]
		}
		return ""
	}
	at = place{path: file, replica: -1}
	spec = shard.Spec{Name: group("name"), Split: group("split"), Replica: -1}
	if spec.Name == "" {
		spec.Name = "premix" // the default: these names do not contain it
	}
	if r := group("replica"); r != "" {
		at.replica, _ = strconv.Atoi(r) // at most nine digits
	}
	at.index, _ = strconv.ParseInt(group("shard"), 10, 64)
	spec.Shards = at.index + 1
	if of := group("of"); of != "" {
		spec.Shards, _ = strconv.ParseInt(of, 10, 64)
	}
	return spec, at, true
}

var mdsFolder = regexp.MustCompile(`^[a-z0-9_]+(-r\d{3,9})?$`)

// candidates lists the files of the folders that can have shards: the output itself, data,
// NAME/1.0.0, and SPLIT[-rNNN] of mds.
func candidates(ctx context.Context, out string) ([]string, error) {
	var files []string
	list := func(dir string) (dirs []string, err error) {
		objects, err := blob.List(ctx, blob.Join(out, dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reindex: %w", err)
		}
		for _, o := range objects {
			p := path.Join(dir, blob.Base(o.URI))
			if o.Dir {
				dirs = append(dirs, p)
			} else {
				files = append(files, p)
			}
		}
		return dirs, nil
	}
	dirs, err := list("")
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		if dir == dataset.MetaDir || dir == "__index__" {
			continue
		}
		below := path.Join(dir, "1.0.0")
		if dir == "data" {
			below = dir
		}
		inner, err := list(below)
		if err != nil {
			return nil, err
		}
		if len(inner) == 0 && mdsFolder.MatchString(dir) && dir != "data" {
			if _, err := list(dir); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}
