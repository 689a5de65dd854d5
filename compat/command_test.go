package compat

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/internal/commandtest"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

func TestMain(m *testing.M) { commandtest.Main(m) }

// outputs are what the command is asked for; every format at once.
var outputs = []struct {
	name     string
	commands []string
	splits   []string // with the number of images
	replicas []int
}{
	{
		"epoch", []string{
			"mix --in synth:40 --size 48 --shards 4",
			"pack --in synth:14 --split validation --size 48 --shards 2",
		},
		[]string{"train 40", "validation 14"}, []int{-1},
	},
	{
		"replicas", []string{"mix --in synth:40 --size 32x48 --shards 2 --label-form dense --smoothing 0.1 --encode png --first-replica 3 --replicas 2 --method saliencymix:0.7"},
		[]string{"train 40"}, []int{3, 4},
	},
}

// commandJobs has the command write outputs: mixed and packed, pair and dense labels, JPEG and PNG,
// replicas, two splits.
func commandJobs(t *testing.T, root string, jobs map[string][]job) {
	t.Helper()
	for _, o := range outputs {
		out := filepath.Join(root, o.name)
		for _, c := range o.commands {
			args := append(strings.Fields(c), "--cache", "none", "--format", strings.Join(formats.Names(), ","), "--out", out)
			commandtest.Run(t, args...)
		}
		for _, name := range formats.Names() {
			for _, split := range o.splits {
				var want int64
				if _, err := fmt.Sscan(split, &split, &want); err != nil {
					t.Fatal(err)
				}
				dir := filepath.Join(out, name)
				inspect(t, dir, name, split, o.replicas)
				for _, replica := range o.replicas {
					s := manifestSpec(t, dir, name, split)
					s.Replica = replica
					j := newJob(dir, name, s, shard.Set{Spec: s, Shards: []shard.ShardInfo{{Samples: want}}})
					j.same = o.name + " " + s.SplitName("-")
					j.Tmp = filepath.Join(root, "tmp", name, fmt.Sprint(o.name, s.SplitName("-")))
					if err := os.MkdirAll(j.Tmp, 0o755); err != nil {
						t.Fatal(err)
					}
					jobs[name] = append(jobs[name], j)
				}
			}
		}
	}
}

// manifestSpec is the Spec of a finished output, without the replica.
func manifestSpec(t *testing.T, dir, format, split string) shard.Spec {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "__premix__", split, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Output struct {
			Name, Split, Format string
			LabelForm           string `json:"label_form"`
			ImageFormat         string `json:"image_format"`
			Size                [2]int
			Shards              int64
		}
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	classes, err := os.ReadFile(filepath.Join(dir, "__premix__", split, "classes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if m.Output.Split != split || m.Output.Format != format {
		t.Fatalf("the manifest of %s, %s is that of %s, %s", format, split, m.Output.Format, m.Output.Split)
	}
	return shard.Spec{
		Name: m.Output.Name, Split: split, Shards: m.Output.Shards, LabelForm: m.Output.LabelForm, ImageFormat: m.Output.ImageFormat,
		Size: premix.Size{H: m.Output.Size[0], W: m.Output.Size[1]}, Classes: strings.Split(strings.TrimSuffix(string(classes), "\n"), "\n"),
	}
}

// inspect tests that "premix inspect --json" says of a split what its shards hold.
func inspect(t *testing.T, dir, format, split string, replicas []int) {
	t.Helper()
	want := Answer{Labels: map[string]int64{}}
	lam := 0.0
	for _, replica := range replicas {
		s := manifestSpec(t, dir, format, split)
		s.Replica = replica
		a, err := Read(dir, format, s)
		if err != nil {
			t.Fatal(err)
		}
		want.Samples += a.Samples
		lam += *a.Lam
		for label, n := range a.Labels {
			want.Labels[label] += n
		}
	}
	cmd := exec.CommandContext(t.Context(), commandtest.Premix(t), "inspect", dir, "--json")
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	var got struct {
		Splits []struct {
			Name    string
			Samples int64
			LamSum  float64 `json:"lam_sum"`
			Labels  []struct{ Label, Count int64 }
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v: %v", cmd, err)
	}
	for _, s := range got.Splits {
		if s.Name != split {
			continue
		}
		labels := map[string]int64{}
		for _, l := range s.Labels {
			labels[fmt.Sprint(l.Label)] = l.Count
		}
		if diff := cmp.Diff(want, Answer{Samples: s.Samples, Labels: labels}); diff != "" || math.Abs(s.LamSum-lam) > 1e-7*float64(want.Samples) {
			t.Errorf("%v: split %s: λ sum %v, want %v; %s", cmd, split, s.LamSum, lam, diff)
		}
		return
	}
	t.Errorf("%v: no split %s", cmd, split)
}
