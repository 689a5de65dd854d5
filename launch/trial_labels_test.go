package launch

import (
	"archive/tar"
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/transforms/stage"
)

// numbered writes a tar of images whose labels are numbers, and returns its path.
func numbered(t *testing.T, labels ...int) string {
	t.Helper()
	var text bytes.Buffer
	w := tar.NewWriter(&text)
	for i, label := range labels {
		m := image.NewGray(image.Rect(0, 0, 40, 40))
		for k := range m.Pix {
			m.Pix[k] = byte(k * (i + 3) % 251)
		}
		var picture bytes.Buffer
		if err := png.Encode(&picture, m); err != nil {
			t.Fatal(err)
		}
		for ext, data := range map[string][]byte{"png": picture.Bytes(), "cls": fmt.Append(nil, label)} {
			h := &tar.Header{Name: fmt.Sprintf("%04d.%s", i, ext), Mode: 0o644, Size: int64(len(data))}
			if err := w.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "train-000000.tar")
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTryOddLabel tries inputs with a label far above the others: what the run refuses a trial refuses with the same words,
// and a list of a million classes costs it neither names nor a vector for each image.
func TestTryOddLabel(t *testing.T) {
	defer func(d time.Duration) { trialTime = d }(trialTime)
	trialTime = time.Hour
	for _, test := range []struct {
		name    string
		odd     int
		form    string
		set     func(*pipeline.Config)
		refused bool
		classes int
	}{
		{"above the bound", 900_000_000, "pair", nil, true, 0},
		{"above the bound, dense", 1 << 20, "dense", nil, true, 0},
		{"below it", 1<<20 - 1, "pair", nil, false, 1 << 20},
		{"below it, dense", 1<<20 - 1, "dense", nil, false, 1 << 20},
		{"limits", 900_000_000, "dense", func(c *pipeline.Config) { c.Limit = 5 }, false, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			labels := make([]int, 60)
			for i := range labels {
				labels[i] = i % 3
			}
			labels[31] = test.odd
			dir := t.TempDir()
			c := pipeline.Default()
			c.In, c.Out, c.Cache = []string{numbered(t, labels...)}, filepath.Join(dir, "out"), filepath.Join(dir, "cache")
			c.Size.H, c.Size.W, c.LabelForm, c.Formats = 32, 32, test.form, []string{"tfrecord"}
			if test.set != nil {
				test.set(&c)
			}
			job, err := Prepare(t.Context(), c, Options{})
			if err != nil {
				t.Fatal(err)
			}
			trial, err := job.Try(t.Context())
			if test.refused {
				_, want := job.Run(t.Context())
				got := stage.FindRefusal(err)
				if r := stage.FindRefusal(want); got == nil || r == nil || *got != *r || got.Code != stage.CodeUsage {
					t.Errorf("the trial says %v, the run %v", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if trial.Images != len(labels) || trial.Bad > 0 || trial.Classes != test.classes || !trial.Numbered {
				t.Errorf("%+v", trial)
			}
			vector := 0.0
			if test.form == "dense" {
				vector = 4 * float64(test.classes)
			}
			if rest := trial.Outputs[0].Mean - vector; rest < 100 || rest > 10_000 {
				t.Errorf("a sample takes %.0f bytes, %.0f of them are its dense label", trial.Outputs[0].Mean, vector)
			}
		})
	}
}
