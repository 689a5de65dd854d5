package tfshard

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/internal/sharedtest"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
)

func spec() shard.Spec {
	return shard.Spec{
		Name: "flowers", Split: "train", Replica: -1, Shards: 2, Classes: []string{"daisy", "rose", "tulip"},
		LabelForm: shard.Pair, ImageFormat: "jpg", Size: premix.Size{H: 6, W: 8},
	}
}

func record() *shard.Record {
	return &shard.Record{
		Key: "000000007", Image: []byte("JPEG"), ImageFormat: "jpg", Label: 2, LabelA: 2, LabelB: 0, Lam: 0.75, LamDrawn: 0.7,
		Peak: premix.Peak{X: 3, Y: 4}, Box: premix.Box{X1: 1, Y1: 1}, SrcBox: premix.Box{X1: 1, Y1: 1},
		Method: "saliencymix", Mixed: true, Target: "t", Source: "s", Class: "tulip",
	}
}

func TestPaths(t *testing.T) {
	s := spec()
	s.Shards = 1024
	for _, tt := range []struct {
		f           shard.Format
		replica     int
		path, index string
	}{
		{Slim{}, -1, "train-00003-of-01024", "__index__/train-00003-of-01024.idx"},
		{Slim{}, 5, "train-r005-00003-of-01024", "__index__/train-r005-00003-of-01024.idx"},
		{TFDS{}, -1, "flowers/1.0.0/flowers-train.tfrecord-00003-of-01024", "flowers/1.0.0/__index__/flowers-train.tfrecord-00003-of-01024.idx"},
		{TFDS{}, 5, "flowers/1.0.0/flowers-train_r005.tfrecord-00003-of-01024", "flowers/1.0.0/__index__/flowers-train_r005.tfrecord-00003-of-01024.idx"},
		{ArrayRecord{}, -1, "flowers/1.0.0/flowers-train.array_record-00003-of-01024", ""},
		{ArrayRecord{}, 5, "flowers/1.0.0/flowers-train_r005.array_record-00003-of-01024", ""},
	} {
		s.Replica = tt.replica
		if p, i := tt.f.ShardPath(s, 3), tt.f.IndexPath(s, 3); p != tt.path || i != tt.index {
			t.Errorf("%s, %s; want %s, %s", p, i, tt.path, tt.index)
		}
	}
}

// only parses the only example of a shard.
func only(t *testing.T, f shard.Format, r *shard.Record) *tfexample.Example {
	t.Helper()
	var buf bytes.Buffer
	w := f.NewWriter(&buf, spec())
	if err := errors.Join(w.Write(r), w.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := tfrecord.NewReader(&buf, 0).Next()
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Payload(); got != int64(len(data)) {
		t.Errorf("payload %d, want %d", got, len(data))
	}
	e := &tfexample.Example{}
	if err := e.Parse(data); err != nil {
		t.Fatal(err)
	}
	return e
}

func featureNames(e *tfexample.Example) (s []string) {
	for i := range e.Len() {
		name, kind := e.Feature(i)
		s = append(s, name+" "+kind.String())
	}
	return s
}

func TestSlimFeatures(t *testing.T) {
	e := only(t, Slim{}, record())
	want := strings.Split("image/channels int64,image/class/label int64,image/class/synset bytes,image/colorspace bytes,"+
		"image/encoded bytes,image/filename bytes,image/format bytes,image/height int64,image/mix/box int64,image/mix/flat int64,"+
		"image/mix/label_a int64,image/mix/label_b int64,image/mix/lam float,image/mix/lam_drawn float,image/mix/method bytes,"+
		"image/mix/mixed int64,image/mix/peak int64,image/mix/replica int64,image/mix/source bytes,image/mix/src_box int64,"+
		"image/mix/target bytes,image/width int64", ",")
	if diff := cmp.Diff(want, featureNames(e)); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]int64{"image/class/label": 3, "image/mix/label_a": 2, "image/height": 6, "image/width": 8, "image/channels": 3} {
		if got, err := e.Int(name); got != want || err != nil {
			t.Errorf("%s is %d, want %d; %v", name, got, want, err)
		}
	}
	for name, want := range map[string]string{"image/format": "JPEG", "image/filename": "000000007.jpg", "image/colorspace": "RGB"} {
		if got, err := e.Text(name); got != want || err != nil {
			t.Errorf("%s is %q, want %q; %v", name, got, want, err)
		}
	}
}

func TestTFDSFeatures(t *testing.T) {
	e := only(t, TFDS{}, record())
	want := strings.Split("box int64,file_name bytes,flat int64,image bytes,key bytes,label int64,label_a int64,label_b int64,"+
		"lam float,lam_drawn float,method bytes,mixed int64,peak int64,replica int64,source bytes,src_box int64,target bytes", ",")
	if diff := cmp.Diff(want, featureNames(e)); diff != "" {
		t.Error(diff)
	}
	if got, err := e.Int("label"); got != 2 || err != nil {
		t.Errorf("label %d, %v", got, err)
	}
}

// The example's features and those of features.json are the same.
func TestFeaturesJSON(t *testing.T) {
	s := spec()
	set := shard.Set{Spec: s, Shards: []shard.ShardInfo{{Samples: 3, PayloadBytes: 100}, {Samples: 2, PayloadBytes: 11}}}
	files, err := TFDS{}.SideFiles([]shard.Set{set})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		FeaturesDict struct{ Features map[string]any }
		Splits       []struct {
			Name, NumBytes string
			ShardLengths   []string
		}
	}
	content := map[string]string{}
	for _, f := range files {
		content[f.Path] = string(f.Data())
		if strings.HasSuffix(f.Path, ".json") {
			if err := json.Unmarshal(f.Data(), &got); err != nil {
				t.Fatal(err)
			}
		}
	}
	e := only(t, TFDS{}, record())
	for i := range e.Len() {
		name, _ := e.Feature(i)
		if got.FeaturesDict.Features[name] == nil {
			t.Errorf("features.json lacks %s", name)
		}
		delete(got.FeaturesDict.Features, name)
	}
	if len(got.FeaturesDict.Features) > 0 {
		t.Errorf("features.json has %v too", got.FeaturesDict.Features)
	}
	if len(got.Splits) != 1 || got.Splits[0].NumBytes != "111" || strings.Join(got.Splits[0].ShardLengths, " ") != "3 2" {
		t.Errorf("splits %+v", got.Splits)
	}
	for _, label := range []string{"label", "label_a", "label_b"} {
		if got := content["flowers/1.0.0/"+label+".labels.txt"]; got != "daisy\nrose\ntulip\n" {
			t.Errorf("%s.labels.txt is %q", label, got)
		}
	}
}

func TestTFDSRefuses(t *testing.T) {
	s := spec()
	s.Classes = []string{"a", " a"}
	if err := (TFDS{}).Check(s); err == nil {
		t.Error("classes that differ in white space only: no error")
	}
	a, b := spec(), spec()
	b.Split, b.LabelForm = "validation", shard.Dense
	shards := make([]shard.ShardInfo, 2)
	if _, err := (TFDS{}).SideFiles([]shard.Set{{Spec: a, Shards: shards}, {Spec: b, Shards: shards}}); err == nil {
		t.Error("label forms differ: no error")
	}
	if _, err := (TFDS{}).SideFiles([]shard.Set{{Spec: a, Shards: shards[:1]}}); err == nil {
		t.Error("a shard is missing: no error")
	}
}

// read returns the records and everything that was found.
func read(f shard.Format, raw []byte) (recs []shard.Record, found []string) {
	return readUpTo(f, raw, 0)
}

// readUpTo does so with a limit for records.
func readUpTo(f shard.Format, raw []byte, limit int64) (recs []shard.Record, found []string) {
	r := f.NewReader(bytes.NewReader(raw), shard.ReadOptions{MaxBytes: limit, Report: func(d shard.Deviation) { found = append(found, d.String()) }})
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

func TestDeviations(t *testing.T) {
	var enc tfexample.Encoder
	frame := func(edit func(*tfexample.Encoder)) []byte {
		enc.Reset()
		edit(&enc)
		return tfrecord.Append(nil, enc.Append(nil))
	}
	good := frame(func(e *tfexample.Encoder) { encodeTFDS(e, record()) })
	tests := []struct {
		name string
		raw  []byte
		want string
	}{
		{"right", good, ""},
		{"more", frame(func(e *tfexample.Encoder) { encodeTFDS(e, record()); e.Ints("zzz", 1) }), "feature zzz is not one of premix"},
		{"wrong type", frame(func(e *tfexample.Encoder) { e.Bytes("image", nil); e.Text("label", "2") }), "tfds: tfexample: feature label holds bytes, want int64"},
		{"two labels", frame(func(e *tfexample.Encoder) { e.Bytes("image", nil); e.Ints("label", 2, 3) }), "feature label has 2 values, want 1"},
		{"short box", frame(func(e *tfexample.Encoder) { e.Bytes("image", nil); e.Ints("box", 2, 3) }), "feature box has 2 values, want 4"},
		{"huge label", frame(func(e *tfexample.Encoder) { e.Bytes("image", nil); e.Ints("label", 1<<40) }), "beyond 32 bits"},
		{"no image", frame(func(e *tfexample.Encoder) { e.Ints("label", 1) }), "feature image is missing"},
		{"no example", tfrecord.Append(nil, []byte("\xff\xff")), "record 0 at byte 0: tfds: tfexample: byte 0"},
	}
	for _, tt := range tests {
		recs, found := read(TFDS{}, append(tt.raw, good...))
		if len(recs) == 0 || recs[len(recs)-1].Key != "000000007" {
			t.Errorf("%s: the record behind was not read", tt.name)
		}
		if tt.want == "" && len(found) > 0 || tt.want != "" && (len(found) != 1 || !strings.Contains(found[0], tt.want)) {
			t.Errorf("%s: found %q, want %q", tt.name, found, tt.want)
		}
	}
}

// Shards written by TensorFlow and TFDS themselves hold the same images.
func TestForeign(t *testing.T) {
	dir := sharedtest.Dir(t, "formats")
	var images [2][]string
	for i, v := range []struct {
		f       shard.Format
		pattern string
	}{{Slim{}, "slim/train-*"}, {TFDS{}, "tfds/premix_example/1.0.0/*.tfrecord-*"}} {
		names, err := filepath.Glob(filepath.Join(dir, v.pattern))
		if err != nil || len(names) != 2 {
			t.Fatal(names, err)
		}
		for _, name := range names {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			recs, found := read(v.f, raw)
			if len(recs) != 8 || len(found) == 0 {
				t.Errorf("%s: %d records, %q", name, len(recs), found)
			}
			for _, r := range recs {
				if r.Label < 0 || r.Label > 4 || r.LabelA != -1 {
					t.Errorf("%s: %s has the labels %d, %d", name, r.Key, r.Label, r.LabelA)
				}
				images[i] = append(images[i], string(r.Image))
			}
		}
	}
	if diff := cmp.Diff(images[0], images[1]); diff != "" {
		t.Error("the images differ")
	}
}

func FuzzReader(f *testing.F) {
	for _, p := range []*profile{slim, tfds} {
		var enc tfexample.Encoder
		p.encode(&enc, record())
		f.Add(enc.Append(nil))
	}
	f.Fuzz(func(t *testing.T, example []byte) {
		raw := tfrecord.Append(nil, example)
		for _, f := range []shard.Format{Slim{}, TFDS{}} {
			recs, found := read(f, raw)
			if len(recs) == 0 && len(found) == 0 {
				t.Fatal("the record vanished")
			}
			for _, r := range recs {
				if len(r.Image)+4*len(r.Soft) > len(raw) {
					t.Fatalf("%d bytes of image and %d shares out of %d", len(r.Image), len(r.Soft), len(raw))
				}
			}
		}
	})
}
