package mds

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/shard/shardtest"
)

// read returns the records, and everything that was found.
func read(data []byte, limit int64) (recs []shard.Record, found []string) {
	r := Format{}.NewReader(bytes.NewReader(data), shard.ReadOptions{MaxBytes: limit, Report: func(d shard.Deviation) { found = append(found, d.String()) }})
	for {
		var rec shard.Record
		err := r.Next(&rec)
		var defect *shard.RecordError
		switch {
		case err == io.EOF:
			return recs, found
		case err == nil:
			recs = append(recs, rec)
		case errors.As(err, &defect):
			found = append(found, err.Error())
		default:
			return recs, append(found, err.Error())
		}
	}
}

func TestPaths(t *testing.T) {
	s := shardtest.Spec(shard.Pair)
	if p := (Format{}).ShardPath(s, 3); p != "train/train-00003-of-00004.mds" {
		t.Error(p)
	}
	s.Replica = 5
	if p := (Format{}).ShardPath(s, 3); p != "train-r005/train-r005-00003-of-00004.mds" {
		t.Error(p)
	}
}

// TestColumns: columns are in the order of the bytes of their names, as the reader takes them, and fixed sizes are right.
func TestColumns(t *testing.T) {
	for form, size := range map[string]int{shard.Pair: 0, shard.Dense: 28, shard.Dense16: 14} {
		columns := columnsOf("png", form, 7)
		fixed := map[string]int{"ndarray:int32:4": 16, "ndarray:int32:2": 8, "uint8": 1, "int": 8, "float64": 8, "ndarray:float32:7": 28, "ndarray:float16:7": 14}
		for i, c := range columns {
			if i > 0 && c.name <= columns[i-1].name {
				t.Errorf("%s comes after %s", c.name, columns[i-1].name)
			}
			if c.size != fixed[c.encoding] || c.name == "soft_label" && c.size != size {
				t.Errorf("%s (%s) has %d bytes", c.name, c.encoding, c.size)
			}
		}
		text := configOf(columns).text()
		back, image, f, err := parseConfig([]byte(text))
		if err != nil || image != "png" || f != form || !cmp.Equal(back, columns, cmp.AllowUnexported(column{})) {
			t.Errorf("%s is read as %v, %s, %s, %v", text, back, image, f, err)
		}
	}
}

// TestIndex: index.json has all that streaming asks for, and the places in a shard are where they should be.
func TestIndex(t *testing.T) {
	s := shardtest.Spec(shard.Dense16)
	data, _ := shardtest.Write(t, Format{}, s, shardtest.Records(s, 5))
	set := shard.Set{Spec: s, Shards: []shard.ShardInfo{{Name: Format{}.ShardPath(s, 0), Samples: 5, Bytes: int64(len(data)), SHA256: strings.Repeat("ab", 32)}, {Name: "train/x.mds"}}}
	files, err := Format{}.SideFiles([]shard.Set{set})
	if err != nil || len(files) != 1 || files[0].Path != "train/index.json" {
		t.Fatal(files, err)
	}
	var index struct {
		Version int
		Shards  []map[string]any
	}
	if err := json.Unmarshal(files[0].Data(), &index); err != nil || index.Version != 2 || len(index.Shards) != 2 {
		t.Fatalf("%s: %v", files[0].Data(), err)
	}
	got := index.Shards[0]
	for _, key := range strings.Fields("column_encodings column_names column_sizes compression format hashes raw_data samples size_limit version zip_data") {
		if _, ok := got[key]; !ok {
			t.Errorf("no key %s", key)
		}
	}
	raw := got["raw_data"].(map[string]any)
	if raw["basename"] != path.Base(set.Shards[0].Name) || raw["bytes"] != float64(len(data)) || got["samples"] != 5.0 {
		t.Errorf("%v", got)
	}
	if n, end := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4*6:]); n != 5 || int(end) != len(data) {
		t.Errorf("%d samples that end at %d of %d", n, end, len(data))
	}
}

func TestDamage(t *testing.T) {
	s := shardtest.Spec(shard.Pair)
	data, _ := shardtest.Write(t, Format{}, s, shardtest.Records(s, 3))
	put := func(at int, v uint32) []byte {
		b := bytes.Clone(data)
		binary.LittleEndian.PutUint32(b[at:], v)
		return b
	}
	second := int(binary.LittleEndian.Uint32(data[8:]))
	for _, tt := range []struct {
		name string
		data []byte
		good int
		want string
	}{
		{"right", data, 3, ""},
		{"cut", data[:second+10], 1, "truncated: the file ends at byte"},
		{"cut in the head", data[:10], 0, "truncated"},
		{"more", append(bytes.Clone(data), 0), 3, "bytes follow the last sample"},
		{"many", put(0, 1<<31), 0, "at most 67108864 are read"},
		{"place", put(8, 5), 0, "it ends before it begins"},
		{"no configuration", put(4, 20), 0, "leaves 0 bytes for the configuration"},
		{"size", put(second, 1<<30), 2, "record 1 at byte"},
		{"other columns", bytes.Replace(data, []byte(`"peak"`), []byte(`"beak"`), 1), 0, "the columns are not those of premix"},
		{"other text", bytes.Replace(data, []byte(`": "mds"`), []byte(`" :"mds"`), 1), 3, "the configuration differs"},
	} {
		recs, found := read(tt.data, 0)
		if len(recs) != tt.good || tt.want == "" && len(found) > 0 || tt.want != "" && (len(found) != 1 || !strings.Contains(found[0], tt.want)) {
			t.Errorf("%s: %d records, %q; want %d, %q", tt.name, len(recs), found, tt.good, tt.want)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, form := range []string{shard.Pair, shard.Dense, shard.Dense16} {
		s := shardtest.Spec(form)
		data, _ := shardtest.Write(f, Format{}, s, shardtest.Records(s, 3))
		f.Add(data)
		f.Add(data[:len(data)/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		recs, found := read(data, 1<<16)
		if len(recs) == 0 && len(found) == 0 && (len(data) < 8 || binary.LittleEndian.Uint32(data) != 0) {
			t.Fatal("the samples vanished")
		}
		for _, r := range recs {
			if len(r.Image)+2*len(r.Soft) > len(data) {
				t.Fatalf("%d bytes of image and %d shares out of %d", len(r.Image), len(r.Soft), len(data))
			}
		}
	})
}
