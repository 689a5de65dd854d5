package dataset_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/internal/golden"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/mix"
)

// TestReadme pins README.md of every format. Package compat runs what is in it.
func TestReadme(t *testing.T) {
	for _, format := range formats.Names() {
		t.Run(format, func(t *testing.T) {
			dir := t.TempDir()
			o := fixture.Output{Dir: dir, Format: format, LabelForm: shard.Dense, Encode: "jpeg:90", Replicas: []int{0, 1}}
			o.Make(t)
			text := tree(t, dir)["README.md"]
			golden.Equal(t, "README-"+format+".md", sizeless(text))
			for _, bad := range []string{dir, o.In, "<no value>", "\n\n\n", "\t"} {
				if strings.Contains(text, bad) {
					t.Errorf("README.md contains %q", bad)
				}
			}
			if n := strings.Count(text, "\n## "); n < 5 {
				t.Errorf("README.md speaks to %d readers", n)
			}
		})
	}
}

// TestReadmeForms: training takes the labels of the main split, whatever form those for evaluation have.
func TestReadmeForms(t *testing.T) {
	smoothed := mix.Default()
	smoothed.Smoothing = 0.1
	for _, tt := range []struct {
		format            string
		train, validation string
		want, not         []string
	}{
		{"webdataset", shard.Dense, shard.Pair, []string{
			`"soft.npy").map_tuple(pil_to_tensor, soft)`, `"cls").map_tuple(pil_to_tensor, int)`, `if sample.get("soft.npy") is None:`, "y = torch.full((3,), 0.1 / 3)",
			"  - split: \"validation\"\n    path: \"demo-validation-[0-9]*.tar\"\n  - split: \"train\"\n", // train's members are those of all
		}, []string{`y[record["label_a"]]`}},
		{"webdataset", shard.Dense, shard.Dense, []string{`"soft.npy").map_tuple`}, []string{`get("soft.npy")`, `y[record["label_a"]]`}},
		{"webdataset", shard.Pair, shard.Dense, []string{`"json").map_tuple`, "  - split: \"train\"\n    path: \"demo-train-[0-9]*.tar\"\n  - split: \"validation\"\n"}, []string{"soft.npy", "0.1 / 3"}},
		{"tfrecord", shard.Dense, shard.Pair, []string{
			`"image/class/soft_label": tf.io.FixedLenFeature([3], tf.float32, [0.0] * 3),`, `tf.one_hot(f["image/class/label"] - 1, 3)`,
		}, []string{"label_a\": tf.io"}},
		{"tfrecord", shard.Dense, shard.Dense, []string{`FixedLenFeature([3], tf.float32),`}, []string{`"image/class/label": tf.io`}},
		{"tfrecord", shard.Pair, shard.Dense, []string{`image/mix/label_a": tf.io`}, []string{"image/class/soft_label"}},
	} {
		t.Run(tt.format+" "+tt.train+" "+tt.validation, func(t *testing.T) {
			dir := t.TempDir()
			for split, form := range map[string]string{"train": tt.train, "validation": tt.validation} {
				o := fixture.Output{Dir: dir, Format: tt.format, Split: split, LabelForm: form}
				if form != shard.Pair {
					o.Mix = &smoothed
				}
				o.Make(t)
			}
			text := tree(t, dir)["README.md"]
			for _, want := range tt.want {
				if !strings.Contains(text, want) {
					t.Errorf("no %s", want)
				}
			}
			for _, not := range tt.not {
				if strings.Contains(text, not) {
					t.Errorf("has %s", not)
				}
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

// TestReadmeConfigs: the default configuration is the first, whatever replicas it has.
func TestReadmeConfigs(t *testing.T) {
	dir := t.TempDir()
	for _, o := range []fixture.Output{{Split: "a", Replicas: []int{3, 5}}, {Split: "train", Replicas: []int{0, 1}}} {
		o.Dir = dir
		o.Make(t)
	}
	var names []string
	for line := range strings.Lines(tree(t, dir)["README.md"]) {
		if name, ok := strings.CutPrefix(line, "- config_name: "); ok {
			names = append(names, strings.TrimSpace(name))
		}
	}
	if got := strings.Join(names, " "); got != "default r001 r005" {
		t.Errorf("configurations %s, want default r001 r005", got)
	}
}

// TestEarlierReadme: what another version wrote of the same splits is no damage, and whatever was changed
// since is. TestAges of the command has outputs of the first version.
func TestEarlierReadme(t *testing.T) {
	dir := t.TempDir()
	o := fixture.Output{Dir: dir}
	o.Make(t)
	manifest, err := dataset.LoadManifest(context.Background(), dir, "train")
	if err != nil {
		t.Fatal(err)
	}
	format, err := formats.ByName("webdataset")
	if err != nil {
		t.Fatal(err)
	}
	today := tree(t, dir)["README.md"]
	content, _, found := strings.Cut(today, "<!-- premix README ")
	if !found {
		t.Fatalf("README.md has no hash:\n%s", today)
	}
	sealed := func(version int, s string) string {
		return s + fmt.Sprintf("<!-- premix README %d, sha256 %x -->\n", version, sha256.Sum256([]byte(s)))
	}
	if sealed(2, content) != today {
		t.Fatal("the hash is not that of what comes before it")
	}
	other := strings.Replace(content, "Do not crop again", "Crop no more", 1)
	for _, tt := range []struct {
		name, text string
		want       bool
	}{
		{"another version", sealed(3, other), true},
		{"today's version, another text", sealed(2, other), false},
		{"another table", sealed(3, strings.Replace(other, "| train | 12 |", "| train | 13 |", 1)), false},
		{"two tables", sealed(3, other+strings.Replace(other, "| train | 12 |", "| train | 13 |", 1)), false},
		{"another name", sealed(3, strings.Replace(other, "\n# demo\n", "\n# other\n", 1)), false},
		{"other shards", sealed(3, strings.ReplaceAll(other, "demo-train-", "other-train-")), false},
		{"a changed letter", strings.Replace(today, "Do not", "Do now", 1), false},
		{"no hash", content, false},
		{"a changed hash", strings.Replace(today, ", sha256 ", ", sha257 ", 1), false},
	} {
		if got := dataset.EarlierReadme(format, []*dataset.Manifest{manifest}, []byte(tt.text)); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
