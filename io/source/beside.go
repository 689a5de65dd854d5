package source

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
)

// A pile is files of one kind that are not used.
type pile struct {
	n       int
	example string // the first by name
}

// unusedData counts a file that looks like data and is not used.
func (d *discovery) unusedData(kind, name string) {
	if d.piles == nil {
		d.piles = map[string]pile{}
	}
	p := d.piles[kind]
	if p.n++; p.n == 1 || name < p.example {
		p.example = name
	}
	d.piles[kind] = p
}

// tellUnused warns of data that are not used, a line a kind.
func (d *discovery) tellUnused() {
	for _, kind := range slices.Sorted(maps.Keys(d.piles)) {
		p := d.piles[kind]
		one, more, _ := strings.Cut(kind, "|")
		if p.n == 1 {
			d.Warnings = append(d.Warnings, fmt.Sprintf("not used: 1 %s, %s", one, p.example))
		} else {
			d.Warnings = append(d.Warnings, fmt.Sprintf("not used: %d %s, such as %s", p.n, more, p.example))
		}
	}
}

// dataEndings are endings of files that hold data, in a form that is not read where it is; one and several of
// them.
var dataEndings = []struct{ ending, kind string }{
	{".xz", "xz file|xz files"}, {".bz2", "bzip2 file|bzip2 files"}, {".lz4", "lz4 file|lz4 files"},
	{".zip", "zip archive|zip archives"}, {".7z", "7z archive|7z archives"}, {".rar", "rar archive|rar archives"},
	{".arrow", "Arrow file|Arrow files"}, {".mdb", "LMDB database|LMDB databases"}, {".lmdb", "LMDB database|LMDB databases"},
	{".h5", "HDF5 file|HDF5 files"}, {".hdf5", "HDF5 file|HDF5 files"}, {".npz", "NumPy archive|NumPy archives"},
	{".pkl", "Python pickle|Python pickles"}, {".pickle", "Python pickle|Python pickles"},
	{".array_record", "ArrayRecord file|ArrayRecord files"}, {".arrayrecord", "ArrayRecord file|ArrayRecord files"},
	{".beton", "file of FFCV|files of FFCV"}, {".rec", "RecordIO file|RecordIO files"},
	{".mds", "MDS shard|MDS shards"},
}

// dataKind says what a file holds that looks like data by its name; empty for any other.
func dataKind(base string) string {
	switch {
	case tarName(base):
		return "tar|tars"
	case recordFileName(base):
		return "TFRecord file|TFRecord files"
	case parquetName(base):
		return "Parquet file|Parquet files"
	}
	if u := unreadTar(base); u != nil {
		return fmt.Sprintf("tar compressed with %s|tars compressed with %[1]s", u.name)
	}
	lower := strings.ToLower(base)
	for _, e := range dataEndings {
		if strings.HasSuffix(lower, e.ending) && len(lower) > len(e.ending) {
			return e.kind
		}
	}
	return ""
}

// shardStem is the path of a shard up to the first dot of its name: img2dataset keeps what it knows of
// 00000.tar in 00000.parquet.
func shardStem(p string) string {
	dir, base := path.Split(p)
	base, _, _ = strings.Cut(base, ".")
	return dir + base
}

// lookBeside counts data among the files beside shards. The Parquet files of img2dataset belong to shards.
func (d *discovery) lookBeside(r root, shards, side []blob.Object) {
	stems := map[string]bool{}
	for _, s := range shards {
		stems[shardStem(r.rel(s))] = true
	}
	for _, f := range side {
		rel := r.rel(f)
		if kind := dataKind(blob.Base(f.URI)); kind != "" && !(parquetName(rel) && stems[shardStem(rel)]) {
			d.unusedData(kind, escape(r.name(rel)))
		}
	}
}

// otherSplits names shards that are not used since their names speak of another split, or of none.
func (d *discovery) otherSplits(r root, o Options, shards []blob.Object) {
	others := map[string]int{}
	for _, s := range shards {
		switch split := splitOf(blob.Base(s.URI)); split {
		case o.split():
		case "":
			kind := "shard whose name does not say that it is of the split " + o.split()
			d.unusedData(kind+"|shards whose names do not say that they are of the split "+o.split(), escape(r.name(r.rel(s))))
		default:
			others[split]++
		}
	}
	for _, split := range slices.Sorted(maps.Keys(others)) {
		files := printable.Count(int64(others[split]), "shard")
		d.Notes = append(d.Notes, fmt.Sprintf("not used: %s of the split %s; use --split %s for it", files, split, split))
	}
}

// dangling makes a failure of a shard that is no file: a link to nothing, a pipe. It stands for as many images
// as other shards have.
func (d *discovery) dangling(r root, f blob.Object) {
	d.Failures = append(d.Failures, premix.Failure{
		Name: escape(r.name(r.rel(f))), Stage: premix.StageScan, Kind: premix.Unsupported, Weight: premix.AsSiblings,
		Reason: "the shard is no file but a " + f.Special + ": get the file again, or repair the link",
	})
}
