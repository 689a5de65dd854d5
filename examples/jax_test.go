package examples

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFlax has jax/train_flax.py train two epochs over two replicas with two workers: at once, and with a stop in the middle
// of each epoch, the second of them without a word. It looks at what each batch has.
func TestFlax(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	to := []string{"--out", out, "--size", "32", "--format", "array_record", "--label-form", "dense", "--encode", "png", "--cache", "none"}
	premix(t, append(strings.Fields("mix --in synth:90 --shards 4 --replicas 2 --smoothing 0.1"), to...)...)
	premix(t, append(strings.Fields("pack --in synth:30 --shards 2"), to...)...)
	cmd := exec.CommandContext(t.Context(), py, "testdata/flax_epochs.py", out, filepath.Join(dir, "checkpoint"))
	cmd.Env = append(os.Environ(), "JAX_PLATFORMS=cpu", "CUDA_VISIBLE_DEVICES=", "PYTHONDONTWRITEBYTECODE=1", "TFDS_DATA_DIR="+dir)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout.String(), stderr.String())
	}
	type run struct {
		FirstStep    int `json:"first_step"`
		Steps        int
		StepsAnEpoch int `json:"steps_an_epoch"`
		Losses       []float64
		Train        int
		SoftSum      float64 `json:"soft_sum"`
		Validation   int
		Accuracy     float64
		Exit         string
		Batches      [][]string // the keys of each batch, as the training step gets it
		Printed      []string
	}
	var got struct {
		Whole, Stopped, Died run
		WentOn               run `json:"went_on"`
		Other                []run
	}
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatalf("%v in %q\n%s", err, stdout.String(), stderr.String())
	}
	const epoch, batch = 90 / 20, 20 // what fills no batch is left out
	w := got.Whole
	if w.Steps != 2*epoch || w.StepsAnEpoch != epoch || len(w.Batches) != 2*epoch || w.Train != 2*epoch*batch || w.Validation != 30 || math.Abs(w.SoftSum-2*epoch*batch) > 1e-3 {
		t.Fatalf("two epochs: %+v", w)
	}
	if first, second := sum(w.Losses[:epoch]), sum(w.Losses[epoch:]); !(second > 0 && second < first) {
		t.Errorf("losses %v: the second epoch is not better than the first", w.Losses)
	}
	var orders [2][]string
	for e, replica := range []string{"r000-", "r001-"} {
		keys := slices.Concat(w.Batches[e*epoch : (e+1)*epoch]...)
		for _, k := range keys {
			if rest, ok := strings.CutPrefix(k, replica); ok {
				orders[e] = append(orders[e], rest)
			}
		}
		sorted := slices.Sorted(slices.Values(orders[e]))
		if len(orders[e]) != epoch*batch || len(slices.Compact(sorted)) != epoch*batch || slices.IsSorted(orders[e]) {
			t.Errorf("epoch %d has not %d different samples of one replica, shuffled: %q", e, epoch*batch, keys)
		}
	}
	if slices.Equal(orders[0], orders[1]) {
		t.Error("both epochs have the same order")
	}
	const stop, kept, died = 2, epoch + 2, epoch + 3 // it died a step after what it kept
	if got.Stopped.Steps != stop || got.Died.Exit != "died" || len(got.Died.Batches) != died-stop || got.WentOn.FirstStep != kept || got.WentOn.Steps != 2*epoch {
		t.Fatalf("stopped %+v\ndied %+v\nwent on %+v", got.Stopped, got.Died, got.WentOn)
	}
	if !slices.Equal(got.Died.Batches[kept-stop], got.WentOn.Batches[0]) {
		t.Errorf("the batch after what was kept is another: %q, %q", got.Died.Batches[kept-stop], got.WentOn.Batches[0])
	}
	parts := slices.Concat(got.Stopped.Batches, got.Died.Batches[:kept-stop], got.WentOn.Batches)
	if !slices.EqualFunc(parts, w.Batches, slices.Equal) {
		t.Errorf("batches with a stop in the middle of an epoch\n%q\nand without\n%q", parts, w.Batches)
	}
	for step, loss := range got.WentOn.Losses {
		if math.Abs(loss-w.Losses[step]) > 1e-5 {
			t.Errorf("step %d: loss %v with a stop, %v without", step, loss, w.Losses[step])
		}
	}
	if len(got.WentOn.Losses) != 2*epoch || got.WentOn.Accuracy != w.Accuracy {
		t.Errorf("%d losses and accuracy %v with a stop, %d and %v without", len(got.WentOn.Losses), got.WentOn.Accuracy, len(w.Losses), w.Accuracy)
	}
	if !slices.ContainsFunc(w.Printed, func(line string) bool { return strings.HasPrefix(line, "validation accuracy ") }) {
		t.Errorf("no accuracy is printed: %q", w.Printed)
	}
	others := []string{"--epochs 2, not 3", "--seed 0, not 1", "--workers 2, not 0", "another data set", "is damaged"}
	if !slices.EqualFunc(got.Other, others, func(r run, part string) bool { return strings.Contains(r.Exit, part) }) {
		t.Errorf("a checkpoint of other trainings: %+v, want %q", got.Other, others)
	}
}

func sum(list []float64) (total float64) {
	for _, v := range list {
		total += v
	}
	return total
}
