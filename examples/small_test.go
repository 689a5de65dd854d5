package examples

import (
	"bytes"
	"encoding/json"
	"image/png"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// makeCIFAR writes archives as those of CIFAR-10 and CIFAR-100, with few images: pixel bytes are (7·i + j) mod
// 251 for byte j of image i. Its other archives are wrong, one in each way. It needs NumPy.
const makeCIFAR = `
import io, os, pickle, sys, tarfile
import numpy as np

def archive(path, members):
    with tarfile.open(path, "w:gz") as tar:
        for name, value in members.items():
            data = value if isinstance(value, bytes) else pickle.dumps(value, 2)
            info = tarfile.TarInfo("cifar/" + name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))

class Attack:
    def __reduce__(self):
        return os.mkdir, (os.path.join(sys.argv[1], "hacked"),)

def rows(n):
    return (np.arange(n)[:, None] * 7 + np.arange(3072)).astype(np.int64) % 251

def batch(n, labels, key="labels"):
    return {"data": rows(n).astype(np.uint8), key: labels, "filenames": ["../../x.png"] * n}

names = ["bird", "cat", "dog"]
ten = {"batches.meta": {"label_names": names}, **{f"data_batch_{i}": batch(3, [2, 0, 2]) for i in range(1, 6)}, "test_batch": batch(2, [1, 1])}
place = lambda name: os.path.join(sys.argv[1], name)
archive(place("ten.tar.gz"), ten)
archive(place("hundred.tar.gz"), {"meta": {"fine_label_names": names, "coarse_label_names": ["x"]}, "train": batch(4, [0, 1, 2, 0], "fine_labels"), "test": batch(1, [2], "fine_labels")})
archive(place("attack.tar.gz"), {**ten, "data_batch_2": {"data": Attack()}})
archive(place("objects.tar.gz"), {**ten, "data_batch_1": {"data": np.array([[1, "a"]], object), "labels": [0]}})
archive(place("rows.tar.gz"), {**ten, "test_batch": {"data": rows(2).astype(np.uint8)[:, :100], "labels": [0, 1]}})
archive(place("label.tar.gz"), {**ten, "test_batch": batch(2, [0, 3])})
archive(place("name.tar.gz"), {**ten, "batches.meta": {"label_names": ["../up", "cat", "dog"]}})
archive(place("order.tar.gz"), {**ten, "batches.meta": {"label_names": ["dog", "cat", "bird"]}})
archive(place("cut.tar.gz"), {**ten, "test_batch": pickle.dumps(ten["test_batch"], 2)[:-500]})
archive(place("other.tar.gz"), {"readme": b"x"})
with open(place("ten.tar.gz"), "rb") as whole, open(place("half.tar.gz"), "wb") as half:
    half.write(whole.read()[:-400])
with open(place("page.tar.gz"), "w") as page:
    page.write("<html>not found</html>")
`

// TestFolders has small/folders.py write class folders of archives as those of CIFAR, and refuse others;
// no pickle runs anything. premix reads the folders with the labels of the archive.
func TestFolders(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if text, err := exec.Command(py, "-c", makeCIFAR, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, tt := range []struct {
		archive string
		want    map[string]int // the number of the image in its batch, by file
	}{
		{"ten", map[string]int{
			"train/bird/00000.png": 1, "train/bird/00004.png": 1, "train/dog/00000.png": 0, "train/dog/00001.png": 2, "train/dog/00009.png": 2,
			"test/cat/00000.png": 0, "test/cat/00001.png": 1,
		}},
		{"hundred", map[string]int{"train/bird/00000.png": 0, "train/bird/00001.png": 3, "train/cat/00000.png": 1, "train/dog/00000.png": 2, "test/dog/00000.png": 0}},
	} {
		out := at("folders-" + tt.archive)
		if text, err := exec.Command(py, "small/folders.py", at(tt.archive+".tar.gz"), out).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		files := 0
		err := filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				files++
			}
			return err
		})
		if want := map[string]int{"ten": 17, "hundred": 5}[tt.archive]; err != nil || files != want {
			t.Errorf("%s: %d files, want %d (%v)", tt.archive, files, want, err)
		}
		for name, image := range tt.want {
			data, err := os.ReadFile(filepath.Join(out, name))
			if err != nil {
				t.Error(err)
				continue
			}
			m, err := png.Decode(bytes.NewReader(data))
			if err != nil || m.Bounds().Dx() != 32 || m.Bounds().Dy() != 32 {
				t.Fatalf("%s: %v", name, err)
			}
			for _, p := range [][2]int{{0, 0}, {31, 0}, {5, 17}, {31, 31}} {
				r, g, b, _ := m.At(p[0], p[1]).RGBA()
				for channel, v := range []uint32{r, g, b} {
					if want := (7*image + 1024*channel + 32*p[1] + p[0]) % 251; int(v>>8) != want {
						t.Errorf("%s %s: channel %d of pixel %v is %d, want %d", tt.archive, name, channel, p, v>>8, want)
					}
				}
			}
		}
	}
	for archive, want := range map[string]string{
		"attack": "the pickle asks for posix.mkdir", "objects": "not of bytes", "rows": "want rows of 3072 bytes", "label": "a label that is none of 0 to 2",
		"name": "a class has a name that cannot be a folder name", "order": "not in the order of their names", "cut": "test_batch", "other": "holds neither batches.meta nor meta",
		"half": "download it again", "page": "download it again", "absent": "is not there",
	} {
		text, err := exec.Command(py, "small/folders.py", at(archive+".tar.gz"), at("refused-"+archive)).CombinedOutput()
		if err == nil || !strings.Contains(string(text), want) || strings.Contains(string(text), "Traceback") {
			t.Errorf("%s: %v, want %q in %s", archive, err, want, text)
		}
	}
	if _, err := os.Stat(at("hacked")); err == nil {
		t.Error("a pickle ran a program")
	}
	if text, err := exec.Command(py, "small/folders.py", at("ten.tar.gz"), at("folders-ten")).CombinedOutput(); err == nil || !strings.Contains(string(text), "exists") {
		t.Errorf("a folder that exists: %v %s", err, text)
	}

	// The configurations of the page go with these folders.
	for _, args := range [][]string{{"mix", "--config", "small/cifar.yaml", "--replicas", "2", "--in", at("folders-ten")}, {"pack", "--config", "small/cifar-test.yaml", "--in", at("folders-ten/test")}} {
		args = append(args, "--out", at("out"), "--cache", at("cache"))
		if text := premix(t, args...); strings.Contains(text, "warning: --size") {
			t.Fatalf("%v:\n%s", args, text)
		}
	}
	for split, samples := range map[string]int{"train": 30, "validation": 2} {
		text, err := os.ReadFile(at("out/__premix__/" + split + "/manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		var m struct{ Counts struct{ Samples int } }
		if err := json.Unmarshal(text, &m); err != nil || m.Counts.Samples != samples {
			t.Errorf("%s: %d samples, want %d (%v)", split, m.Counts.Samples, samples, err)
		}
	}
	classes, err := os.ReadFile(at("out/__premix__/train/classes.txt"))
	if string(classes) != "bird\ncat\ndog\n" {
		t.Errorf("classes %q (%v)", classes, err)
	}
}
