package source

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hubCacheOf puts a data set with one Parquet file into a cache of the Hub.
func hubCacheOf(t *testing.T, cache string, refs map[string]string, snapshots ...string) {
	t.Helper()
	repo := filepath.Join(cache, "datasets--owner--pets")
	for ref, hash := range refs {
		put(t, filepath.Join(repo, "refs", ref), []byte(hash))
	}
	for i, hash := range snapshots {
		put(t, filepath.Join(repo, "snapshots", hash, "plain_text", "train-00000-of-00001.parquet"), labelled(t, int64(i)))
	}
}

// TestHubFolder finds data sets where the Hub's client keeps them.
func TestHubFolder(t *testing.T) {
	tests := []struct {
		name, uri string
		env       map[string]string // $ is the folder of the test
		cache     string
		refs      map[string]string
		snapshots []string
		want      string // below the cache's folder of the data set
		says      string
	}{
		{"main", "hf:owner/pets", map[string]string{"HF_HUB_CACHE": "$/a"}, "a", map[string]string{"main": "12ab\n"}, []string{"12ab", "34cd"}, "snapshots/12ab", ""},
		{"a configuration", "hf:owner/pets:plain_text", map[string]string{"HF_HUB_CACHE": "$/a"}, "a", map[string]string{"main": "12ab"}, []string{"12ab"}, "snapshots/12ab/plain_text", ""},
		{"no such configuration", "hf:owner/pets:cropped", map[string]string{"HF_HUB_CACHE": "$/a"}, "a", map[string]string{"main": "12ab"}, []string{"12ab"}, "", "does not have the folder cropped; its folders are plain_text"},
		{"HF_HOME", "hf:owner/pets", map[string]string{"HF_HOME": "$/b"}, "b/hub", map[string]string{"main": "12ab"}, []string{"12ab"}, "snapshots/12ab", ""},
		{"XDG_CACHE_HOME", "hf:owner/pets", map[string]string{"XDG_CACHE_HOME": "$/x"}, "x/huggingface/hub", map[string]string{"main": "12ab"}, []string{"12ab"}, "snapshots/12ab", ""},
		{"home", "hf:owner/pets", nil, ".cache/huggingface/hub", map[string]string{"main": "12ab"}, []string{"12ab"}, "snapshots/12ab", ""},
		{"a revision was asked for", "hf:owner/pets", map[string]string{"HF_HUB_CACHE": "$/a"}, "a", nil, []string{"12ab"}, "snapshots/12ab", ""},
		{"two revisions", "hf:owner/pets", map[string]string{"HF_HUB_CACHE": "$/a"}, "a", nil, []string{"12ab", "34cd"}, "", "holds 2 revisions"},
		{"not there", "hf:owner/cars", map[string]string{"HF_HUB_CACHE": "$/a"}, "a", nil, []string{"12ab"}, "", "hf download --repo-type dataset owner/cars"},
		{"no name", "hf:../x", nil, "a", nil, nil, "", "write hf:OWNER/NAME"},
		{"out of the data set", "hf:owner/pets:../x", nil, "a", nil, nil, "", "write hf:OWNER/NAME"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, name := range []string{"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"} {
				t.Setenv(name, strings.ReplaceAll(test.env[name], "$", dir))
			}
			t.Setenv("HOME", dir)
			cache := filepath.Join(dir, test.cache)
			hubCacheOf(t, cache, test.refs, test.snapshots...)
			got, err := HubFolder(t.Context(), test.uri)
			if test.says != "" {
				usage := (*UsageError)(nil)
				if !errors.As(err, &usage) || !strings.Contains(err.Error(), test.says) {
					t.Errorf("%v does not say %q", err, test.says)
				}
				return
			}
			if want := filepath.Join(cache, "datasets--owner--pets", test.want); err != nil || got != want {
				t.Errorf("%s, %v, want %s", got, err, want)
			}
		})
	}
}

// TestHubCacheFolder takes a folder of the cache for its main revision.
func TestHubCacheFolder(t *testing.T) {
	cache := t.TempDir()
	hubCacheOf(t, cache, map[string]string{"main": "34cd"}, "12ab", "34cd")
	cat, rows := scan(t, Options{AnyLabels: true}, Input{"", filepath.Join(cache, "datasets--owner--pets")})
	if len(cat.Containers) != 1 || !strings.Contains(cat.Containers[0].URI, "34cd") || rows[0].Label != 1 {
		t.Errorf("%v %v", cat.Containers, rows)
	}
}

// TestForeign refuses what is known and not read, by its name.
func TestForeign(t *testing.T) {
	pickle := []byte("\x80\x02}q\x01")
	tests := []struct {
		name  string
		files []file
		says  string
	}{
		{"CIFAR-10", []file{{"cifar-10-batches-py/data_batch_1", pickle}, {"cifar-10-batches-py/batches.meta", pickle}}, "batches.meta is a Python pickle"},
		{"CIFAR-100", []file{{"meta", pickle}, {"train", pickle}, {"test", pickle}, {"file.txt~", nil}}, "is a Python pickle"},
		{"CIFAR-10, binary", []file{{"data_batch_1.bin", pickle}, {"batches.meta.txt", nil}}, "an array of bytes"},
		{"MNIST", []file{{"raw/train-images-idx3-ubyte", []byte("\x00\x00\x08\x03")}}, "IDX"},
		{"MNIST, compressed", []file{{"train-images-idx3-ubyte.gz", []byte("\x1f\x8b")}}, "IDX"},
		{"SVHN", []file{{"train_32x32.mat", []byte("MATLAB 5.0")}}, "MATLAB"},
		{"MedMNIST", []file{{"pathmnist.npz", []byte("PK\x03\x04")}}, "NumPy"},
		{"LMDB", []file{{"bedroom_train_lmdb/data.mdb", pickle}, {"bedroom_train_lmdb/lock.mdb", nil}}, "LMDB"},
		{"MXNet", []file{{"train.rec", pickle}, {"train.idx", []byte("0\t0\n")}, {"property", []byte("85742,112,112")}}, "RecordIO"},
		{"7z", []file{{"train.7z", []byte("7z\xbc\xaf")}}, "a 7z archive"},
		{"save_to_disk", []file{{"dataset_info.json", []byte("{}")}, {"state.json", []byte("{}")}, {"data-00000-of-00001.arrow", []byte("ARROW1")}}, "to_parquet"},
		{"save_to_disk with splits", []file{{"dataset_dict.json", []byte("{}")}, {"train/data-00000-of-00001.arrow", []byte("ARROW1")}}, "save_to_disk"},
		{"HDF5", []file{{"train.h5", []byte("\x89HDF")}}, "HDF5"},
		{"MDS", []file{{"train/index.json", []byte("{}")}, {"train/train-00000-of-00001.mds", []byte("x")}, {"__premix__/train/manifest.json", []byte("{}")}}, "train/train-00000-of-00001.mds is a shard of MDS"},
		{"MDS, compressed", []file{{"shard.00000.mds.zstd", []byte("x")}, {"index.json", []byte("{}")}}, "a shard of MDS"},
		{"FFCV", []file{{"train.beton", []byte("x")}}, "FFCV"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			putAll(t, dir, test.files)
			wantUsage(t, Options{}, []Input{{"", dir}}, test.says, "does not read")
			if first := test.files[0].name; !strings.Contains(first, "/") && foreignOf(first) != nil {
				wantUsage(t, Options{}, []Input{{"", filepath.Join(dir, first)}}, "does not read")
			}
		})
	}
}

// TestParquetLabelColumns has labels as data sets of the Hub have them.
func TestParquetLabelColumns(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.parquet"), labelled(t, "zebra"))
	cat, rows := scan(t, Options{}, Input{"", dir})
	if d := cmp.Diff("zebra", rows[0].Class); d != "" || cat.Classes != nil {
		t.Error(d, cat.Classes)
	}
	put(t, filepath.Join(dir, "x.parquet"), labelled(t, "7"))
	if _, rows := scan(t, Options{}, Input{"", dir}); rows[0].Label != 7 {
		t.Errorf("%v", rows)
	}
}

// TestClassesNamedTwice refuses the list of a Parquet file that gives two classes one name.
func TestClassesNamedTwice(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.parquet"), parquetOf(t, []parquetRow{{}}, namesOf("crane", "dog", "crane")))
	wantUsage(t, Options{}, []Input{{"", dir}}, "the classes 0 and 2 are both called crane")
}
