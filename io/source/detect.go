package source

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// The formats that Options.Format may name.
var formats = []string{"auto", "imagefolder", "webdataset", "tfrecord", "tfds", "ilsvrc", "parquet"}

func checkFormat(f string) error {
	if f != "" && !slices.Contains(formats, f) {
		return usagef("--in-format %s: unknown; use one of %s", f, strings.Join(formats, ", "))
	}
	return nil
}

// discover finds the containers of one input. A record set that it returns waits for the class lists
// of the others.
func discover(ctx context.Context, in Input, o Options) (*Catalog, *recordSet, error) {
	if n, ok := strings.CutPrefix(in.URI, synthScheme); ok {
		count, err := strconv.ParseInt(n, 10, 64)
		if err != nil || count < 1 || count > maxSynth {
			return nil, nil, usagef("--in %s: N in synth:N is a number of images from 1 to %d", in.URI, int64(maxSynth))
		}
		return drawn{}.discover(root{in: in}, count), nil, nil
	}
	r, err := resolve(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	cat := &Catalog{}
	if r, err = enterSplit(ctx, r, o, cat); err != nil {
		return nil, nil, err
	}
	format := o.Format
	if format == "" || format == "auto" {
		if format, err = detect(ctx, r); err != nil {
			return nil, nil, err
		}
	}
	cat.Layout = format
	var set *recordSet
	switch format {
	case "webdataset":
		err = discoverTars(ctx, r, o, cat)
	case "ilsvrc":
		err = discoverILSVRC(ctx, r, o, cat)
	case "tfrecord":
		set, err = discoverRecords(ctx, r, o, cat)
	case "tfds":
		err = discoverTFDS(ctx, r, o, cat)
	case "parquet":
		err = discoverParquet(ctx, r, o, cat)
	default:
		err = discoverFolders(ctx, r, cat)
	}
	if err != nil {
		return nil, nil, err
	}
	return cat, set, nil
}

// enterSplit goes into the folder of the wanted split if the root has no other folders than
// splits: train/, val/ and the like.
func enterSplit(ctx context.Context, r root, o Options, cat *Catalog) (root, error) {
	if r.picked {
		return r, nil
	}
	var splits []blob.Object
	for _, e := range r.objects {
		switch {
		case !e.Dir || junkName(blob.Base(e.URI)):
		case isSplitName(blob.Base(e.URI)):
			splits = append(splits, e)
		default:
			return r, nil
		}
	}
	if f, _ := detectFiles(r); len(splits) == 0 || f == "ilsvrc" || f == "tfds" {
		return r, nil
	}
	var found []blob.Object
	for _, e := range splits {
		if canonicalSplit(blob.Base(e.URI)) == o.split() {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		names := make([]string, len(splits))
		for i, e := range splits {
			names[i] = blob.Base(e.URI)
		}
		return r, usagef("--in %s holds the splits %s: --split %s takes one of them", r.in.URI, strings.Join(names, ", "), o.split())
	}
	for _, e := range r.objects {
		if !e.Dir || junkName(blob.Base(e.URI)) {
			cat.ignore(r.name(r.rel(e)))
		}
	}
	return r.into(ctx, found[0].URI)
}

// detect tells the format of a root by the names in it.
func detect(ctx context.Context, r root) (string, error) {
	dirs := map[string]bool{}
	first := ""
	for _, e := range r.objects {
		if base := blob.Base(e.URI); e.Dir && !junkName(base) {
			dirs[base] = true
			if first == "" {
				first = e.URI
			}
		}
	}
	f, n := detectFiles(r)
	if f != "" && (f == "ilsvrc" || f == "tfds" || n >= len(dirs)) {
		return f, nil
	}
	if f != "" { // the archive of a data set may lie beside its class folders
		list, err := blob.List(ctx, first)
		if err != nil {
			return "", fmt.Errorf("source: %w", err)
		}
		for _, e := range list {
			if !e.Dir && imageName(e.URI) {
				return "imagefolder", nil
			}
		}
		return f, nil
	}
	if dirs["ILSVRC"] || dirs["CLS-LOC"] || dirs["Data"] && (dirs["Annotations"] || dirs["ImageSets"]) {
		return "ilsvrc", nil // Kaggle's tree, from one of its upper folders
	}
	if allVersions(dirs) {
		return "tfds", nil
	}
	if sets, err := tfdsSets(ctx, r); err != nil || len(sets) > 0 {
		return "tfds", err
	}
	if dirs["data"] { // where Hugging Face keeps the shards
		inner, err := r.into(ctx, blob.Join(r.uri, "data"))
		if err != nil {
			return "", err
		}
		if f, _ := detectFiles(inner); f != "" && f != "tfds" && f != "ilsvrc" {
			return f, nil
		}
	}
	return "imagefolder", nil
}

// detectFiles tells the format by the files in a root, and how many there are of it; it is empty
// if they speak for none.
func detectFiles(r root) (format string, n int) {
	count := map[string]int{}
	for _, e := range r.objects {
		base := blob.Base(e.URI)
		if e.Dir || junkName(base) {
			continue
		}
		switch {
		case base == "features.json" || base == "dataset_info.json":
			return "tfds", 1
		case strings.HasPrefix(base, "ILSVRC2012_devkit"), strings.HasPrefix(base, "ILSVRC2012_bbox"):
			// beside the images, never the images
		case ilsvrcName(base):
			count["ilsvrc"]++
		case tarName(base):
			count["webdataset"]++
		case parquetName(base):
			count["parquet"]++
		case recordFileName(base):
			count["tfrecord"]++
		}
	}
	best := ""
	for _, f := range formats {
		if count[f] > count[best] {
			best = f
		}
	}
	if count["ilsvrc"] > 0 && best == "webdataset" {
		best = "ilsvrc"
	}
	return best, count[best]
}

// tarName reports whether a file is a tar, compressed or not, by its name.
func tarName(base string) bool {
	base = strings.ToLower(base)
	for _, ext := range []string{".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst"} {
		if strings.HasSuffix(base, ext) && len(base) > len(ext) {
			return true
		}
	}
	return false
}

// loose turns files beside containers into failures, if they are images, or counts them as
// ignored. Files that do not claim to be images by name are asked for their first bytes.
func loose(ctx context.Context, r root, files []blob.Object, cat *Catalog) error {
	for _, f := range files {
		name := r.name(r.rel(f))
		image := imageName(name)
		if !image && f.Special == "" && f.Size > 0 {
			var err error
			if image, err = sniffObject(ctx, f); err != nil {
				return err
			}
		}
		if !image {
			cat.ignore(escape(name))
			continue
		}
		cat.Failures = append(cat.Failures, premix.Failure{
			Name: escape(name), Stage: premix.StageLabel, Kind: premix.NoLabel,
			Reason: "an image outside of any class folder has no label",
		})
	}
	return nil
}
