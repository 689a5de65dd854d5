package source

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/internal/tartest"
	"github.com/premix/premix/io/tfrecord"
)

// TestMixedCompressions: each file of an input is read as it is compressed, whatever the first is, and
// whatever its name says.
func TestMixedCompressions(t *testing.T) {
	var shards [][]byte
	for i := range 4 {
		shards = append(shards, tfrecord.Append(nil, slim(i, 1+i)))
	}
	gz := func(data []byte) []byte { return tartest.Gzip(t, data) }
	tests := []struct {
		name  string
		files []file
		good  int
	}{
		{"an empty file is the first", []file{{"a-00000-of-00003", nil}, {"a-00001-of-00003", gz(shards[0])}, {"a-00002-of-00003", gz(shards[1])}}, 2},
		{"a plain file is the first", []file{{"a-00000-of-00003", shards[0]}, {"a-00001-of-00003", gz(shards[1])}, {"a-00002-of-00003", tartest.Zlib(t, shards[2])}}, 3},
		{"a gzipped file is the first", []file{{"a-00000-of-00003", gz(shards[0])}, {"a-00001-of-00003", shards[1]}, {"a-00002-of-00003", tartest.Zstd(t, shards[2])}}, 3},
		{"gzip of no records is the first", []file{{"a-00000-of-00002", gz(nil)}, {"a-00001-of-00002", shards[0]}}, 1},
		{"zlib of no records", []file{{"a-00000-of-00002", shards[0]}, {"a-00001-of-00002", tartest.Zlib(t, nil)}}, 1},
		{"a plain file that is called .gz", []file{{"a.tfrecord.gz", shards[0]}, {"b.tfrecord.gz", gz(shards[1])}}, 2},
		{"zstandard that is called .gz", []file{{"a.tfrecord.gz", tartest.Zstd(t, shards[0])}, {"b.tfrecord.gz", gz(shards[1])}}, 2},
		{"tfds", append(tfdsFiles(`"1","1"`), file{"x-train.tfrecord-00000-of-00002", recordsOf(numberedExamples(1)...)}, file{"x-train.tfrecord-00001-of-00002", gz(recordsOf(numberedExamples(1)...))}), 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			putAll(t, dir, test.files)
			cat, rows := scan(t, Options{}, Input{"", dir})
			if good, bad := count(rows); good != test.good || bad > 0 {
				t.Errorf("%d good and %d bad, want %d good: %v", good, bad, test.good, plain(rows))
			}
			if d := cmp.Diff("", reasons(t, cat, Options{})); d != "" {
				t.Error(d)
			}
		})
	}
}
