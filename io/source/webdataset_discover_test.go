package source

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTimmInfo(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"a-0.tar", "a-1.tar", "b.tar"} {
		put(t, filepath.Join(dir, n), tarOf(t, file{n[:1] + n[2:3] + ".jpg", picture(0)}, file{n[:1] + n[2:3] + ".cls", []byte("0")}))
	}
	put(t, filepath.Join(dir, "_info.json"), []byte(`{"splits":{
		"train":{"name":"train","num_samples":2,"filenames":["a-0.tar","a-1.tar"],"shard_lengths":[1,1]},
		"val":{"name":"val","num_samples":1,"filenames":["b.tar"],"shard_lengths":[1]}}}`))
	names := func(o Options) []string {
		cat, _ := scan(t, o, Input{"", dir})
		var list []string
		for _, c := range cat.Containers {
			list = append(list, fmt.Sprint(c.Name, " ", c.Samples))
		}
		return list
	}
	if d := cmp.Diff([]string{"a-0.tar 1", "a-1.tar 1"}, names(Options{})); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"b.tar 1"}, names(Options{Split: "validation"})); d != "" {
		t.Error(d)
	}
	wantUsage(t, Options{Split: "test"}, []Input{{"", dir}}, "train, val", "--split test")
	put(t, filepath.Join(dir, "a-2.tar"), tarOf(t, samples(1)...))
	wantUsage(t, Options{}, []Input{{"", dir}}, "does not list 1 of the shards, a-2.tar among them", "pattern")
	put(t, filepath.Join(dir, "_info.json"), []byte(`{"splits":{"train":{"filenames":["gone.tar"],"shard_lengths":[1]}}}`))
	wantUsage(t, Options{}, []Input{{"", dir}}, "gone.tar", "not there")
	put(t, filepath.Join(dir, "_info.json"), []byte(`{"splits":`))
	wantUsage(t, Options{}, []Input{{"", dir}}, "_info.json", "repair or remove")
}

// TestFolderKeys: the folders of the keys are the labels where there are no others.
func TestFolderKeys(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "train.tar"), tarOf(t, file{"train/n01440764/a.jpg", picture(0)}, file{"./train/n01443537/sub/b.JPEG", picture(1)}, file{"c.jpg", picture(2)}))
	_, rows := scan(t, Options{}, Input{"", dir})
	wantRows(t, []row{
		good("train.tar/train/n01440764/a.jpg", "train/n01440764/a", "n01440764", -1),
		good("train.tar/train/n01443537/sub/b.JPEG", "train/n01443537/sub/b", "n01443537", -1),
		fault("train.tar/c.jpg", "no-label"),
	}, rows)
	// With cls members a folder is only a part of the key.
	put(t, filepath.Join(dir, "train.tar"), tarOf(t, file{"x/a.jpg", picture(0)}, file{"x/a.cls", []byte("1")}, file{"y/b.jpg", picture(1)}))
	_, rows = scan(t, Options{}, Input{"", dir})
	wantRows(t, []row{good("train.tar/x/a.jpg", "x/a", "", 1), fault("train.tar/y/b.jpg", "no-label")}, rows)
}

func TestLabelKeyHint(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.tar"), tarOf(t, file{"a.jpg", picture(0)}, file{"a.json", []byte(`{"url":"u","class_id":3}`)}))
	wantUsage(t, Options{}, []Input{{"", dir}}, "--label-key", "class_id, url")
	_, rows := scan(t, Options{LabelKey: "class_id"}, Input{"", dir})
	wantRows(t, []row{good("x.tar/a.jpg", "a", "", 3)}, rows)
}

func TestWidsLengths(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.tar"), tarOf(t, samples(2)...))
	put(t, filepath.Join(dir, "y.tar"), tarOf(t, samples(3)...))
	put(t, filepath.Join(dir, "wids.json"), []byte(`{"wids_version":1,"shardlist":[{"url":"x.tar","nsamples":2}]}`))
	put(t, filepath.Join(dir, "__index__", "wids-train.json"), []byte(`{"wids_version":1,"shardlist":[{"url":"../y.tar","nsamples":3}]}`))
	put(t, filepath.Join(dir, "wids-broken.json"), []byte(`{`))
	cat, _ := scan(t, Options{}, Input{"", dir})
	for i, want := range []int64{2, 3} {
		if got := cat.Containers[i].Samples; got != want {
			t.Errorf("%s: %d samples, want %d", cat.Containers[i].Name, got, want)
		}
	}
}
