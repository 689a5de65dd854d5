// Package examples holds programs that train on outputs of premix with the frameworks' own
// readers. This file runs each of them.
package examples

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// spawned runs a program whose workers are new processes, as on macOS and Windows: what they work on must be pickled.
const spawned = `
import multiprocessing, os, runpy, sys
multiprocessing.set_start_method("spawn")
del sys.argv[0]
sys.path[0] = os.path.dirname(sys.argv[0])
runpy.run_path(sys.argv[0], run_name="__main__")
`

// TestTraining has every program train and evaluate on a tiny output, and compares what it saw
// with the manifest. It needs the packages of compat/install.sh.
func TestTraining(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	const train, validation = 96, 48
	for _, format := range []string{"webdataset", "tfrecord", "tfds", "parquet"} {
		for _, args := range [][]string{{"mix", "--in", "synth:96"}, {"pack", "--in", "synth:48"}} {
			if args[0] == "mix" {
				args = append(args, "--smoothing", "0.1")
			}
			args = append(args, "--out", filepath.Join(dir, format), "--size", "32", "--shards", "4", "--label-form", "dense", "--format", format, "--cache", filepath.Join(dir, "cache"))
			premix(t, args...)
		}
	}
	var manifest struct {
		Statistics []struct {
			Samples float64
			Lam     struct{ Mean float64 }
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "webdataset/__premix__/train/manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	var lamSum float64
	for _, s := range manifest.Statistics {
		lamSum += s.Samples * s.Lam.Mean
	}
	for _, tt := range []struct {
		program, format string
		args            []string
	}{
		{"spawn pytorch/train_webdataset.py", "webdataset", []string{"--workers", "1"}},
		{"spawn pytorch/train_webdataset.py", "webdataset", []string{"--workers", "1", "--reader", "join"}},
		{"pytorch/train_webdataset.py", "webdataset", []string{"--ranks", "2", "--reader", "join", "--workers", "1"}},
		{"pytorch/train_resnet.py", "webdataset", []string{"--epochs", "1", "--batch", "48", "--workers", "1"}},
		{"timm/train.py", "webdataset", nil},
		{"tensorflow/train_keras.py", "tfrecord", nil},
		{"tensorflow/train_keras.py", "tfrecord", []string{"--dense"}},
		{"tensorflow/train_tfds.py", "tfds", nil},
		{"dali/train.py", "webdataset", nil},
		{"huggingface/train.py", "parquet", nil},
	} {
		t.Run(strings.Join(append([]string{tt.program}, tt.args...), " "), func(t *testing.T) {
			args := append([]string{filepath.Join(dir, tt.format)}, tt.args...)
			if program, ok := strings.CutPrefix(tt.program, "spawn "); ok {
				args = append([]string{"-c", spawned, program}, args...)
			} else {
				args = append([]string{tt.program}, args...)
			}
			cmd := exec.Command(py, args...)
			cmd.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "TF_CPP_MIN_LOG_LEVEL=3", "HF_HOME="+filepath.Join(dir, "hf"))
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s\n%s", err, stdout.String(), stderr.String())
			}
			lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
			var got map[string]any
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &got); err != nil {
				t.Fatalf("%v in %q", err, stdout.String())
			}
			if got["train"] != float64(train) || got["validation"] != float64(validation) {
				t.Errorf("saw %v training and %v validation samples, want %d and %d", got["train"], got["validation"], train, validation)
			}
			want := map[string]float64{"lam_sum": lamSum, "soft_sum": train}
			checked := 0
			for name, w := range want {
				if v, ok := got[name].(float64); ok {
					checked++
					if math.Abs(v-w) > 1e-3 {
						t.Errorf("%s is %v, want %v", name, v, w)
					}
				}
			}
			if checked == 0 {
				t.Error("neither the sum of λ nor that of the dense labels was reported")
			}
			// A sample shows two of the twelve classes of synth: the share of the others is that of the smoothing.
			if v, ok := got["soft_least"].(float64); !strings.Contains(tt.program, "pytorch/") && !(ok && math.Abs(v-0.1/12) < 1e-6) {
				t.Errorf("the least share of a class is %v, want %v", got["soft_least"], 0.1/12)
			}
			loss, ok := got["first_loss"].(float64)
			if !ok || math.IsNaN(loss) || loss <= 0 {
				t.Errorf("first loss %v", got["first_loss"])
			}
		})
	}
}

// TestOnline has the data sets that mix online train by a plan without pixels and by a cache of
// peaks. Package compat compares their pixels.
func TestOnline(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	in, out, cache := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "cache")
	premix(t, "synth", "--images", "40", "--out", in)
	premix(t, "mix", "--in", in, "--out", out, "--cache", cache, "--size", "32", "--replicas", "2", "--plan-only")
	caches, err := filepath.Glob(filepath.Join(cache, "*"))
	if err != nil || len(caches) != 1 {
		t.Fatalf("caches %v, %v", caches, err)
	}
	var planned struct {
		Statistics []struct {
			Samples float64
			Lam     struct{ Mean float64 }
		}
	}
	text, err := os.ReadFile(filepath.Join(out, "__premix__/train/plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &planned); err != nil {
		t.Fatal(err)
	}
	for reader, place := range map[string]string{"PlannedDataset": out, "PeaksDataset": caches[0]} {
		var stdout, stderr bytes.Buffer
		cmd := exec.Command(py, "pytorch/online.py", place, in)
		cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join("..", "python"), "XDG_CACHE_HOME="+filepath.Join(dir, "maps"))
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, stderr.String())
		}
		var got struct {
			Reader    string
			Epochs    int
			Train     int
			LamSum    float64 `json:"lam_sum"`
			FirstLoss float64 `json:"first_loss"`
		}
		if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
			t.Fatalf("%v in %q", err, stdout.String())
		}
		if got.Reader != reader || got.Epochs != 2 || got.Train != 80 || !(got.FirstLoss > 0) {
			t.Errorf("%s: %+v", reader, got)
		}
		want := planned.Statistics[0].Samples * planned.Statistics[0].Lam.Mean
		if near := math.Abs(got.LamSum-want) < 1e-3; near != (reader == "PlannedDataset") {
			t.Errorf("%s: the sum of λ is %v, that of the plan %v", reader, got.LamSum, want)
		}
	}
}
