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

// TestKerasEpochs has tensorflow/train_resnet.py train over more epochs than there are replicas, at once and with a stop after
// the first, and looks at what each epoch reads.
func TestKerasEpochs(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	premix(t, "mix", "--in", "synth:90", "--out", out, "--size", "32", "--shards", "4", "--replicas", "2", "--format", "tfrecord", "--cache", "none")
	premix(t, "pack", "--in", "synth:30", "--out", out, "--size", "32", "--shards", "2", "--format", "tfrecord", "--cache", "none")
	cmd := exec.Command(py, "testdata/keras_epochs.py", out, filepath.Join(dir, "checkpoint"))
	cmd.Env = append(os.Environ(), "TF_CPP_MIN_LOG_LEVEL=3", "CUDA_VISIBLE_DEVICES=", "PYTHONDONTWRITEBYTECODE=1")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout.String(), stderr.String())
	}
	type run struct {
		FirstEpoch     int `json:"first_epoch"`
		Epochs         int
		Losses         []float64
		Accuracy       float64
		Exit           string
		ValidationLoss float64 `json:"validation_loss"`
	}
	var got struct {
		Reads []struct {
			Records, Different int
			OfReplica          int `json:"of_replica"`
			Ordered            bool
			SameAgain          bool `json:"same_again"`
		}
		Whole, Stopped run
		WentOn         run `json:"went_on"`
		Decay          []float64
		Other          []run
	}
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatalf("%v in %q\n%s", err, stdout.String(), stderr.String())
	}
	const steps = 90 / 20 * 20 // what fills no batch is left out
	for e, r := range got.Reads {
		if r.Records != steps || r.Different != steps || r.OfReplica != steps || r.Ordered || !r.SameAgain {
			t.Errorf("epoch %d: %+v, want %d different records of replica %d, in an order of their own that is always the same", e, r, steps, e%2)
		}
	}
	if len(got.Reads) != 4 {
		t.Errorf("%d epochs read, want 4", len(got.Reads))
	}
	if len(got.Whole.Losses) != 3 || got.Stopped.Epochs != 1 || got.WentOn.FirstEpoch != 1 || len(got.WentOn.Losses) != 2 {
		t.Fatalf("trained %+v\nstopped %+v\nwent on %+v", got.Whole, got.Stopped, got.WentOn)
	}
	for e, loss := range append(got.Stopped.Losses, got.WentOn.Losses...) {
		if math.Abs(loss-got.Whole.Losses[e]) > 1e-4 {
			t.Errorf("epoch %d: loss %v after a stop, %v without one", e, loss, got.Whole.Losses[e])
		}
	}
	if d := math.Abs(got.WentOn.ValidationLoss - got.Whole.ValidationLoss); d > 1e-3 || got.WentOn.Accuracy != got.Whole.Accuracy {
		t.Errorf("validation: %+v after a stop, %+v without one", got.WentOn, got.Whole)
	}
	if d := got.Decay; len(d) != 2 || d[0] > 0.99 || math.Abs(d[0]-d[1]) > 2e-3 {
		t.Errorf("of a weight of 1 is left, and with PyTorch: %v", d)
	}
	others := []string{"--epochs 3, not 4", "--seed 0, not 1", "another data set"}
	if !slices.EqualFunc(got.Other, others, func(r run, part string) bool { return strings.Contains(r.Exit, part) }) {
		t.Errorf("a checkpoint of other trainings: %+v, want %q", got.Other, others)
	}
}
