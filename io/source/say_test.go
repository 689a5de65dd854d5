package source

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fill makes empty files; names that end in a slash are empty folders of images, three each.
func fillFolders(t *testing.T, dir string, paths ...string) string {
	t.Helper()
	for i, p := range paths {
		if class, ok := strings.CutSuffix(p, "/"); ok {
			for k := range 3 {
				put(t, filepath.Join(dir, class, "p"+string(rune('0'+k))+".png"), picture(10*i+k))
			}
			continue
		}
		put(t, filepath.Join(dir, p), []byte("x"))
	}
	return dir
}

// TestUnderstood wants what the first lines of a run say of an input.
func TestUnderstood(t *testing.T) {
	for _, c := range []struct {
		name  string
		paths []string
		o     Options
		want  []string
	}{
		{"a wrapper, splits, side folders", []string{"w/Train/ash/", "w/Train/birch/", "w/Train/cedar/", "w/Train/elm/", "w/Train/fir/", "w/Test/ash/", "w/lists/a.txt", "w/Train/meta/b.txt"}, Options{}, []string{
			"DIR: imagefolder",
			"w only contains other folders: they are the classes",
			"w/Train is the split train; use --split for another one (Test)",
			"5 classes: 0 ash (3 images), 1 birch (3 images), 2 cedar (3 images) … 4 fir (3 images)",
			"DIR/w/Train/ash/p0.png is of class 0, ash",
			"not used: w/lists (1 file, no image), w/Train/meta (1 file, no image)",
		}},
		{"a class without images, and one that is left out", []string{"a/", "b/", "c/"}, Options{Classes: []string{"c", "a", "z"}}, []string{
			"DIR: imagefolder",
			"3 classes: 0 c (3 images), 1 a (3 images), 2 z (0 images)",
			"DIR/a/p0.png is of class 1, a",
		}},
		{"names that a terminal would obey", []string{"a\u202e/", "b/"}, Options{}, []string{
			"DIR: imagefolder",
			`2 classes: 0 a\u202e (3 images), 1 b (3 images)`,
			`DIR/a\u202e/p0.png is of class 0, a\u202e`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := fillFolders(t, t.TempDir(), c.paths...)
			catalog, err := Discover(t.Context(), []Input{{"", dir}}, c.o)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Split(strings.ReplaceAll(strings.Join(catalog.Understood(), "\n"), dir, "DIR"), "\n")
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestUnderstoodShards wants an example of shards, with the number of its class where a list has one.
func TestUnderstoodShards(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "train-0.tar"), tarOf(t, samples(4)...))
	put(t, filepath.Join(dir, "val-0.tar"), tarOf(t, samples(4)...))
	see := func() string {
		catalog, err := Discover(t.Context(), []Input{{"", dir}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(strings.Join(catalog.Understood(), "\n"), dir, "DIR")
	}
	want := "DIR: webdataset, 1 container\nnot used: 1 shard of the split validation; use --split validation for it\n" +
		"classes: known when all labels are read\nDIR/train-0.tar/s0000.jpg has the label 0"
	if got := see(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	put(t, filepath.Join(dir, "classes.txt"), []byte("ash\nbirch\ncedar\n"))
	want = strings.NewReplacer("classes: known when all labels are read", "3 classes: 0 ash, 1 birch, 2 cedar", "has the label 0", "is of class 0, ash").Replace(want)
	if got := see(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestDoubtful wants all doubts of an input in one refusal, each line without the characters of names
// that a terminal obeys, and a catalog for those who only look.
func TestDoubtful(t *testing.T) {
	dir := fillFolders(t, t.TempDir(), "annotations/", "images/", "line\nfeed/", "super/one/", "super/two/")
	catalog, err := Discover(t.Context(), []Input{{"", dir}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = catalog.Doubtful()
	if usage := (*UsageError)(nil); !errors.As(err, &usage) || !usage.Lines {
		t.Fatal(err)
	}
	lines := strings.Split(err.Error(), "\n")
	for _, word := range []string{"Doubt 1: ", "Doubt 2: ", "Doubt 3: ", `line\nfeed`, "--class-depth leaf", "--accept class-names", "DIR/annotations/p0.png is of class 0, annotations"} {
		if !strings.Contains(strings.ReplaceAll(err.Error(), dir, "DIR"), word) {
			t.Errorf("%q is not in\n%v", word, err)
		}
	}
	if len(lines) != 1+2*3 { // one of what was understood, and two for each doubt
		t.Errorf("%d lines:\n%v", len(lines), err)
	}
}

// TestDoubtfulFlat looks at images without classes beside an input that can be used.
func TestDoubtfulFlat(t *testing.T) {
	good := fillFolders(t, t.TempDir(), "a/", "b/")
	flat := t.TempDir()
	put(t, filepath.Join(flat, "p.png"), picture(0))
	catalog, err := Discover(t.Context(), []Input{{"x", good}, {"y", flat}}, Options{})
	if err != nil || len(catalog.Doubts) != 1 {
		t.Fatal(err)
	}
	if _, err := Discover(t.Context(), []Input{{"", flat}}, Options{}); err == nil || !strings.Contains(err.Error(), "--labels") {
		t.Error(err)
	}
	catalog, err = Discover(t.Context(), []Input{{"", flat}}, Options{AnyLabels: true})
	if err != nil || len(catalog.Doubts) != 1 {
		t.Errorf("%v, %v", catalog, err)
	}
}

// TestReread understands tars whose beginning does not tell all.
func TestReread(t *testing.T) {
	for _, c := range []struct {
		name   string
		base   string
		counts map[string]int64
		o      Options
		part   bool
		doubt  string
		warn   string
	}{
		{name: "as it began", counts: map[string]int64{"a": 3, "b": 2}},
		{name: "a wrapper", base: "w", counts: map[string]int64{"w/a": 3, "w/b": 2}},
		{name: "a split, and another one", base: "train", counts: map[string]int64{"train/a": 3, "train/b": 2, "val/a": 1}},
		{name: "no wrapper after all", base: "fish", counts: map[string]int64{"fish/shark": 3, "fish/ray": 3, "bird/owl": 3, "bird/crow": 3}, doubt: "--class-depth 2"},
		{name: "a wrapper that is a class", base: "w", counts: map[string]int64{"w/a": 3, "w/b": 2, "v": 300}, doubt: "in w, by all members in the tar itself", warn: "2 of 305 images"},
		{name: "a limit", base: "w/v", counts: map[string]int64{"w/a": 3}, part: true},
		{name: "two depths", counts: map[string]int64{"a/x": 3, "a/y": 3, "b/x": 3, "b/y": 3}, doubt: "--class-depth 2"},
		{name: "the user's depth", counts: map[string]int64{"a/x": 3, "a/y": 3, "b/x": 3, "b/y": 3}, o: Options{ClassDepth: 2}},
		{name: "flat", base: "images", counts: map[string]int64{"images": 3}, doubt: "--labels"},
		{name: "beside splits", base: "train", counts: map[string]int64{"train/a": 3, "val/a": 3, "extra": 5}, warn: "not used: extra (5 images)"},
	} {
		doubts, warnings := Reread(c.o, c.base, c.counts, c.part)
		text, warned := strings.Join(DoubtLines(doubts), "\n"), strings.Join(warnings, "\n")
		if (c.doubt == "") != (text == "") || !strings.Contains(text, c.doubt) || (c.warn == "") != (warned == "") || !strings.Contains(warned, c.warn) {
			t.Errorf("%s: doubts %q, warnings %q", c.name, text, warned)
		}
	}
}

// TestUnderstoodList wants the example of a list.
func TestUnderstoodList(t *testing.T) {
	dir := t.TempDir()
	in, list := filepath.Join(dir, "in"), filepath.Join(dir, "list.csv")
	for i, name := range []string{"p.png", "q.png"} {
		put(t, filepath.Join(in, name), picture(i))
	}
	put(t, list, []byte("image,label\nq.png,dog\np.png,cat\n"))
	catalog, err := Discover(t.Context(), []Input{{"", in}}, Options{Labels: []Input{{"", list}}})
	if err != nil {
		t.Fatal(err)
	}
	lines := catalog.Understood()
	if got, want := lines[len(lines)-1], filepath.Join(in, "q.png")+" is of class 1, dog"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
