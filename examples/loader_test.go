package examples

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/internal/commandtest"
)

// TestLoaderPage runs the programs of docs/loader.md.
func TestLoaderPage(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	in, out, cache := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "cache")
	premix(t, "synth", "--images", "70", "--out", in)
	premix(t, "mix", "--in", in, "--out", out, "--cache", cache, "--size", "32", "--replicas", "2", "--plan-only")
	caches, err := filepath.Glob(filepath.Join(cache, "*"))
	if err != nil || len(caches) != 1 {
		t.Fatalf("caches %v, %v", caches, err)
	}
	page, err := os.ReadFile(filepath.Join("..", "docs", "loader.md"))
	if err != nil {
		t.Fatal(err)
	}
	programs := strings.Split(string(page), "<!-- python -->\n\n")[1:]
	if len(programs) != 3 {
		t.Fatalf("%d programs, want 3", len(programs))
	}
	names := strings.NewReplacer(`"OUT"`, `"`+out+`"`, `"IN"`, `"`+in+`"`, `"CACHE/FINGERPRINT"`, `"`+caches[0]+`"`)
	for _, p := range programs {
		var text strings.Builder
		for line := range strings.Lines(p) {
			if strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "    ") {
				break
			}
			text.WriteString(strings.TrimPrefix(line, "    "))
		}
		cmd := exec.Command(py, "-W", "error::UserWarning:premix_shards", "-c", names.Replace(text.String()))
		cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join("..", "python"), "XDG_CACHE_HOME="+filepath.Join(dir, "maps"), "OMP_NUM_THREADS=1")
		if got, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%s", err, text.String(), got)
		}
	}
}

// TestComparison trains a few rows of examples/comparison on a few images, adds a seed to them, and trains one again: the same accuracies.
func TestComparison(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "results")
	premix(t, "synth", "--images", "60", "--out", in)
	compare := func(out string, options ...string) (table, said string, err error) {
		cmd := exec.Command(py, append([]string{"comparison/compare.py", in, "--premix", commandtest.Premix(t), "--epochs", "2", "--size", "32",
			"--batch", "16", "--workers", "1", "--rows", "cutmix,saliencymix-1,saliencymix-batch", "--out", out, "--work", dir}, options...)...)
		cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join("..", "python"), "OMP_NUM_THREADS=1")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		stdout, err := cmd.Output()
		return string(stdout), stderr.String(), err
	}
	read := func(out string) (got struct {
		HeldOut  int `json:"held_out"`
		Accuracy map[string]map[string][]float64
	}) {
		text, err := os.ReadFile(filepath.Join(out, "results.json"))
		if err == nil {
			err = json.Unmarshal(text, &got)
		}
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if _, said, err := compare(out, "--seeds", "3"); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	one := read(out)
	table, said, err := compare(out, "--seeds", "4,3")
	if err != nil || strings.Contains(said, "seed 3") || strings.Count(said, "seed 4: ") != 3 {
		t.Fatalf("a second seed: %v\n%s", err, said)
	}
	got := read(out)
	if got.HeldOut != 12 || len(got.Accuracy) != 3 || strings.Count(table, " ± ") != 3 {
		t.Errorf("%+v\n%s", got, table)
	}
	again := filepath.Join(dir, "again")
	if _, said, err := compare(again, "--seeds", "3", "--rows", "saliencymix-batch"); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	for row, curves := range got.Accuracy {
		if len(curves["3"]) != 2 || len(curves["4"]) != 2 || !slices.Equal(curves["3"], one.Accuracy[row]["3"]) {
			t.Errorf("%s: %v, want two numbers for each seed, and those of before", row, curves)
		}
	}
	if row := "saliencymix-batch"; !slices.Equal(read(again).Accuracy[row]["3"], one.Accuracy[row]["3"]) {
		t.Errorf("%s: %v, want %v as in the run before", row, read(again).Accuracy[row], one.Accuracy[row])
	}
	if _, said, err := compare(out, "--seeds", "3", "--epochs", "1"); err == nil || !strings.Contains(said, "is of another comparison (epochs)") {
		t.Errorf("other epochs: %v\n%s", err, said)
	}
	if err := os.WriteFile(filepath.Join(again, "results.json"), []byte(`{"epochs": 2, "accuracy": [[1, 2]]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, said, err := compare(again, "--seeds", "3"); err == nil || !strings.Contains(said, "results.json is damaged, or of an earlier version") || strings.Contains(said, "Traceback") {
		t.Errorf("damaged results: %v\n%s", err, said)
	}
	for _, name := range []string{"table.md", "curves.svg"} {
		if data, err := os.ReadFile(filepath.Join(out, name)); err != nil || !strings.Contains(string(data), "saliencymix-batch") {
			t.Errorf("%s: %v, %q", name, err, data)
		}
	}
}

// TestFashion has comparison/fashion.py write class folders of two small IDX files, and refuse a file of another kind.
func TestFashion(t *testing.T) {
	py := python(t)
	idx, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
	pixels := make([]byte, 4*28*28)
	for i := range pixels {
		pixels[i] = byte(i / (28 * 28) * 10)
	}
	write := func(name string, header []uint32, data []byte) {
		f, err := os.Create(filepath.Join(idx, name))
		if err != nil {
			t.Fatal(err)
		}
		z := gzip.NewWriter(f)
		err = errors.Join(binary.Write(z, binary.BigEndian, header), binary.Write(z, binary.BigEndian, data), z.Close(), f.Close())
		if err != nil {
			t.Fatal(err)
		}
	}
	write("train-images-idx3-ubyte.gz", []uint32{0x803, 4, 28, 28}, pixels)
	write("train-labels-idx1-ubyte.gz", []uint32{0x801, 4}, []byte{9, 0, 9, 9})
	if text, err := exec.Command(py, "comparison/fashion.py", idx, out, "--per-class", "2").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	found, err := filepath.Glob(filepath.Join(out, "*", "*.png"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		found[i], _ = filepath.Rel(out, found[i])
	}
	if want := []string{"ankle-boot/00000.png", "ankle-boot/00002.png", "t-shirt/00001.png"}; !slices.Equal(found, want) {
		t.Errorf("%v, want %v", found, want)
	}
	f, err := os.Open(filepath.Join(out, "ankle-boot", "00002.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if m, err := png.Decode(f); err != nil || m.Bounds().Dx() != 28 || color.GrayModel.Convert(m.At(5, 5)) != (color.Gray{Y: 20}) {
		t.Errorf("the third image: %v", err)
	}
	write("train-labels-idx1-ubyte.gz", []uint32{0x803, 4}, []byte{9, 0, 9, 9})
	if text, err := exec.Command(py, "comparison/fashion.py", idx, out).CombinedOutput(); err == nil || !strings.Contains(string(text), "is not an IDX file of this kind") {
		t.Errorf("a file of another kind: %v\n%s", err, text)
	}
}
