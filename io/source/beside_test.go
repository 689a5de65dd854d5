package source

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/io/blob"
)

// TestBeside: data that are not used are named by kind with a count and an example, and side files of shards
// are not.
func TestBeside(t *testing.T) {
	tests := []struct {
		name   string
		shards []string // tars of samples
		side   []string
		want   []string // warnings and notes
	}{
		{"side files", []string{"00000.tar", "00001.tar"}, []string{"00000.parquet", "00001.parquet", "00000_stats.json", "00000.idx", "00000.index", "nshards.txt", "_SUCCESS", ".00000.tar.crc", "README.md"}, nil},
		{"more of img2dataset than tars", []string{"00000.tar"}, []string{"00000.parquet", "00000_stats.json"}, nil},
		{"other compressions", []string{"a-0.tar", "a-1.tar"}, []string{"a-3.7z", "a-2.xz", "b.lz4"},
			[]string{"not used: 1 7z archive, a-3.7z", "not used: 1 lz4 file, b.lz4", "not used: 1 xz file, a-2.xz"}},
		{"other formats", []string{"a-0.tar", "a-1.tar", "a-2.tar"}, []string{"train-00000-of-00001.tfrecord", "more.parquet", "x.zip", "sub/y.7z", "z.arrow"},
			[]string{"not used: 1 7z archive, sub/y.7z", "not used: 1 Arrow file, z.arrow", "not used: 1 Parquet file, more.parquet", "not used: 1 TFRecord file, train-00000-of-00001.tfrecord", "not used: 1 zip archive, x.zip"}},
		{"other splits", []string{"train-0.tar", "train-1.tar", "val-0.tar", "extra-0.tar", "extra-1.tar"}, nil,
			[]string{"not used: 1 shard of the split validation; use --split validation for it", "not used: 2 shards whose names do not say that they are of the split train, such as extra-0.tar"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for i, name := range test.shards {
				put(t, filepath.Join(dir, name), tarOf(t, file{fmt.Sprintf("s%d.jpg", i), picture(i)}, file{fmt.Sprintf("s%d.cls", i), []byte("0")}))
			}
			for _, name := range test.side {
				put(t, filepath.Join(dir, name), []byte("x"))
			}
			cat, _ := scan(t, Options{}, Input{"", dir})
			got := slices.DeleteFunc(append(cat.Warnings, cat.Notes...), func(s string) bool { return !strings.HasPrefix(s, "not used") })
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestDanglingShard: a shard that is a link to nothing is a failure, and weighs as much as a shard.
func TestDanglingShard(t *testing.T) {
	dir := t.TempDir()
	for i := range 2 {
		put(t, filepath.Join(dir, fmt.Sprintf("s-%d.tar", i)), tarOf(t, file{fmt.Sprintf("s%d.jpg", i), picture(i)}, file{fmt.Sprintf("s%d.cls", i), []byte("0")}))
	}
	if err := os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "s-2.tar")); err != nil {
		t.Fatal(err)
	}
	cat, _ := scan(t, Options{}, Input{"", dir})
	if len(cat.Failures) != 1 || cat.Failures[0].Name != "s-2.tar" || cat.Failures[0].Weight != -1 || !strings.Contains(cat.Failures[0].Reason, "dangling symbolic link") {
		t.Errorf("%+v", cat.Failures)
	}
	for i := range 2 {
		if err := os.Remove(filepath.Join(dir, fmt.Sprintf("s-%d.tar", i))); err != nil {
			t.Fatal(err)
		}
	}
	wantUsage(t, Options{}, []Input{{"", dir}}, "none of its shards is a file")
}

// TestPromises: shards that names or lists promise are missing, or accepted.
func TestPromises(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		want  string // in a doubt; empty: there is none
	}{
		{"all", []string{"a-00000-of-00002.tar", "a-00001-of-00002.tar"}, ""},
		{"from 1", []string{"a-00001-of-00002.tar", "a-00002-of-00002.tar"}, ""},
		{"with a hash", []string{"train-00000-of-00002-0123456789abcdef.tar", "train-00001-of-00002-fedcba9876543210.tar"}, ""},
		{"the last is missing", []string{"a-00000-of-00003.tar", "a-00001-of-00003.tar"}, "1 of the 3 shards that names promise are missing: a-00002-of-00003.tar"},
		{"one is missing, with hashes", []string{"train-00000-of-00003-0123456789abcdef.tar", "train-00002-of-00003-fedcba9876543210.tar"}, "1 of the 3 shards"},
		{"two generations", []string{"a-00000-of-00001.tar", "a-00000-of-00002.tar", "a-00001-of-00002.tar"}, "two generations"},
		{"two generations of one size", []string{"train-00000-of-00001-0123456789abcdef.tar", "train-00000-of-00001-fedcba9876543210.tar"}, "train-00000-of-00001-0123456789abcdef.tar and train-00000-of-00001-fedcba9876543210.tar have one number"},
		{"a promise of a million", []string{"a-000000-of-999999.tar"}, "999998 of the 999999 shards that names promise are missing: a-000001-of-999999.tar, a-000002-of-999999.tar, a-000003-of-999999.tar, …"},
		{"a list", []string{"a.tar", "_info.json"}, "1 of the 2 shards that _info.json promises are missing: b.tar"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for i, name := range test.files {
				data := tarOf(t, file{fmt.Sprintf("s%d.jpg", i), picture(i)}, file{fmt.Sprintf("s%d.cls", i), []byte("0")})
				if name == "_info.json" {
					data = []byte(`{"splits": {"train": {"filenames": ["a.tar", "b.tar"], "shard_lengths": [1, 1]}}}`)
				}
				put(t, filepath.Join(dir, name), data)
			}
			cat, _ := scan(t, Options{}, Input{"", dir})
			doubts := fmt.Sprint(cat.Doubts)
			if len(cat.Doubts) > 1 || (len(cat.Doubts) == 0) != (test.want == "") || !strings.Contains(doubts, test.want) {
				t.Errorf("%s, want %q", doubts, test.want)
			}
			picked, _ := scan(t, Options{}, Input{"", filepath.Join(dir, "*.tar")})
			if len(picked.Doubts) > 0 {
				t.Errorf("picked files: %v", picked.Doubts)
			}
			cat, _ = scan(t, Options{Accept: []string{AcceptMissing}}, Input{"", dir})
			if missing := strings.Contains(test.want, "missing"); missing && (len(cat.Doubts) > 0 || !strings.Contains(fmt.Sprint(cat.Warnings), test.want)) {
				t.Errorf("accepted: doubts %v, warnings %q", cat.Doubts, cat.Warnings)
			}
		})
	}
}

// TestConfigurations: folders with the same splits are variants of a data set, in however many files.
func TestConfigurations(t *testing.T) {
	tests := []struct {
		name, want string
		shards     []string
	}{
		{"one", "", []string{"en/train-00000-of-00002.parquet", "en/train-00001-of-00002.parquet", "en/test-00000-of-00001.parquet"}},
		{"two of one size", "en and fr", []string{"en/train-00000-of-00001.parquet", "fr/train-00000-of-00001.parquet"}},
		{"two sizes", "en and fr", []string{"en/train-00000-of-00001.parquet", "fr/train-00000-of-00002.parquet", "fr/train-00001-of-00002.parquet"}},
		{"not neighbours", "a and c", []string{"a/train-00000-of-00001.parquet", "b/x.parquet", "c/train-00000-of-00001.parquet"}},
		{"converted by the Hub", "a and b", []string{"a/train/0000.parquet", "b/train/0000.parquet", "b/train/0001.parquet"}},
		{"splits", "", []string{"train/0000.parquet", "test/0000.parquet"}},
		{"parts", "", []string{"part1/0000.tar", "part2/0000.tar"}},
		{"parts of a split", "", []string{"part1/train-0.tar", "part2/train-1.tar"}},
	}
	for _, test := range tests {
		d := &discovery{}
		r := root{uri: "/in"}
		var shards []blob.Object
		for _, s := range test.shards {
			shards = append(shards, blob.Object{URI: "/in/" + s})
		}
		d.configurations(r, shards)
		if len(d.Doubts) > 1 || (len(d.Doubts) == 0) != (test.want == "") || !strings.Contains(fmt.Sprint(d.Doubts), test.want) {
			t.Errorf("%s: %v, want %q", test.name, d.Doubts, test.want)
		}
	}
}
