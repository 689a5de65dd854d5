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

// TestComparison trains a few rows of examples/comparison on a few images, each twice with one seed: the same accuracies.
func TestComparison(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "results")
	premix(t, "synth", "--images", "60", "--out", in)
	cmd := exec.Command(py, "comparison/compare.py", in, "--premix", commandtest.Premix(t), "--epochs", "2", "--size", "32", "--batch", "16",
		"--workers", "1", "--seeds", "3,3", "--rows", "cutmix,saliencymix-1,saliencymix-batch", "--out", out, "--work", dir)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join("..", "python"), "OMP_NUM_THREADS=1")
	table, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, err.(*exec.ExitError).Stderr)
	}
	text, err := os.ReadFile(filepath.Join(out, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		HeldOut  int `json:"held_out"`
		Accuracy map[string][][]float64
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.HeldOut != 12 || len(got.Accuracy) != 3 || strings.Count(string(table), "± 0.0 |") != 3 {
		t.Errorf("%+v\n%s", got, table)
	}
	for row, curves := range got.Accuracy {
		if len(curves) != 2 || len(curves[0]) != 2 || curves[0][0] != curves[1][0] || curves[0][1] != curves[1][1] {
			t.Errorf("%s: %v, want twice the same two numbers", row, curves)
		}
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
