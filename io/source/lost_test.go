package source

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/premix/premix"
	"github.com/premix/premix/io/tfrecord"
)

// TestLost: what damage takes weighs as much as it is, wherever that can be known: --max-bad is
// about images and not about places of damage.
func TestLost(t *testing.T) {
	tfds := []file{
		{"features.json", []byte(`{"pythonClassName":"tensorflow_datasets.core.features.features_dict.FeaturesDict","featuresDict":{"features":{
			"image":{"pythonClassName":"x.Image"},"label":{"pythonClassName":"x.ClassLabel","classLabel":{"numClasses":"9"}}}}}`)},
		{"dataset_info.json", []byte(`{"name":"x","fileFormat":"tfrecord","splits":[{"name":"train","shardLengths":["6"]}]}`)},
	}
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
		{"tfds, gzip cut", append(tfds, file{"x-train.tfrecord-00000-of-00001", gzipOf(t, join(records...))[:40]}), 0, "record 5: lost: there should be 6 records"},
		{"tar of timm, cut", []file{{"x.tar", cut}, {"_info.json", []byte(`{"splits":{"train":{"filenames":["x.tar"],"shard_lengths":[6]}}}`)}}, 2, "a sample is lost: there should be 6, and 2 are there"},
		{"tar of wids, cut", []file{{"x.tar", cut}, {"wids.json", []byte(`{"shardlist":[{"url":"x.tar","nsamples":6}]}`)}}, 2, "a sample is lost: there should be 6, and 2 are there"},
		{"parquet, a row group", []file{{"x.parquet", parquetFile}}, 2, "row 3, in row group 0: lost: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, f := range test.files {
				put(t, filepath.Join(dir, f.name), f.data)
			}
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

// TestLostCounts: a count that a whole tar contradicts is wrong, and one that nobody could believe
// makes no endless list.
func TestLostCounts(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.tar"), tarOf(t, samples(2)...))
	put(t, filepath.Join(dir, "wids.json"), []byte(`{"shardlist":[{"url":"x.tar","nsamples":6}]}`))
	if _, rows := scan(t, Options{}, Input{"", dir}); len(rows) != 2 {
		t.Errorf("%v", plain(rows))
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

// TestFarHead: the next record is found wherever it is, in a file and in a stream.
func TestFarHead(t *testing.T) {
	one, two := tfrecord.Append(nil, slim(0, 1)), tfrecord.Append(nil, slim(1, 2))
	for _, n := range []int{0, 1, 11, 12, 13, 4083, 4084, 4085, 4086, 4095, 4096, 4097, 8170, 50_000} {
		for _, name := range []string{"a.tfrecord", "a.tfrecord.gz"} {
			data := join(one, []byte("no head here"), bytes.Repeat([]byte{0}, n), two, one)
			if strings.HasSuffix(name, ".gz") {
				data = gzipOf(t, data)
			}
			dir := t.TempDir()
			put(t, filepath.Join(dir, name), data)
			_, rows := scan(t, Options{}, Input{"", dir})
			want := numbered(name, 0, -1, 1, 0)
			want[1] = fault(name+"/000000001", premix.Corrupt)
			wantRows(t, want, rows)
		}
	}
}
