package inspect_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"image/color"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix/dataset/inspect"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/mix"
)

// compared makes outputs of 12 images: a, by saliencymix; b, by mixup, as TFRecord in other shards; c, with two
// replicas and another seed; d, of fewer images.
func compared(t *testing.T) (dir string, path func(names ...string) []string) {
	t.Helper()
	dir = t.TempDir()
	in := filepath.Join(dir, "in")
	mixup := mix.Default()
	mixup.Seed = 7
	mixup.Methods = []mix.Weighted{{Name: mix.MixUp, Weight: 1}}
	seed := mix.Default()
	seed.Seed = 8
	for name, o := range map[string]fixture.Output{
		"a": {}, "b": {Format: "tfrecord", Mix: &mixup}, "c": {Replicas: []int{0, 1}, Mix: &seed}, "d": {Images: 3, Shards: 1, In: filepath.Join(dir, "few")},
	} {
		o.Dir = filepath.Join(dir, "out", name)
		if o.In == "" {
			o.In = in
		}
		o.Make(t)
	}
	return dir, func(names ...string) (paths []string) {
		for _, name := range names {
			paths = append(paths, filepath.Join(dir, "out", name))
		}
		return paths
	}
}

func TestCompare(t *testing.T) {
	_, path := compared(t)
	c, err := inspect.Compare(ctx, path("a", "b", "c", "d"), "", inspect.Options{Records: 5})
	if err != nil {
		t.Fatal(err)
	}
	if c.Title() != "a, b, c, d" || c.Split != "train" || len(c.Keys) != 5 {
		t.Fatalf("%q, split %q, %d keys", c.Title(), c.Split, len(c.Keys))
	}
	// Two shards of six: three keys of the first, two of the second.
	for k, want := range []string{"000000000", "000000001", "000000002", "000000006", "000000007"} {
		row := c.Keys[k]
		if row.Key != want {
			t.Errorf("key %d is %s, want %s", k, row.Key, want)
		}
		for i, path := range path("a", "b", "c", "d") {
			s := row.Samples[i]
			if i == 3 && k >= 3 {
				if s != nil {
					t.Errorf("%s of 3 samples has %s", path, s.Key)
				}
				continue
			}
			alone, err := inspect.Find(ctx, path, want, inspect.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if s == nil || s.Key != alone.Record.Key || s.Target != alone.Record.Target || s.Lam != alone.Record.Lam || s.Method != alone.Record.Method || s.Class != alone.Record.Class {
				t.Errorf("%s: %s is %+v, alone %+v", path, want, s, alone.Record)
			}
		}
	}
	notes := strings.Join(c.Notes, "\n")
	for _, want := range []string{"d lacks 2 of 5 keys; it has train with positions 0 to 2", "c has other images than a in"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes without %q:\n%s", want, notes)
		}
	}
	if strings.Contains(notes, "b ") {
		t.Errorf("the same pairs are noted:\n%s", notes)
	}
	var text bytes.Buffer
	if err := c.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"b: tfrecord, 12 samples in train\n", "mixup [0,0,0,0]\n", "  d  no such key\n", " <- "} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("text without %q:\n%s", want, text.String())
		}
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var back struct {
		Outputs []struct{ Format string }
		Keys    []struct {
			Key     string
			Samples []*struct{ Method string }
		}
	}
	if err := json.Unmarshal(raw, &back); err != nil || back.Outputs[1].Format != "tfrecord" || back.Keys[0].Samples[1].Method != "mixup" || back.Keys[4].Samples[3] != nil {
		t.Errorf("%v: %s", err, raw)
	}
	sheet, err := c.Sheet()
	if err != nil {
		t.Fatal(err)
	}
	if w := sheet.Bounds().Dx(); w != 8+4*184 {
		t.Errorf("four columns are %d pixels wide", w)
	}
	if green, red := count(sheet, color.RGBA{0x20, 0xe0, 0x40, 0xff}), count(sheet, color.RGBA{0xff, 0x30, 0x30, 0xff}); green == 0 || red == 0 {
		t.Errorf("%d pixels of boxes, %d of peaks", green, red)
	}
}

func TestCompareKey(t *testing.T) {
	dir, path := compared(t)
	c, err := inspect.Compare(ctx, path("c", "a"), "r001-000000007", inspect.Options{})
	if err != nil || len(c.Keys) != 1 || c.Keys[0].Samples[0].Replica != 1 || c.Keys[0].Samples[1] != nil || len(c.Notes) != 1 {
		t.Errorf("a key of a replica: %v, %+v", err, c)
	}
	var missing *inspect.NotFoundError
	if _, err := inspect.Compare(ctx, path("a", "b"), "12", inspect.Options{}); !errors.As(err, &missing) {
		t.Errorf("a key that the first output lacks: %v", err)
	}
	if _, err := inspect.Compare(ctx, path("a", "b"), "", inspect.Options{Split: "test"}); err == nil || !strings.Contains(err.Error(), "--split") {
		t.Errorf("a split that is not there: %v", err)
	}
	c, err = inspect.Compare(ctx, path("a", "b"), "", inspect.Options{Records: -1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Sheet(); err != inspect.ErrNoPicture {
		t.Errorf("no key: %v", err)
	}
	// Paths of different parents are told in full.
	other := append(path("a"), filepath.Join(dir, "out", ".", "..", "out")+"/../out/b/")
	if c, err = inspect.Compare(ctx, other, "0", inspect.Options{}); err != nil || !strings.HasSuffix(c.Title(), "/../out/b/") || !strings.HasPrefix(c.Title(), dir) {
		t.Errorf("%v: %q", err, c.Title())
	}
}
