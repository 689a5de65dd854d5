package layouttest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/premix/premix/internal/sharedtest"
)

// PlantSynsets are five classes of ILSVRC2012, in their order.
var PlantSynsets = []string{"n11879895", "n11939491", "n12057211", "n12267677", "n12768682"}

// ILSVRC writes the files of ILSVRC2012 into a folder as they are downloaded: ILSVRC2012_img_train.tar, a tar of one tar a
// class, ILSVRC2012_img_val.tar, and the devkit, which has the ids of the validation images.
//
// The images of PlantSynsets are those of the class folders in photographs, in the order of their names: every fourth is for
// validation, the others are for training. If photographs is "", drawn images take their place. With all, each of the other
// 995 classes has one drawn image for training.
func ILSVRC(t testing.TB, dir, photographs string, all bool) {
	t.Helper()
	plants := photos(t, photographs)
	var train, val []File
	var truth strings.Builder
	ids := synsets(t)
	for i, synset := range slices.Sorted(slices.Values(ids)) {
		p := slices.Index(PlantSynsets, synset)
		if p < 0 && !all {
			continue
		}
		images := [][]byte{pictures()[i%len(pictures())]}
		if p >= 0 {
			images = nil
			for n, data := range plants[p] {
				if n%4 == 0 {
					val = append(val, File{Path: fmt.Sprintf("ILSVRC2012_val_%08d.JPEG", len(val)+1), Data: data})
					fmt.Fprintln(&truth, slices.Index(ids, synset)+1)
					continue
				}
				images = append(images, data)
			}
		}
		var class []File
		for n, data := range images {
			class = append(class, File{Path: fmt.Sprintf("%s_%d.JPEG", synset, n+1), Data: data})
		}
		train = append(train, File{Path: synset + ".tar", Data: Tar(t, class)})
	}
	devkit := Tar(t, []File{{Path: "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt", Data: []byte(truth.String())}})
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(devkit); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	Write(t, dir, []File{
		{Path: "ILSVRC2012_img_train.tar", Data: Tar(t, train)},
		{Path: "ILSVRC2012_img_val.tar", Data: Tar(t, val)},
		{Path: "ILSVRC2012_devkit_t12.tar.gz", Data: packed.Bytes()},
	})
}

// photos returns the images for each of PlantSynsets.
func photos(t testing.TB, dir string) [][][]byte {
	t.Helper()
	list := make([][][]byte, len(PlantSynsets))
	if dir == "" {
		for i := range list {
			list[i] = pictures()[i*40 : i*40+40]
		}
		return list
	}
	var classes []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			classes = append(classes, e.Name())
		}
	}
	if len(classes) != len(list) {
		t.Fatalf("%d classes in %s, want %d", len(classes), dir, len(list))
	}
	for i, class := range classes {
		names, err := filepath.Glob(filepath.Join(dir, class, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			list[i] = append(list[i], data)
		}
	}
	return list
}

// synsets are those of ILSVRC2012_ID 1 to 1000, as package source has them.
func synsets(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(sharedtest.Root(t), "io", "source", "ilsvrc2012.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}
