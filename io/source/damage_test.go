package source

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/internal/tartest"
	"github.com/premix/premix/io/tarfile"
	"github.com/premix/premix/io/tfrecord"
)

// claim makes a tar say that a member has 2^40 bytes.
func claim(data []byte, name string) []byte {
	data = bytes.Clone(data)
	h := data[bytes.Index(data, []byte(name)):][:tarfile.Block]
	copy(h[124:136], "\x80\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00")
	resum(h)
	return data
}

// resum corrects the checksum of a header.
func resum(h []byte) {
	copy(h[148:156], "        ")
	sum := 0
	for _, b := range h {
		sum += int(b)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
}

// TestNamed feeds each layout with each kind of bad input. What is readable before and behind it
// is read; the reason says where it is: by record and byte in a TFRecord, by row in a Parquet file. % stands for
// any number. Damaged tars are in TestTarDamage, damaged TFRecords in TestTFRecordDamage.
func TestNamed(t *testing.T) {
	p, q := picture(0), picture(1)
	one, two, three := tfrecord.Append(nil, slim(0, 1)), tfrecord.Append(nil, slim(1, 2)), tfrecord.Append(nil, slim(2, 3))
	between := func(features map[string]any) []byte { return join(one, recordsOf(example(features)), three) }
	records := join(one, two, three)

	rows := parquetOf(t, []parquetRow{
		{parquetImage{p, "a.jpg"}, 0, 0}, {parquetImage{nil, "b.jpg"}, 1, 0}, {parquetImage{nil, ""}, 2, 0},
		{parquetImage{q, "c.jpg"}, -2, 0}, {parquetImage{q, "c.jpg"}, -1, 0}, {parquetImage{p, "d.jpg"}, 2, 0},
	})
	for _, test := range []struct {
		name, file string
		data       []byte
		good       int
		want       []string // NAME: KIND: REASON
	}{
		{"no image feature", "a.tfrecord", between(map[string]any{"image/class/label": 3}), 2, []string{"a.tfrecord/000000001: corrupt: record 1 at byte %: tfexample: feature image/encoded is missing"}},
		{"no label feature", "a.tfrecord", between(map[string]any{"image/encoded": p}), 2, []string{`a.tfrecord/000000001: no-label: record 1 at byte %: no feature image/class/label holds a label; there are "image/encoded" (bytes)`}},
		{"image of another type", "a.tfrecord", between(map[string]any{"image/encoded": 4, "image/class/label": 3}), 2, []string{"a.tfrecord/000000001: corrupt: record 1 at byte %: tfexample: feature image/encoded holds int64, want bytes"}},
		{"label of another type", "a.tfrecord", between(map[string]any{"image/encoded": p, "image/class/label": float32(1)}), 2, []string{"a.tfrecord/000000001: bad-label: record 1 at byte %: tfexample: feature image/class/label holds float, want int64"}},
		{"several labels", "a.tfrecord", between(map[string]any{"image/encoded": p, "image/class/label": []int64{1, 2}}), 2, []string{"a.tfrecord/000000001: bad-label: record 1 at byte %: tfexample: feature image/class/label has 2 values, want 1"}},
		{"no example", "a.tfrecord", join(one, tfrecord.Append(nil, []byte("garbage here")), three), 2, []string{"a.tfrecord/000000001: corrupt: record 1 at byte %: tfexample: byte 0: cannot parse reserved wire type"}},
		{"records, two gzip members", "a.tfrecord.gz", join(tartest.Gzip(t, records[:700]), tartest.Gzip(t, records[700:])), 3, nil},
		{"records, gzip with garbage", "a.tfrecord.gz", join(tartest.Gzip(t, records), []byte("garbage")), 3, []string{"a.tfrecord.gz/000000003: corrupt: record 3 at byte %: what follows the gzip stream at byte % of the compressed file is no gzip"}},
		{"records, two zlib streams", "a.tfrecord.zlib", join(tartest.Zlib(t, records[:700]), tartest.Zlib(t, records[700:])), 3, nil},
		{"records, zlib with garbage", "a.tfrecord.zlib", join(tartest.Zlib(t, records), []byte("garbage")), 3, []string{"a.tfrecord.zlib/000000003: corrupt: record 3 at byte %: what follows the zlib stream at byte % of the compressed file is no zlib"}},
		{"records, zlib with one byte", "a.tfrecord.zlib", join(tartest.Zlib(t, records), []byte("x")), 3, []string{"a.tfrecord.zlib/000000003: corrupt: record 3 at byte %: what follows the zlib stream at byte % of the compressed file is no zlib"}},
		{"records, zlib with zeros", "a.tfrecord.zlib", join(tartest.Zlib(t, records), make([]byte, 100)), 3, nil},

		{"rows", "x.parquet", rows, 2, []string{
			`x.parquet/000000001: unsupported: row 1, in row group 0: the image is not in the file, only its path "b.jpg"`, "x.parquet/000000002: empty: row 2, in row group 0: the image is empty",
			"x.parquet/000000003: bad-label: row 3, in row group 0: label -2 is negative", "x.parquet/000000004: no-label: row 4, in row group 0: label -1: the input states no class (a test split?)",
		}},
		{"parquet cut", "x.parquet", rows[:len(rows)-9], 0, []string{`x.parquet: corrupt: parquet: the file ends in "\x00\x1c\x00\x00", want PAR1: truncated, or something else`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, filepath.Join(dir, test.file), test.data)
			cat, entries := scan(t, Options{}, Input{"", dir})
			good := 0
			for _, r := range entries {
				if r.Kind == "" && !r.Ignored {
					good++
				}
			}
			if good != test.good {
				t.Errorf("%d entries are good, want %d: %v", good, test.good, plain(entries))
			}
			got := strings.Split(strings.TrimSuffix(reasons(t, cat, Options{}), "\n"), "\n")
			if len(test.want) == 0 {
				test.want = []string{""}
			}
			for i, want := range test.want {
				pattern := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(want), "%", "[0-9]+") + "$")
				if i >= len(got) || len(got) != len(test.want) || !pattern.MatchString(got[i]) {
					t.Errorf("faults are\n%s\nand not\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
					break
				}
			}
		})
	}
}

// TestTruncatedAnywhere cuts shards at every byte: a cut is named, unless it falls between two
// records of a TFRecord, and what stands whole before it is used.
func TestTruncatedAnywhere(t *testing.T) {
	image := []byte("\xff\xd8\xff not a real image, but sniffed as one")
	var records []byte
	var ends []int
	var rows []parquetRow
	var members []file
	for i := range 3 {
		records = tfrecord.Append(records, example(map[string]any{"image": image, "label": i}))
		ends = append(ends, len(records))
		rows = append(rows, parquetRow{parquetImage{image, ""}, int64(i), 0})
		members = append(members, file{fmt.Sprint(i, ".jpg"), image}, file{fmt.Sprint(i, ".cls"), fmt.Append(nil, i)})
	}
	tar := tarOf(t, members...)
	for _, test := range []struct {
		file  string
		data  []byte
		whole func(n int) int // how many entries are whole in the first n bytes; −1: that cannot be known
		quiet func(n int) bool
	}{
		{"x.tfrecord", records, func(n int) int {
			k, _ := slices.BinarySearch(ends, n+1)
			return k
		}, func(n int) bool { return slices.Contains(ends, n) }},
		{"x.tfrecord.gz", tartest.Gzip(t, records), nil, nil},
		{"x.tfrecord.zlib", tartest.Zlib(t, records), nil, nil},
		{"x.tar.gz", tartest.Gzip(t, tar), nil, nil},
		{"x.tar.zst", tartest.Zstd(t, tar), nil, nil},
		{"x.parquet", parquetOf(t, rows), func(int) int { return 0 }, nil}, // its footer is at the end
	} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, test.file), test.data)
		_, all := scan(t, Options{}, Input{"", dir})
		if len(all) != 3 || all[2].Kind != "" {
			t.Fatalf("%s: %v", test.file, plain(all))
		}
		for n := range len(test.data) {
			put(t, filepath.Join(dir, test.file), test.data[:n])
			_, got := scan(t, Options{}, Input{"", dir})
			good, faults := 0, 0
			for _, r := range got {
				switch {
				case r.Kind != "":
					faults++
				case r.Ignored:
				case good == len(all) || r != all[good]:
					t.Fatalf("%s cut at byte %d of %d: %v", test.file, n, len(test.data), plain(got))
				default:
					good++
				}
			}
			empty := n == 0 && (test.file == "x.tfrecord" || test.file == "x.tfrecord.gz") // of no records
			if quiet := empty || test.quiet != nil && test.quiet(n); quiet != (faults == 0) || faults > 2 {
				t.Errorf("%s cut at byte %d of %d: %v", test.file, n, len(test.data), plain(got))
			}
			if test.whole != nil && good != test.whole(n) {
				t.Errorf("%s cut at byte %d of %d: %d entries, want %d", test.file, n, len(test.data), good, test.whole(n))
			}
		}
	}
}
