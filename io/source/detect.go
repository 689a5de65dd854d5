package source

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source/synth"
	"github.com/premix/premix/io/source/tree"
)

// A format is a value of Options.Format: how an input is recognized, and how its containers are found.
type format struct {
	name     string
	file     func(base string) bool // reports whether a file of this name is one of the format; or nil
	decisive bool                   // such files decide, whatever folders are beside them
	last     bool                   // other images and shards beside such files come before them
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
	{name: "zip", file: zipName, last: true, names: true, discover: discoverZips},
}

// Formats are the values of Options.Format; the first is auto.
func Formats() []string {
	names := []string{"auto"}
	for _, f := range formats {
		names = append(names, f.name)
	}
	return names
}

// shardName reports whether a file is a shard of some format by its name.
func shardName(base string) bool {
	return slices.ContainsFunc(formats, func(f format) bool { return f.file != nil && !f.last && f.file(base) })
}

func formatOf(name string) format {
	return formats[slices.IndexFunc(formats, func(f format) bool { return f.name == name })]
}

// A discovery is the catalog of one input, and what is decided only with the other inputs.
type discovery struct {
	Catalog
	in      Input
	byName  bool            // its entries state class names
	piles   map[string]pile // of data that are not used, by kind
	records *recordSet      // waits for the class lists of the others; or nil
	listed  *listed         // the images of the table that its labels are in; or nil
}

// discover finds the containers of one input.
func discover(ctx context.Context, in Input, o Options) (*discovery, error) {
	d := &discovery{in: in}
	if n, ok := strings.CutPrefix(in.URI, synthScheme); ok {
		count, err := strconv.ParseInt(n, 10, 64)
		if err != nil || count < 1 || count > synth.Max {
			return nil, usagef("--in %s: write synth:N, N being a number of images from 1 to %d", in.URI, int64(synth.Max))
		}
		drawn{}.discover(root{in: in}, count, d)
		return d, nil
	}
	r, err := resolve(ctx, in)
	if err != nil {
		return nil, err
	}
	if r, err = r.inSnapshot(ctx); err != nil {
		return nil, err
	}
	if l := o.listOf(in); l != nil {
		return d, discoverLabelled(ctx, r, l, o, d)
	}
	if err := r.oneFormat(ctx); err != nil {
		return nil, err
	}
	f, r, err := recognize(ctx, r, o, d)
	if err != nil {
		return nil, err
	}
	d.Layout, d.byName = f.name, f.names
	if err := f.discover(ctx, r, o, d); err != nil {
		return nil, err
	}
	d.tellUnused()
	return d, nil
}

// recognize returns the format of an input, and the folder of the wanted split where shards lie in
// folders of splits. Those of images are understood by discoverFolders.
func recognize(ctx context.Context, r root, o Options, d *discovery) (format, root, error) {
	if o.Format == "imagefolder" || r.picked && o.Format != "" && o.Format != "auto" {
		return formatOf(o.Format), r, nil
	}
	auto := o.Format == "" || o.Format == "auto"
	if auto && savedToDisk(r) {
		return format{}, r, r.foreign(ctx)
	}
	dirs, files := r.split(&discovery{})
	f, n := detectFiles(r)
	if f.last && !r.picked && slices.ContainsFunc(files, func(o blob.Object) bool { return imageName(blob.Base(o.URI)) }) {
		f = format{}
	}
	if auto && f.name == "" {
		var err error
		if r.zips, err = r.sniffZips(ctx); err != nil {
			return f, r, err
		}
	}
	if auto && !f.decisive {
		is, err := treeFormat(ctx, r, dirs)
		if err != nil || is.name != "" {
			return is, r, err
		}
	}
	if len(dirs) == 0 || r.picked || f.decisive {
		if len(r.zips) > 0 && len(r.zips) == len(files) {
			f = formatOf("zip")
		}
		if f.name == "" {
			f = formatOf("imagefolder")
		}
		if !auto {
			f = formatOf(o.Format)
		}
		return f, r, nil
	}
	s, err := r.look(ctx, shardName)
	if err != nil {
		return f, r, err
	}
	images := s.images.Total() > s.images.Images
	if auto && images && (f.name == "" || f.last || n < len(dirs) || r.unpacked()) {
		return formatOf("imagefolder"), r, nil
	}
	if o.Format == "zip" || auto && !images && s.shards.Total() == 0 {
		r.seen = nil
		if s, err = r.look(ctx, r.isZip); err != nil {
			return f, r, err
		}
	}
	if r, err = enterSplit(ctx, r, o, s.shards, d); err != nil {
		return f, r, err
	}
	if !auto {
		return formatOf(o.Format), r, nil
	}
	f, err = detect(ctx, r)
	return f, r, err
}

// unpacked reports whether each shard of a root is a tar that lies beside the folder that it was unpacked to, as Keras and
// fastai leave it there.
func (r root) unpacked() bool {
	dirs, files := r.split(&discovery{})
	for _, f := range files {
		base := blob.Base(f.URI)
		stem, _, _ := strings.Cut(base, ".t")
		if shardName(base) && !tarName(base) || tarName(base) && !slices.ContainsFunc(dirs, func(d blob.Object) bool { return blob.Base(d.URI) == stem }) {
			return false
		}
	}
	return true
}

// enterSplit goes into the folder of the wanted split if the folders below the root are splits of
// shards: train/, val/ and the like.
func enterSplit(ctx context.Context, r root, o Options, shards *tree.Folder, d *discovery) (root, error) {
	reading := tree.Splits(shards, o.tree())
	d.understood(o, reading)
	if reading.Split == "" {
		return r, nil
	}
	for _, e := range r.objects {
		if !e.Dir || junkName(blob.Base(e.URI)) {
			d.ignore(r.name(r.rel(e)))
		}
	}
	return r.into(ctx, blob.Join(r.uri, reading.Split))
}

// treeFormat recognizes the formats whose folders have names of their own; it is the zero format for
// others.
func treeFormat(ctx context.Context, r root, dirs []blob.Object) (format, error) {
	names := map[string]bool{}
	for _, e := range dirs {
		names[blob.Base(e.URI)] = true
	}
	for _, f := range slices.Backward(formats) {
		if f.tree == nil {
			continue
		}
		if is, err := f.tree(ctx, r, names); is || err != nil {
			return f, err
		}
	}
	return format{}, nil
}

// detect recognizes the format of a root with shards by the names in it.
func detect(ctx context.Context, r root) (format, error) {
	dirs, _ := r.split(&discovery{})
	f, _ := detectFiles(r)
	if f.name != "" {
		return f, nil
	}
	if is, err := treeFormat(ctx, r, dirs); err != nil || is.name != "" {
		return is, err
	}
	for _, dir := range dirs {
		inner, err := r.into(ctx, dir.URI)
		if err != nil {
			return format{}, err
		}
		if f, err := detect(ctx, inner); err != nil || f.name != "" && f.name != "imagefolder" {
			return f, err
		}
	}
	return formatOf("imagefolder"), nil
}

// detectFiles recognizes the format of most files in a root, and returns how many there are of it. It is
// the zero format if no name is of any.
func detectFiles(r root) (best format, n int) {
	count, tars := map[string]int{}, map[string]bool{}
	for _, e := range r.objects {
		if base := blob.Base(e.URI); !e.Dir && tarName(base) {
			tars[shardStem(base)] = true
		}
	}
	for _, e := range r.objects {
		base := blob.Base(e.URI)
		if e.Dir || junkName(base) || ilsvrcSideName(base) || parquetName(base) && tars[shardStem(base)] {
			continue // img2dataset's N.parquet belongs to N.tar
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
		if count[f.name] > n && (n == 0 || !f.last) {
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
	for _, ext := range []string{".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst", ".tar.bz2", ".tbz2", ".tbz"} {
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
