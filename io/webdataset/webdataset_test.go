package webdataset

import (
	"archive/tar"
	"bytes"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/io/npy"
	"github.com/premix/premix/io/shard"
)

func spec() shard.Spec {
	return shard.Spec{
		Name: "flowers", Split: "train", Replica: -1, Shards: 2, Classes: []string{"daisy", "rose", "tulip"},
		LabelForm: shard.Pair, ImageFormat: "jpg", Size: premix.Size{H: 8, W: 8},
	}
}

func record() *shard.Record {
	return &shard.Record{
		Key: "000000007", Image: []byte("not really a JPEG"), ImageFormat: "jpg", Label: 2, LabelA: 2, LabelB: 0,
		Lam: 0.75, LamDrawn: 0.7512345678901234, Box: premix.Box{X0: 1, Y0: 2, X1: 5, Y1: 6}, SrcBox: premix.Box{X0: 1, Y0: 2, X1: 5, Y1: 6},
		Peak: premix.Peak{X: 3, Y: 4}, Method: "saliencymix", Mixed: true, Target: "tulip/ä b.jpg", Source: `rose/"q"\1.jpg`,
	}
}

func write(t *testing.T, s shard.Spec, recs ...*shard.Record) ([]byte, []byte) {
	t.Helper()
	var buf bytes.Buffer
	w := Format{}.NewWriter(&buf, s)
	for _, r := range recs {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), w.Index()
}

func TestJSON(t *testing.T) {
	want := `{"key":"000000007","label":2,"label_a":2,"label_b":0,"lam":0.75,"lam_drawn":0.7512345678901234,` +
		`"box":[1,2,5,6],"src_box":[1,2,5,6],"peak":[3,4],"flat":false,"method":"saliencymix","mixed":true,"replica":0,` +
		`"target":"tulip/ä b.jpg","source":"rose/\"q\"\\1.jpg","mix":[2.0,0.0,0.75]}`
	if diff := cmp.Diff(want, string(appendJSON(nil, record()))); diff != "" {
		t.Error(diff)
	}
}

// The standard library, asked for strict USTAR, writes the same archive.
func TestAgainstArchiveTar(t *testing.T) {
	s := spec()
	s.LabelForm = shard.Dense
	r := record()
	r.Soft = []float32{0.25, 0, 0.75}
	got, _ := write(t, s, r)

	var want bytes.Buffer
	w := tar.NewWriter(&want)
	for _, m := range []struct {
		ext  string
		data []byte
	}{
		{"cls", []byte("2")}, {"jpg", r.Image}, {"json", appendJSON(nil, r)}, {"soft.npy", npy.AppendFloat32(nil, r.Soft)},
	} {
		h := &tar.Header{Name: r.Key + "." + m.ext, Typeflag: tar.TypeReg, Mode: 0o444, Size: int64(len(m.data)), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Bytes(), got); diff != "" {
		t.Error(diff)
	}
}

func TestIndex(t *testing.T) {
	_, idx := write(t, spec(), record())
	json := len(appendJSON(nil, record()))
	want := "v1.2 1\n" + "cls 512 1 000000007.cls jpg 1536 17 000000007.jpg json 2560 " + itoa(json) + " 000000007.json\n"
	if diff := cmp.Diff(want, string(idx)); diff != "" {
		t.Error(diff)
	}
}

func itoa(n int) string { return string(appendInts(nil, n)[1 : len(appendInts(nil, n))-1]) }

func TestHeaderLimits(t *testing.T) {
	if _, err := appendHeader(nil, strings.Repeat("x", 101), 0); err == nil {
		t.Error("name of 101 bytes: no error")
	}
	if _, err := appendHeader(nil, "x", 1<<33); err == nil {
		t.Error("8 GiB: no error")
	}
	h, err := appendHeader(nil, strings.Repeat("x", 100), 1<<33-1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tar.NewReader(bytes.NewReader(h)).Next()
	if err != nil || got.Size != 1<<33-1 || len(got.Name) != 100 {
		t.Errorf("archive/tar reads %+v, %v", got, err)
	}
}

func TestSplitName(t *testing.T) {
	tests := []struct {
		name, key, ext string
		ok             bool
	}{
		{"a.jpg", "a", "jpg", true},
		{"dir.d/a.soft.npy", "dir.d/a", "soft.npy", true},
		{"./a.cls", "./a", "cls", true},
		{"a.", "a", "", true},
		{"a", "", "", false},
		{".hidden.jpg", "", "", false},
		{"dir.d/a", "", "", false},
		{"", "", "", false},
	}
	for _, tt := range tests {
		key, ext, ok := SplitName(tt.name)
		if key != tt.key || ext != tt.ext || ok != tt.ok {
			t.Errorf("SplitName(%q) = %q, %q, %v", tt.name, key, ext, ok)
		}
	}
}

func TestPaths(t *testing.T) {
	s := spec()
	if got := (Format{}).ShardPath(s, 12); got != "flowers-train-000012.tar" {
		t.Error(got)
	}
	s.Replica = 3
	if got := (Format{}).ShardPath(s, 12); got != "flowers-train-r003-000012.tar" {
		t.Error(got)
	}
	if got := (Format{}).IndexPath(s, 12); got != "__index__/flowers-train-r003-000012.idx" {
		t.Error(got)
	}
}

// read returns the records, the deviations, and the error that ended it.
func read(data []byte) (recs []shard.Record, found []string, err error) {
	r := Format{}.NewReader(bytes.NewReader(data), shard.ReadOptions{Report: func(d shard.Deviation) { found = append(found, d.String()) }})
	for {
		var rec shard.Record
		if err = r.Next(&rec); err != nil {
			if err == io.EOF {
				err = nil
			}
			return recs, found, err
		}
		recs = append(recs, rec)
	}
}

func TestRoundTrip(t *testing.T) {
	s := spec()
	s.LabelForm = shard.Dense16
	a, b := record(), record()
	b.Key = "000000008"
	b.Box, b.SrcBox, b.Peak, b.Flat, b.Mixed, b.Lam = premix.Box{}, premix.Box{}, premix.NoPeak, true, false, 1
	a.Soft, b.Soft = []float32{0.25, 0, 0.75}, []float32{0, 0, 1}
	data, _ := write(t, s, a, b)
	recs, found, err := read(data)
	if err != nil || len(found) > 0 {
		t.Errorf("%v, deviations %q", err, found)
	}
	if diff := cmp.Diff([]shard.Record{*a, *b}, recs); diff != "" {
		t.Error(diff)
	}
}

// TestLargeGroup: the set of a sample of very many members is not kept, since each sample behind it would clear all of it.
func TestLargeGroup(t *testing.T) {
	var parts []part
	for i := range mostExts + 1 {
		parts = append(parts, part{name: "a.x" + itoa(i)})
	}
	parts = append(parts, part{name: "b.cls", data: "1"}, part{name: "c.cls", data: "1"})
	r := newReader(bytes.NewReader(pack(t, parts...)), shard.ReadOptions{})
	var sets []uintptr
	for range 3 {
		if err := r.Next(new(shard.Record)); err == nil || err == io.EOF {
			t.Fatal(err)
		}
		sets = append(sets, reflect.ValueOf(r.group.seen).Pointer())
	}
	if sets[0] == sets[1] || sets[1] != sets[2] {
		t.Error("the large set is used again, or the small one is not")
	}
}
