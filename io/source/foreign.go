package source

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/premix/premix/io/blob"
)

// A foreign is a way to keep data sets that is known and not read.
type foreign struct {
	what    string
	convert string
	is      func(base string) bool
}

// foreigns are in the order of messages.
var foreigns = []foreign{
	{"a data set of save_to_disk (Arrow files)", "convert it in Python with load_from_disk(PATH).to_parquet(FILE)", savedName},
	{"a Python pickle, like those of CIFAR-10 and CIFAR-100", "examples/small/folders.py converts those of CIFAR to CLASS/IMAGE.png; convert others with the program that made them", func(base string) bool {
		return base == "batches.meta" || strings.HasPrefix(base, "data_batch") && path.Ext(base) == "" || path.Ext(base) == ".pkl" || path.Ext(base) == ".pickle"
	}},
	{"an array of bytes, like those of CIFAR-10 and STL-10", "read it with torchvision, and save the images as CLASS/IMAGE.png", func(base string) bool {
		return path.Ext(base) == ".bin" && (strings.HasPrefix(base, "data_batch") || strings.HasSuffix(base, "_batch.bin") || base == "train_X.bin" || base == "test_X.bin" || base == "train.bin" || base == "test.bin")
	}},
	{"an IDX file, like those of MNIST", "read it with torchvision, and save the images as CLASS/IMAGE.png", func(base string) bool {
		return strings.Contains(base, "idx3-ubyte") || strings.Contains(base, "idx1-ubyte")
	}},
	{"a NumPy array", "save its images as CLASS/IMAGE.png", func(base string) bool { return path.Ext(base) == ".npz" || path.Ext(base) == ".npy" }},
	{"a MATLAB file, like those of SVHN", "read it in Python with scipy.io.loadmat, and save the images as CLASS/IMAGE.png", func(base string) bool { return path.Ext(base) == ".mat" }},
	{"a RecordIO file of MXNet", "read it with mxnet.recordio, and save the images as CLASS/IMAGE, or in WebDataset tars", func(base string) bool { return path.Ext(base) == ".rec" }},
	{"a file of FFCV", "give the data set that it was made from, as folders or WebDataset tars", func(base string) bool { return path.Ext(base) == ".beton" }},
	{"a shard of MDS (MosaicML streaming)", "give the data set that it was made from, or one of another format, such as WebDataset", func(base string) bool {
		return strings.HasSuffix(base, ".mds") || strings.Contains(base, ".mds.") // .mds.zstd
	}},
	{"an LMDB database", "save its images as CLASS/IMAGE, or in WebDataset tars", func(base string) bool { return base == "data.mdb" || base == "lock.mdb" }},
	{"a 7z archive", "unpack it", func(base string) bool { return strings.EqualFold(path.Ext(base), ".7z") }},
	{"a rar archive", "unpack it", func(base string) bool { return strings.EqualFold(path.Ext(base), ".rar") }},
	{"an HDF5 file", "save its images as CLASS/IMAGE.png", func(base string) bool {
		return path.Ext(base) == ".h5" || path.Ext(base) == ".hdf5"
	}},
}

func foreignOf(base string) *foreign {
	for i := range foreigns {
		if foreigns[i].is(base) {
			return &foreigns[i]
		}
	}
	if u := unreadTar(base); u != nil {
		return &foreign{what: "a tar compressed with " + u.name, convert: "unpack it with “" + u.command + " FILE > NEW.tar”"}
	}
	return nil
}

// foreign refuses a root that holds data in a form that is known and not read, in the folder itself or one
// below; nil if it holds none.
func (r root) foreign(ctx context.Context) error {
	dirs, files := r.split(&discovery{})
	refuse := func(path string, k *foreign) error {
		return usagef("--in %s: %s is %s, which premix does not read: %s", r.in.URI, path, k.what, k.convert)
	}
	for _, f := range files {
		if k := foreignOf(blob.Base(f.URI)); k != nil {
			return refuse(r.rel(f), k)
		}
	}
	for _, f := range files[:min(len(files), sniffed)] {
		pickle, err := isPickle(ctx, f)
		if err != nil {
			return err
		}
		if pickle {
			return refuse(r.rel(f), foreignOf("x.pkl"))
		}
	}
	for _, dir := range dirs {
		names, err := blob.Names(ctx, dir.URI)
		if err != nil {
			continue // what cannot be listed is told by those who read it
		}
		for _, n := range names {
			if k := foreignOf(n.Base); k != nil && !n.Dir {
				return refuse(blob.Join(r.rel(dir), n.Base), k)
			}
		}
	}
	return nil
}

// isPickle reports whether a file begins as Python's pickles do: those of CIFAR-100 are called train, test
// and meta.
func isPickle(ctx context.Context, f blob.Object) (bool, error) {
	if f.Special != "" || f.Size < 4 || strings.Contains(blob.Base(f.URI), ".") {
		return false, nil
	}
	head, err := blob.ReadRange(ctx, nil, f.URI, 0, 2)
	if err != nil {
		return false, fmt.Errorf("source: %w", err)
	}
	return head[0] == 0x80 && head[1] >= 2 && head[1] <= 5, nil
}

// savedToDisk reports whether a root is of Hugging Face's save_to_disk, whose dataset_info.json is called
// as that of TFDS.
func savedToDisk(r root) bool {
	if f, _ := detectFiles(r); r.picked || f.name != "" && f.name != "tfds" {
		return false
	}
	return slices.ContainsFunc(r.objects, func(o blob.Object) bool { return savedName(blob.Base(o.URI)) })
}

// savedName reports whether a name is one that save_to_disk gives.
func savedName(base string) bool {
	return base == "dataset_dict.json" || base == "state.json" || path.Ext(base) == ".arrow"
}

// oneFormat refuses an output of premix in several formats: each has a folder of its own with all samples.
func (r root) oneFormat(ctx context.Context) error {
	dirs, _ := r.split(&discovery{})
	for _, dir := range dirs {
		if base := blob.Base(dir.URI); r.picked || !slices.Contains(Formats(), base) {
			continue
		}
		names, err := blob.Names(ctx, dir.URI)
		if err != nil {
			return fmt.Errorf("source: %s: %w", r.in.URI, err)
		}
		if slices.ContainsFunc(names, func(n blob.Name) bool { return n.Dir && n.Base == "__premix__" }) {
			return usagef("--in %s is an output of several formats: give one of them, such as %s", r.in.URI, dir.URI)
		}
	}
	return nil
}
