package dataset_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/internal/golden"
)

var failures = []premix.Failure{
	{Name: "disc/a <b>.jpg", Stage: premix.StageDecode, Kind: premix.Truncated, Reason: "ends at byte 12"},
	{Name: "hash/é.png", Stage: premix.StageDecode, Kind: premix.Corrupt, Reason: "crc"},
	{Name: "hash/f.png", Stage: premix.StageDecode, Kind: premix.Corrupt, Reason: "crc"},
}

// tree returns all files below a folder by path.
func tree(t testing.TB, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(root, p)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func names(files map[string]string) []string {
	var n []string
	for f := range files {
		n = append(n, f)
	}
	slices.Sort(n)
	return n
}

var sizes = regexp.MustCompile(`(bytes": |sha256": "|README [0-9]+, sha256 )[0-9a-f]+|[0-9.]+ [kM]?B( \|)`)

// sizeless hides what depends on how well an encoder packs.
func sizeless(s string) []byte { return sizes.ReplaceAll([]byte(s), []byte("${1}0$2")) }

func TestFinish(t *testing.T) {
	dir := t.TempDir()
	o := fixture.Output{Dir: dir, Failures: failures}
	o.Make(t)
	files := tree(t, dir)
	want := []string{
		"README.md",
		"__index__/demo-train-000000.idx", "__index__/demo-train-000001.idx", "__index__/wids-train.json",
		"__premix__/train/classes.txt", "__premix__/train/config.json", "__premix__/train/failures.jsonl",
		"__premix__/train/inputs.json", "__premix__/train/manifest.json",
		"__premix__/train/plan/demo-train-000000.parquet", "__premix__/train/plan/demo-train-000001.parquet",
		"__premix__/train/report.html", "__premix__/train/run.json",
		"__premix__/train/shards/r000-000000.json", "__premix__/train/shards/r000-000001.json",
		"_info.json", "demo-train-000000.tar", "demo-train-000001.tar",
	}
	if diff := cmp.Diff(want, names(files)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	golden.Equal(t, "manifest.json", sizeless(files["__premix__/train/manifest.json"]))
	golden.Equal(t, "record.json", sizeless(files["__premix__/train/shards/r000-000001.json"]))
	golden.Equal(t, "failures.jsonl", []byte(files["__premix__/train/failures.jsonl"]))

	// another place, another order of the records, done twice: the same bytes
	other := fixture.Output{Dir: t.TempDir(), Failures: failures}
	q := other.Shard(t)
	slices.Reverse(other.Records)
	q.Shards = fixture.Gather(t, other.Records)
	for range 2 {
		if _, err := dataset.Finish(context.Background(), q); err != nil {
			t.Fatal(err)
		}
	}
	again := tree(t, other.Dir)
	for _, f := range []string{"inputs.json", "run.json", "report.html"} {
		delete(files, "__premix__/train/"+f)
		delete(again, "__premix__/train/"+f)
	}
	if diff := cmp.Diff(files, again); diff != "" {
		t.Errorf("a second output differs (-first +second):\n%s", diff)
	}
	m, err := dataset.LoadManifest(context.Background(), dir, "train")
	if err != nil {
		t.Fatal(err)
	}
	sum := dataset.Counts{Entries: 12 + 3 + 2 + 1, Good: 12, Ignored: 3, Failed: 3, Samples: 12,
		Failures: map[premix.FaultKind]int64{premix.Truncated: 1, premix.Corrupt: 2}}
	if diff := cmp.Diff(sum, m.Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if len(o.Records) != 2 {
		t.Fatalf("%d records", len(o.Records))
	}
}

// TestReportStandsAlone: report.html must open offline.
func TestReportStandsAlone(t *testing.T) {
	dir := t.TempDir()
	o := fixture.Output{Dir: dir, Failures: failures}
	o.Make(t)
	html := tree(t, dir)["__premix__/train/report.html"]
	for _, bad := range []string{"http:", "https:", "<script", "<link", "url(", dir, o.In} {
		if strings.Contains(html, bad) {
			t.Errorf("report.html contains %q", bad)
		}
	}
	for _, want := range []string{"<svg", "data:image/png;base64,", "disc/a &lt;b&gt;.jpg", "truncated", "saliencymix", "f00d"} {
		if !strings.Contains(html, want) {
			t.Errorf("report.html lacks %q", want)
		}
	}
	if strings.Contains(html, "ZgotmplZ") {
		t.Error("report.html has a value that the template refused")
	}
}

func TestSecondSplit(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	train := fixture.Output{Dir: dir}
	train.Make(t)
	before := tree(t, dir)
	val := fixture.Output{Dir: dir, Split: "validation", Images: 6, Shards: 1, Failures: failures[:1]}
	val.Make(t)
	after := tree(t, dir)
	changed := map[string]bool{}
	for f, data := range before {
		if after[f] != data {
			changed[f] = true
		}
	}
	if diff := cmp.Diff(map[string]bool{"README.md": true, "_info.json": true}, changed); diff != "" {
		t.Errorf("changed by the second split (-want +got):\n%s", diff)
	}
	var info struct {
		Splits map[string]struct {
			Samples int `json:"num_samples"`
		} `json:"splits"`
	}
	if err := json.Unmarshal([]byte(after["_info.json"]), &info); err != nil {
		t.Fatal(err)
	}
	if info.Splits["train"].Samples != 12 || info.Splits["validation"].Samples != 6 {
		t.Errorf("_info.json: %+v", info)
	}
	if !strings.Contains(after["README.md"], "| validation | 6 | 1 |") {
		t.Errorf("README.md lacks the second split:\n%s", after["README.md"])
	}

	// the order in which splits come does not matter
	swapped := t.TempDir()
	val.Dir, train.Dir = swapped, swapped
	val.Make(t)
	train.Make(t)
	other := tree(t, swapped)
	for _, f := range []string{"README.md", "_info.json"} {
		if diff := cmp.Diff(after[f], other[f]); diff != "" {
			t.Errorf("%s depends on the order of the splits:\n%s", f, diff)
		}
	}

	// and removing the second one gives the first back
	if err := dataset.Remove(ctx, dir, "validation"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
		t.Errorf("after removing the second split (-before +after):\n%s", diff)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := dataset.Remove(ctx, dir, "train"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"notes.txt"}, names(tree(t, dir))); diff != "" {
		t.Errorf("after removing both (-want +got):\n%s", diff)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("folders are left: %v %v", entries, err)
	}
}

func TestReplicasAppended(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	first := fixture.Output{Dir: dir, Replicas: []int{0, 1}}
	first.Make(t)
	second := fixture.Output{Dir: dir, Replicas: []int{2}}
	second.Make(t)
	m, err := dataset.LoadManifest(ctx, dir, "train")
	if err != nil {
		t.Fatal(err)
	}
	whole := fixture.Output{Dir: t.TempDir(), Replicas: []int{0, 1, 2}}
	whole.Make(t)
	w, err := dataset.LoadManifest(ctx, whole.Dir, "train")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, m); diff != "" {
		t.Errorf("appending a replica differs from making all (-all +appended):\n%s", diff)
	}
	if !bytes.Contains([]byte(tree(t, dir)["_info.json"]), []byte(`"train_r002"`)) {
		t.Error("_info.json lacks the replica")
	}
}

func TestIndexesLeftOut(t *testing.T) {
	dir := t.TempDir()
	o := fixture.Output{Dir: dir}
	p := o.Shard(t)
	p.Indexes = []string{"wids"}
	if _, err := dataset.Finish(context.Background(), p); err != nil {
		t.Fatal(err)
	}
	files := tree(t, dir)
	if _, ok := files["_info.json"]; ok {
		t.Error("_info.json was written")
	}
	if _, ok := files["__index__/wids-train.json"]; !ok {
		t.Error("wids-train.json is missing")
	}
}

func TestFinishRefuses(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(p *dataset.FinishParams, o *fixture.Output)
		want  string
	}{
		{"missing record", func(p *dataset.FinishParams, o *fixture.Output) { o.Records = o.Records[:1] }, "no record of shard 1 of replica 0"},
		{"foreign record", func(p *dataset.FinishParams, o *fixture.Output) { o.Records[1].Fingerprint = "other" }, "belongs to another recipe"},
		{"record too many", func(p *dataset.FinishParams, o *fixture.Output) {
			r := o.Records[1]
			r.Shard = 2
			o.Records = append(o.Records, r)
		}, "shard 2 of replica 0 is not part"},
		{"entries do not add up", func(p *dataset.FinishParams, o *fixture.Output) { p.Chunks[0].Entries++ }, "are accounted for"},
		{"samples do not add up", func(p *dataset.FinishParams, o *fixture.Output) { o.Records[0].Samples-- }, "11 samples, but 12 images are good"},
		{"failures missing", func(p *dataset.FinishParams, o *fixture.Output) { p.Failures = nil }, "3 failures were counted, but 0 are listed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := fixture.Output{Dir: t.TempDir(), Failures: failures}
			p := o.Shard(t)
			test.spoil(&p, &o)
			p.Shards = fixture.Gather(t, o.Records)
			_, err := dataset.Finish(context.Background(), p)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want a part %q", err, test.want)
			}
			if _, err := dataset.LoadManifest(context.Background(), o.Dir, "train"); err == nil {
				t.Error("there is a manifest")
			}
		})
	}
}
