package hfparquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/shard/shardtest"
)

func TestPaths(t *testing.T) {
	s := shardtest.Spec(shard.Pair)
	s.Shards = 64
	if got := (Format{}).ShardPath(s, 3); got != "data/train-00003-of-00064.parquet" {
		t.Error(got)
	}
	s.Replica = 7
	if got := (Format{}).ShardPath(s, 3); got != "data/train_r007-00003-of-00064.parquet" {
		t.Error(got)
	}
}

func TestMetadata(t *testing.T) {
	got, err := metadata([]string{"a", `"é`}, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"info": {"features": {"image": {"_type": "Image"}, "label": {"names": ["a","\"é"], "_type": "ClassLabel"}, "key": `,
		`"box": {"feature": {"dtype": "int64", "_type": "Value"}, "_type": "Sequence"}`,
		`"soft_label": {"feature": {"dtype": "float32", "_type": "Value"}, "_type": "Sequence"}}}}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
}

// Row groups are bounded in rows, and images have no bounds in the footer.
func TestLayout(t *testing.T) {
	s := shardtest.Spec(shard.Dense)
	data, _ := shardtest.Write(t, Format{}, s, shardtest.Records(s, 250))
	f, err := Open(bytes.NewReader(data), int64(len(data)), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	var rows []int64
	for i := range f.Groups() {
		rows = append(rows, f.Rows(i))
	}
	if diff := cmp.Diff([]int64{100, 100, 50}, rows); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(s.Classes, f.Classes("label")); diff != "" {
		t.Error(diff)
	}
	if f.Classes("replica") != nil || f.Has("width") || !f.Has("box") {
		t.Error("columns are not what they should be")
	}
	if footer := binary.LittleEndian.Uint32(data[len(data)-8:]); footer > 20_000 {
		t.Errorf("a footer of %d bytes", footer)
	}
	if by := f.f.Metadata().CreatedBy; by != createdBy {
		t.Errorf("created by %q", by)
	}
}

// Pages have checksums: what is flipped between the first byte and the footer is found, unless it
// is in a page header and does not matter.
func TestFlippedPages(t *testing.T) {
	s := shardtest.Spec(shard.Dense)
	want := shardtest.Records(s, 3)
	data, _ := shardtest.Write(t, Format{}, s, want)
	first := bytes.Index(data, want[0].Image)
	for i := first; i < first+len(want[0].Image)+len(want[1].Image)+4; i++ {
		data[i] ^= 4
		got := shardtest.Read(Format{}, bytes.NewReader(data), 0)
		data[i] ^= 4
		if got.Err == nil || !strings.Contains(got.Err.Error(), "checksum") || len(got.Records) > 0 {
			t.Fatalf("byte %d: %d records, %v", i, len(got.Records), got.Err)
		}
	}
}

// Files that datasets and pyarrow wrote; see testdata/make.py.
func TestForeign(t *testing.T) {
	for name, groups := range map[string]int{"datasets": 2, "zstd": 2, "gzip": 2, "brotli": 2, "lz4": 2} {
		raw, err := os.ReadFile(filepath.Join("testdata", name+".parquet"))
		if err != nil {
			t.Fatal(err)
		}
		f, err := Open(bytes.NewReader(raw), int64(len(raw)), 1<<20)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if f.Groups() != groups || f.ImageColumn() != "image" {
			t.Errorf("%s: %d row groups, images in %q", name, f.Groups(), f.ImageColumn())
		}
		if diff := cmp.Diff([]string{"daisy", "rosé"}, f.Classes("label")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		var labels []int
		var paths []string
		for g := range f.Groups() {
			err := f.Images(g, "image", "label", func(img Image) error {
				labels, paths = append(labels, img.Label), append(paths, img.Path)
				if !bytes.HasPrefix(img.Bytes, []byte("\x89PNG")) {
					t.Errorf("%s: image %.8q", name, img.Bytes)
				}
				return nil
			})
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if diff := cmp.Diff([]int{0, 1, -1, 1}, labels); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff([]string{"", "", "", ""}, paths); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		stop := errors.New("stop")
		if err := f.Images(0, "image", "", func(img Image) error { return stop }); err != stop {
			t.Errorf("%s: %v, want the error of yield", name, err)
		}
		for _, columns := range [][2]string{{"nothing", "label"}, {"image", "nothing"}, {"image", "image"}, {"label", "label"}} {
			if err := f.Images(0, columns[0], columns[1], func(Image) error { return nil }); !errors.Is(err, ErrFormat) {
				t.Errorf("%s: columns %q: %v", name, columns, err)
			}
		}
		// As a shard it lacks everything but image and label.
		got := shardtest.Read(Format{}, bytes.NewReader(raw), 0)
		if len(got.Records) != 4 || got.Err != nil || len(got.Deviations) == 0 || got.Records[1].Label != 1 || got.Records[1].Key != "n1" {
			t.Errorf("%s: %d records, %v, %v", name, len(got.Records), got.Err, got.Deviations)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	tail := func(footer string) []byte {
		b := append([]byte("PAR1"), footer...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(footer)))
		return append(b, "PAR1"...)
	}
	tests := map[string][]byte{
		"empty":            nil,
		"no magic":         make([]byte, 100),
		"long footer":      []byte("PAR1\xff\xff\xff\xffPAR1"),
		"empty footer":     tail(""),
		"no schema":        tail("\x00"),
		"long binary":      tail("\x18\xff\xff\xff\xff\x0f"),
		"a billion groups": tail("\x19\xfc\x80\x94\xeb\xdc\x03"),
		"deep":             tail(strings.Repeat("\x1c", 100)),
		"bad type":         tail("\x1d"),
		"encrypted":        append(make([]byte, 20), "PARE"...),
	}
	for name, raw := range tests {
		if _, err := Open(bytes.NewReader(raw), int64(len(raw)), 1<<20); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, form := range []string{shard.Pair, shard.Dense} {
		s := shardtest.Spec(form)
		data, _ := shardtest.Write(f, Format{}, s, shardtest.Records(s, 2))
		f.Add(data)
	}
	names, err := filepath.Glob("testdata/*.parquet")
	if err != nil || len(names) == 0 {
		f.Fatal(names, err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := Format{}.NewReader(bytes.NewReader(raw), shard.ReadOptions{MaxBytes: 1 << 20, Report: func(shard.Deviation) {}})
		var rec shard.Record
		for n := 0; ; n++ {
			err := r.Next(&rec)
			if err == io.EOF {
				break
			}
			if err != nil {
				if !errors.Is(err, ErrFormat) {
					t.Fatalf("not a format error: %v", err)
				}
				break
			}
			if len(rec.Image) > 1<<20 || n > 1<<20 {
				t.Fatalf("row %d with an image of %d bytes", n, len(rec.Image))
			}
		}
	})
}
