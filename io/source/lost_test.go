package source

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/premix/premix"
	"github.com/premix/premix/internal/tartest"
	"github.com/premix/premix/io/tfrecord"
)

// tfdsFiles are the metadata of a TFDS folder with shards of these lengths.
func tfdsFiles(lengths string) []file {
	return []file{
		{"features.json", []byte(`{"pythonClassName":"tensorflow_datasets.core.features.features_dict.FeaturesDict","featuresDict":{"features":{
			"image":{"pythonClassName":"x.Image"},"label":{"pythonClassName":"x.ClassLabel","classLabel":{"numClasses":"9"}}}}}`)},
		{"dataset_info.json", []byte(`{"name":"x","fileFormat":"tfrecord","splits":[{"name":"train","shardLengths":[` + lengths + `]}]}`)},
	}
}

// putAll writes files below a folder.
func putAll(t *testing.T, dir string, files []file) {
	t.Helper()
	for _, f := range files {
		put(t, filepath.Join(dir, f.name), f.data)
	}
}

// TestLost: what damage takes weighs as much as it is, wherever that can be known: --max-bad is
// about images and not about places of damage.
func TestLost(t *testing.T) {
	tfds := tfdsFiles(`"6"`)
	var records [][]byte
	for i := range 6 {
		records = append(records, tfrecord.Append(nil, example(map[string]any{"image": picture(i), "label": i})))
	}
	zeroed := bytes.Clone(join(records...))
	clear(zeroed[len(records[0]):len(join(records[:3]...))])
	tar := tarOf(t, samples(6)...)
	cut := tar[:bytes.Index(tar, []byte("s0002."))+300]
	var list []parquetRow
	for i := range 6 {
		list = append(list, parquetRow{parquetImage{picture(i), "a.jpg"}, int64(i), 0})
	}
	parquetFile := parquetOf(t, list, parquet.MaxRowsPerRowGroup(4))
	copy(parquetFile[bytes.Index(parquetFile, picture(0))-40:], bytes.Repeat([]byte{0xff}, 40)) // the page's header
	tests := []struct {
		name  string
		files []file
		good  int
		why   string
	}{
		{"tfds cut between records", append(tfds, file{"x-train.tfrecord-00000-of-00001", join(records[:2]...)}), 2, "record 5: lost: there should be 6 records"},
		{"tfds cut in a record", append(tfds, file{"x-train.tfrecord-00000-of-00001", join(records...)[:len(join(records[:2]...))+20]}), 2, "record 5: lost: there should be 6 records"},
		{"tfds, two records zeroed", append(tfds, file{"x-train.tfrecord-00000-of-00001", zeroed}), 4, "record 5: lost: there should be 6 records"},
		{"tfds, gzip cut", append(tfds, file{"x-train.tfrecord-00000-of-00001", tartest.Gzip(t, join(records...))[:40]}), 0, "record 5: lost: there should be 6 records"},
		{"tar of timm, cut", []file{{"x.tar", cut}, {"_info.json", []byte(`{"splits":{"train":{"filenames":["x.tar"],"shard_lengths":[6]}}}`)}}, 2, "a sample is lost: there should be 6 samples by _info.json"},
		{"tar of wids, cut", []file{{"x.tar", cut}, {"wids.json", []byte(`{"shardlist":[{"url":"x.tar","nsamples":6}]}`)}}, 2, "a sample is lost: there should be 6 samples by wids.json"},
		{"parquet, a row group", []file{{"x.parquet", parquetFile}}, 2, "row 3, in row group 0: lost: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			putAll(t, dir, test.files)
			cat, rows := scan(t, Options{}, Input{"", dir})
			good, bad := 0, 0
			for _, r := range rows {
				if r.Kind != "" {
					bad++
				} else if !r.Ignored {
					good++
				}
			}
			if good != test.good || good+bad != 6 {
				t.Errorf("%d are good and %d bad, want %d and %d: %v", good, bad, test.good, 6-test.good, plain(rows))
			}
			if why := reasons(t, cat, Options{}); !strings.Contains(why, test.why) {
				t.Errorf("%s does not say %q", why, test.why)
			}
			if d := cmp.Diff(rows, readAll(t, cat, Options{ChunkImages: 1})); d != "" {
				t.Errorf("ChunkImages 1: %s", d)
			}
		})
	}
}

// TestTarCounts: each sample that a list or an index promises, and that is not there, is a row, wherever
// the tar was cut, with an end mark or without.
func TestTarCounts(t *testing.T) {
	image := []byte("\xff\xd8\xff not a real image, but sniffed as one")
	var list []file
	for i := range 6 {
		key := fmt.Sprintf("s%04d", i)
		list = append(list, file{key + ".cls", fmt.Append(nil, i%3)}, file{key + ".jpg", image}, file{key + ".txt", []byte("x")})
	}
	whole := tarOf(t, list...)
	const member = 1024
	timm := file{"_info.json", []byte(`{"splits":{"train":{"filenames":["x.tar"],"shard_lengths":[6]}}}`)}
	dali := file{"__index__/x.idx", []byte(daliIndex(t, whole))}
	tests := []struct {
		name string
		data []byte
		good int
	}{
		{"whole", whole, 6},
		{"no end mark", whole[:len(whole)-1024], 6},
		{"nothing", nil, 0},
		{"only an end mark", make([]byte, 1024), 0},
		{"ends behind a label", tarOf(t, list[:7]...), 2},
		{"ends behind a sample", tarOf(t, list[:9]...), 3},
		{"lacks one in the middle", tarOf(t, append(slices.Clone(list[:6]), list[9:]...)...), 5},
	}
	for i := range 18 {
		for _, n := range []int{0, 1, 511, 512, 513, 600, 1023} {
			good := i / 3 // the last member is no part of what is used
			if i%3 == 2 || i%3 == 1 && n >= 512+len(image) {
				good++
			}
			tests = append(tests, struct {
				name string
				data []byte
				good int
			}{fmt.Sprintf("cut in member %d at %d", i, n), whole[:member*i+n], good})
		}
	}
	for _, side := range []file{timm, dali} {
		for _, test := range tests {
			if side.name == dali.name && (strings.HasPrefix(test.name, "lacks") || strings.HasPrefix(test.name, "only")) {
				continue // the index is of another tar
			}
			t.Run(side.name+" "+test.name, func(t *testing.T) {
				dir := t.TempDir()
				put(t, filepath.Join(dir, "x.tar"), test.data)
				put(t, filepath.Join(dir, side.name), side.data)
				cat, rows := scan(t, Options{}, Input{"", dir})
				good, bad := count(rows)
				want := 6 - test.good
				if want == 0 && test.name != "whole" {
					want = 1 // something was lost, if only the end mark
				}
				if good != test.good || bad != want {
					t.Errorf("%d are good and %d bad, want %d and %d:\n%s", good, bad, test.good, want, reasons(t, cat, Options{}))
				}
				if d := cmp.Diff(rows, readAll(t, cat, Options{ChunkImages: 2})); d != "" {
					t.Errorf("ChunkImages 2: %s", d)
				}
			})
		}
	}
}

// TestLostCounts: a short tar that is cut into chunks lacks what its last chunk lacks by timm's list,
// which counts samples; wids' counts more than those. One that has more is used, and a count that
// nobody could believe makes no endless list.
func TestLostCounts(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.tar"), tarOf(t, samples(120)...))
	for promised, want := range map[int]int{124: 4, 120: 0, 118: 0} {
		put(t, filepath.Join(dir, "_info.json"), fmt.Appendf(nil, `{"splits":{"train":{"filenames":["x.tar"],"shard_lengths":[%d]}}}`, promised))
		cat, rows := scan(t, Options{}, Input{"", dir})
		if good, bad := count(rows); good != 120 || bad != want {
			t.Errorf("%d promised: %d good, %d bad", promised, good, bad)
		}
		chunks, err := Split(t.Context(), cat.Containers[0], Options{ChunkImages: 20})
		if d := cmp.Diff(rows, readAll(t, cat, Options{ChunkImages: 20})); d != "" || len(chunks) < 4 || err != nil {
			t.Errorf("%d promised, %d chunks, %v: %s", promised, len(chunks), err, d)
		}
		c := cat.Containers[0]
		if c.Samples != int64(promised) || c.CountedBy != "_info.json" {
			t.Errorf("%d by %s", c.Samples, c.CountedBy)
		}
	}
	n, last := 0, ""
	err := yieldLost(5, 1<<60, func(e Entry) error {
		n, last = n+1, e.Sample.Fault.Reason
		return nil
	}, func(n int64) Entry { return failf(premix.Sample{}, premix.StageScan, premix.Truncated, "record %d", n) })
	if want := fmt.Sprintf("record %d, and so are the %d behind it", 5+mostLost, int64(1<<60)-mostLost-6); err != nil || n != mostLost+1 || last != want {
		t.Errorf("%d rows, the last %q, want %q; %v", n, last, want, err)
	}
}

// TestListsOfMore: DALI's index and wids' list count what is not a sample here. They promise something only
// of a tar that is not whole.
func TestListsOfMore(t *testing.T) {
	list := append([]file{{"notes.txt", []byte("what this is")}}, samples(40)...)
	list = append(list, file{"Thumbs.db", []byte("x")})
	whole := tarOf(t, list...)
	half := bytes.Clone(whole)
	clear(half[512*(len(whole)/1024):])
	for _, side := range []file{
		{"x.idx", []byte(daliIndex(t, whole))},
		{"wids.json", []byte(`{"shardlist":[{"url":"x.tar","nsamples":42}]}`)},
	} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "x.tar"), whole)
		put(t, filepath.Join(dir, side.name), side.data)
		for _, images := range []int{0, 5} {
			cat, rows := scan(t, Options{ChunkImages: images}, Input{"", dir})
			if good, bad := count(rows); good != 40 || bad != 0 {
				t.Errorf("%s, chunks of %d: %d good, %d bad: %s", side.name, images, good, bad, reasons(t, cat, Options{}))
			}
		}
		put(t, filepath.Join(dir, "x.tar"), half) // as of a download that did not finish
		cat, rows := scan(t, Options{}, Input{"", dir})
		if good, bad := count(rows); side.name == "x.idx" && (good < 15 || good > 25 || good+bad < 40) {
			t.Errorf("%s, half of it zeros: %d good, %d bad: %s", side.name, good, bad, reasons(t, cat, Options{}))
		}
	}
}

// A TFRecord of which the rest is zeros lacks what its index lists.
func TestRecordIndexZeros(t *testing.T) {
	var list [][]byte
	text := ""
	at := 0
	for i := range 40 {
		r := example(map[string]any{"image": picture(i), "label": i % 3})
		list = append(list, r)
		n := len(tfrecord.Append(nil, r))
		text += fmt.Sprintf("%d %d\n", at, n)
		at += n
	}
	data := recordsOf(list...)
	clear(data[len(data)/2:])
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.tfrecord"), data)
	put(t, filepath.Join(dir, "x.tfrecord.idx"), []byte(text))
	cat, rows := scan(t, Options{}, Input{"", dir})
	if good, bad := count(rows); good < 15 || good > 25 || good+bad != 40 {
		t.Errorf("%d good, %d bad: %s", good, bad, reasons(t, cat, Options{}))
	}
}
