package inspect_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/inspect"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/internal/golden"
	"github.com/premix/premix/io/cache"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/npy"
	"github.com/premix/premix/io/shard"
)

var ctx = context.Background()

func look(t *testing.T, path string, o inspect.Options) *inspect.Report {
	t.Helper()
	r, err := inspect.Path(ctx, path, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var unstable = regexp.MustCompile(`("bytes": |"digest": ")[0-9a-f]+|[0-9.]+ [kM]?B\b`)

// stable hides sizes and hashes that depend on how well an encoder packs.
func stable(b []byte) []byte { return unstable.ReplaceAll(b, []byte("${1}0")) }

func text(t *testing.T, r *inspect.Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestOutput pins the report of an output, as JSON and for people.
func TestOutput(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	o := fixture.Output{Dir: out, Failures: []premix.Failure{{Name: "x", Stage: "decode", Kind: premix.Empty, Reason: "no bytes"}}}
	o.Make(t)
	v := fixture.Output{Dir: out, Split: "validation", Images: 3, Shards: 1, Replicas: []int{0, 1}}
	v.Shard(t) // not finished
	r := look(t, out, inspect.Options{Records: 2})
	r.Path = "out"
	data, err := dataset.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "output.json", stable(data))
	golden.Equal(t, "output.txt", stable([]byte(text(t, r))))
	for _, elsewhere := range []string{"__premix__", "__premix__/train", "__premix__/train/manifest.json"} {
		if got := look(t, filepath.Join(out, elsewhere), inspect.Options{}); got.Kind != inspect.KindOutput || got.Splits[0].Name != "train" {
			t.Errorf("%s is %s", elsewhere, got.Kind)
		}
	}
	if one := look(t, out, inspect.Options{Split: "validation"}); len(one.Splits) != 1 || one.Samples != 6 || one.Splits[0].Finished {
		t.Errorf("the split alone: %+v", one.Splits)
	}
	if _, err := inspect.Path(ctx, out, inspect.Options{Split: "test"}); err == nil {
		t.Error("a split that is not there was found")
	}
}

// TestKinds: everything that premix writes or reads is recognized by its bytes.
func TestKinds(t *testing.T) {
	dir := t.TempDir()
	o := fixture.Output{Dir: filepath.Join(dir, "out"), In: filepath.Join(dir, "in")}
	o.Make(t)
	store := cache.Open(filepath.Join(dir, "cache"), "0123456789abcdef", []byte(`{"size":"24x32"}`))
	sample := premix.Sample{Key: "image 00", Name: "disc/image 00.png", Location: premix.Location{URI: filepath.Join(o.In, "disc/image 00.png"), Length: -1},
		Width: 40, Height: 60, Crop: premix.Crop{X: 4, Y: 6, W: 30, H: 30}, Peak: premix.Peak{X: 3, Y: 4}, Trough: premix.NoPeak}
	bad := premix.Sample{Key: "b", Name: "disc/b", Fault: &premix.Fault{Kind: premix.Corrupt, Reason: "crc"}, FaultStage: premix.StageDecode}
	names, err := store.Save(ctx, "00ff", cache.Meta{Container: "disc", First: "disc/b", Last: "disc/image 00.png", Replicas: []int{0}}, &cache.Chunk{Rows: []premix.Sample{sample, bad}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"soft.npy": npy.AppendFloat32(nil, []float32{0.25, 0.75}), "empty": nil, "words.txt": []byte("nothing here\n"), "short": []byte("ab"),
		"PAR1": []byte("PAR1 and no more"), "bad.npy": []byte("\x93NUMPY\x01"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// A test split has no labels: it cannot be mixed, and can be looked at.
	picture, err := os.ReadFile(filepath.Join(o.In, "disc/image 00.png"))
	if err != nil {
		t.Fatal(err)
	}
	var test bytes.Buffer
	w := tar.NewWriter(&test)
	for i := range 16 {
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%d.png", i), Size: int64(len(picture)), Mode: 0o444}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(picture); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "unlabelled"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "unlabelled/x-test.tar"), test.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path, kind, format string
		samples            int64
		say                string // part of the text
	}{
		{"out", inspect.KindOutput, "webdataset", 12, "finished"},
		{"out/demo-train-000000.tar", inspect.KindShard, "webdataset", 6, "keys 000000000 to 000000005"},
		{"out/__premix__/train/plan/demo-train-000001.parquet", inspect.KindPlan, "", 6, "keys 000000006 to 000000011"},
		{"out/*.tar", inspect.KindInput, "webdataset", 12, "2 containers"},
		{"unlabelled", inspect.KindInput, "webdataset", 16, "x-test.tar/0.png  byte 0: no label"},
		{"in", inspect.KindInput, "imagefolder", 12, "3 classes: 0 disc (4 images), 1 hash (4 images), 2 rings (4 images)"},
		{"in/disc/image 00.png", inspect.KindImage, "png", 1, "40 x 60 pixels"},
		{"cache", inspect.KindCache, "", 2, "crc"},
		{"cache/0123456789abcdef", inspect.KindCache, "", 2, "24x32"},
		{"cache/0123456789abcdef/" + names[0], inspect.KindCache, "", 2, "disc, entries b to image 00.png"},
		{"soft.npy", inspect.KindArray, "", 0, "2 values of 4 bytes, sum 1"},
		{"bad.npy", inspect.KindArray, "", 0, "note: "},
		{"empty", inspect.KindUnknown, "", 0, "the file is empty"},
		{"words.txt", inspect.KindUnknown, "", 0, "note: "},
		{"short", inspect.KindUnknown, "", 0, "note: "},
		{"PAR1", inspect.KindUnknown, "", 0, "note: "},
	}
	for _, test := range tests {
		t.Run(test.path, func(t *testing.T) {
			r := look(t, filepath.Join(dir, test.path), inspect.Options{})
			if r.Kind != test.kind || r.Format != test.format || r.Samples != test.samples {
				t.Errorf("kind %s, format %s, %d samples", r.Kind, r.Format, r.Samples)
			}
			if said := text(t, r); !strings.Contains(said, test.say) {
				t.Errorf("no %q in\n%s", test.say, said)
			}
			data, err := dataset.Encode(r)
			if err != nil {
				t.Fatal(err)
			}
			var back map[string]any
			if err := json.Unmarshal(data, &back); err != nil || back["kind"] != test.kind {
				t.Errorf("%v: %s", err, data)
			}
		})
	}
	if _, err := inspect.Path(ctx, filepath.Join(dir, "none"), inspect.Options{}); err == nil {
		t.Error("a path that does not exist was described")
	}
	if r := look(t, "synth:7", inspect.Options{}); r.Kind != inspect.KindInput || r.Samples != 7 {
		t.Errorf("synth:7 is %s of %d", r.Kind, r.Samples)
	}
}

// TestShards: the shards of all formats give the same answers.
func TestShards(t *testing.T) {
	var want *inspect.Report
	for _, name := range formats.Names() {
		o := fixture.Output{Dir: t.TempDir(), Format: name, Shards: 1, LabelForm: shard.Dense}
		o.Make(t)
		r := look(t, filepath.Join(o.Dir, o.Records[0].Path), inspect.Options{Records: 4})
		if r.Kind != inspect.KindShard || r.Format != name || len(r.Records) != 4 {
			t.Fatalf("%s: a %s of %s with %d records", name, r.Kind, r.Format, len(r.Records))
		}
		if want == nil {
			want = r
			continue
		}
		if r.Samples != want.Samples || r.Mixed != want.Mixed || r.Keys == nil || *r.Keys != *want.Keys {
			t.Errorf("%s: %+v, want %+v", name, r.Summary, want.Summary)
		}
		if d := float64(r.LamSum - want.LamSum); d > 1e-5 || d < -1e-5 {
			t.Errorf("%s: lam sum %v, want %v", name, r.LamSum, want.LamSum)
		}
		for i := range r.Labels {
			if a, b := r.Labels[i], want.Labels[i]; a.Label != b.Label || a.Count != b.Count {
				t.Errorf("%s: labels %v, want %v", name, r.Labels, want.Labels)
			}
		}
	}
	// a damaged one tells what it can
	o := fixture.Output{Dir: t.TempDir(), Shards: 1}
	o.Make(t)
	file := filepath.Join(o.Dir, o.Records[0].Path)
	if err := os.Truncate(file, o.Records[0].Bytes/2); err != nil {
		t.Fatal(err)
	}
	r := look(t, file, inspect.Options{})
	if r.Samples == 0 || r.Samples >= 12 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "after") {
		t.Errorf("half a shard: %d samples, %q", r.Samples, r.Notes)
	}
}
