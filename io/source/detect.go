package source

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source/synth"
)

// A format is a value of Options.Format: how an input is recognized, and how its containers are found.
type format struct {
	name     string
	file     func(base string) bool // reports whether a file of this name is one of the format; or nil
	decisive bool                   // such files decide, whatever folders are beside them
	names    bool                   // entries state class names and not indexes
	// tree reports whether the folders of a root, whose names are in dirs, are those of the format.
	tree func(ctx context.Context, r root, dirs map[string]bool) (bool, error)
	// discover finds the containers and the classes.
	discover func(ctx context.Context, r root, o Options, d *discovery) error
}

// formats are in the order of messages. A later one is narrower: the tars of ILSVRC2012 are tars too.
var formats = []format{
	{name: "imagefolder", names: true, discover: discoverFolders},
	{name: "webdataset", file: tarName, discover: discoverTars},
	{name: "tfrecord", file: recordFileName, discover: discoverRecords},
	{name: "tfds", file: tfdsName, tree: tfdsTree, decisive: true, discover: discoverTFDS},
	{name: "ilsvrc", file: ilsvrcName, tree: kaggleTree, decisive: true, names: true, discover: discoverILSVRC},
	{name: "parquet", file: parquetName, discover: discoverParquet},
}

// Formats are the values of Options.Format; the first is auto.
func Formats() []string {
	names := []string{"auto"}
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

func formatOf(name string) format {
	return formats[slices.IndexFunc(formats, func(f format) bool { return f.name == name })]
}

// A discovery is the catalog of one input, and what is decided only with the other inputs.
type discovery struct {
	Catalog
	in      Input
	byName  bool       // its entries state class names
	records *recordSet // waits for the class lists of the others; or nil
}

// discover finds the containers of one input.
func discover(ctx context.Context, in Input, o Options) (*discovery, error) {
	d := &discovery{in: in}
	if n, ok := strings.CutPrefix(in.URI, synthScheme); ok {
		count, err := strconv.ParseInt(n, 10, 64)
		if err != nil || count < 1 || count > synth.Max {
			return nil, usagef("--in %s: N in synth:N is a number of images from 1 to %d", in.URI, int64(synth.Max))
		}
		drawn{}.discover(root{in: in}, count, d)
		return d, nil
	}
	r, err := resolve(ctx, in)
	if err != nil {
		return nil, err
	}
	if r, err = enterSplit(ctx, r, o, d); err != nil {
		return nil, err
	}
	name := o.Format
	if name == "" || name == "auto" {
		if name, err = detect(ctx, r); err != nil {
			return nil, err
		}
	}
	f := formatOf(name)
	d.Layout, d.byName = name, f.names
	return d, f.discover(ctx, r, o, d)
}

// enterSplit goes into the folder of the wanted split if the root has no other folders than
// splits: train/, val/ and the like.
func enterSplit(ctx context.Context, r root, o Options, d *discovery) (root, error) {
	if r.picked {
		return r, nil
	}
	var names []string
	var found []blob.Object
	dirs, _ := r.split(&discovery{})
	for _, e := range dirs {
		name := blob.Base(e.URI)
		if !isSplitName(name) {
			return r, nil
		}
		names = append(names, name)
		if canonicalSplit(name) == o.split() {
			found = append(found, e)
		}
	}
	if f, _ := detectFiles(r); len(names) == 0 || f.decisive {
		return r, nil
	}
	if len(found) != 1 {
		return r, usagef("--in %s holds the splits %s: --split %s takes one of them", r.in.URI, strings.Join(names, ", "), o.split())
	}
	for _, e := range r.objects {
		if !e.Dir || junkName(blob.Base(e.URI)) {
			d.ignore(r.name(r.rel(e)))
		}
	}
	return r.into(ctx, found[0].URI)
}

// detect recognizes the format of a root by the names in it.
func detect(ctx context.Context, r root) (string, error) {
	folders, _ := r.split(&discovery{})
	dirs := map[string]bool{}
	for _, e := range folders {
		dirs[blob.Base(e.URI)] = true
	}
	f, n := detectFiles(r)
	if f.decisive || f.name != "" && n >= len(dirs) {
		return f.name, nil
	}
	if f.name != "" { // the archive of a data set may lie beside its class folders
		list, err := blob.List(ctx, folders[0].URI)
		if err != nil {
			return "", fmt.Errorf("source: %w", err)
		}
		if slices.ContainsFunc(list, func(o blob.Object) bool { return !o.Dir && imageName(o.URI) }) {
			return "imagefolder", nil
		}
		return f.name, nil
	}
	for _, f := range slices.Backward(formats) {
		if f.tree == nil {
			continue
		}
		if is, err := f.tree(ctx, r, dirs); is || err != nil {
			return f.name, err
		}
	}
	if dirs["data"] { // where Hugging Face keeps the shards
		inner, err := r.into(ctx, blob.Join(r.uri, "data"))
		if err != nil {
			return "", err
		}
		if f, _ := detectFiles(inner); f.name != "" && !f.decisive {
			return f.name, nil
		}
	}
	return "imagefolder", nil
}

// detectFiles recognizes the format of most files in a root, and returns how many there are of it. It is
// the zero format if no name is of any.
func detectFiles(r root) (best format, n int) {
	count := map[string]int{}
	for _, e := range r.objects {
		base := blob.Base(e.URI)
		if e.Dir || junkName(base) || ilsvrcSideName(base) {
			continue
		}
		for _, f := range slices.Backward(formats) {
			if f.file != nil && f.file(base) {
				count[f.name]++
				break
			}
		}
	}
	if count["tfds"] > 0 {
		return formatOf("tfds"), 1
	}
	for _, f := range formats {
		if count[f.name] > n {
			best, n = f, count[f.name]
		}
	}
	if i := count["ilsvrc"]; i > 0 && best.name == "webdataset" {
		return formatOf("ilsvrc"), i
	}
	return best, n
}

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
func loose(ctx context.Context, r root, files []blob.Object, d *discovery) error {
	for _, f := range files {
		name := r.name(r.rel(f))
		image := imageName(name)
		if !image {
			var err error
			if image, err = sniffObject(ctx, f); err != nil {
				return err
			}
		}
		if image {
			d.fail(escape(name), premix.StageLabel, premix.NoLabel, "an image outside of any class folder has no label")
		} else {
			d.ignore(escape(name))
		}
	}
	return nil
}
