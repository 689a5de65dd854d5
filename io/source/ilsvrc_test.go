package source

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/internal/tartest"
)

func valName(i int) string { return fmt.Sprintf("ILSVRC2012_val_%08d", i) }

func readFileT(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestILSVRCIDs: the ids that come with the program are those of the devkit, 1 to 1,000, each synset once.
func TestILSVRCIDs(t *testing.T) {
	ids := ilsvrcSynsets()
	if len(ids) != 1000 || len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 1000 {
		t.Fatalf("%d ids", len(ids))
	}
	for id, want := range map[int]string{1: "n02119789", 2: "n02100735", 449: "n01440764", 1000: "n03255030"} {
		if got := ids[id-1]; got != want {
			t.Errorf("id %d is %s, want %s", id, got, want)
		}
	}
}

// valSet writes the four images of a validation set, flat or as a tar.
func valSet(t *testing.T, dir string, inTar bool) {
	t.Helper()
	var files []file
	for i := 1; i <= 4; i++ {
		files = append(files, file{valName(i) + ".JPEG", picture(i)})
	}
	if inTar {
		put(t, filepath.Join(dir, "ILSVRC2012_img_val.tar"), tarOf(t, files...))
		return
	}
	for _, f := range files {
		put(t, filepath.Join(dir, f.name), f.data)
	}
}

func TestILSVRCValidation(t *testing.T) {
	kit, setter, tench := "n02119789", "n02100735", "n01440764"
	truth := []byte("449\n1\n2\n1\n")
	tests := []struct {
		name  string
		files []file
	}{
		{"csv", []file{{"LOC_val_solution.csv", []byte("ImageId,PredictionString\n" +
			valName(2) + "," + kit + " 1 2 3 4 " + kit + " 5 6 7 8 \n" + valName(1) + "," + tench + " 1 2 3 4 \n" + valName(4) + "," + kit + " 1 1 1 1\n" + valName(3) + "," + setter + " 1 1 1 1\n")}}},
		{"synset labels", []file{{"synset_labels.txt", []byte(tench + "\n" + kit + "\n" + setter + "\n" + kit + "\n")}}},
		{"ground truth", []file{{"data/ILSVRC2012_validation_ground_truth.txt", truth}, {"data/meta.mat", []byte("any")}}},
		{"ground truth and sorted synsets", []file{{"ILSVRC2012_validation_ground_truth.txt", truth}, {"synsets.txt", []byte(tench + "\n" + setter + "\n" + kit + " kit fox\n")}}},
		{"devkit", []file{{"ILSVRC2012_devkit_t12.tar.gz", tartest.Gzip(t, tarOf(t,
			file{"ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt", truth}))}}},
	}
	for _, test := range tests {
		classes := []string{tench, setter, kit}
		if bytes.Contains(test.files[0].data, truth) || test.name == "devkit" {
			classes = slices.Sorted(slices.Values(ilsvrcSynsets()))
		}
		for _, form := range []string{"tar", "flat", "above"} {
			t.Run(test.name+" "+form, func(t *testing.T) {
				dir := t.TempDir()
				images, prefix, at := dir, "", dir
				switch form {
				case "tar":
					prefix = "ILSVRC2012_img_val.tar/"
				case "above":
					images = filepath.Join(dir, "ILSVRC", "Data", "CLS-LOC", "val")
					put(t, filepath.Join(dir, "ILSVRC", "Data", "CLS-LOC", "train", tench, "a.JPEG"), picture(0))
				}
				valSet(t, images, form == "tar")
				for _, f := range test.files {
					put(t, filepath.Join(at, f.name), f.data)
				}
				cat, rows := scan(t, Options{Split: "validation"}, Input{"", dir})
				var want, images4 []row
				for i, class := range []string{tench, kit, setter, kit} {
					images4 = append(images4, good(prefix+valName(i+1)+".JPEG", valName(i+1), class, -1))
				}
				for _, r := range rows {
					if !r.Ignored { // the lists lie in the flat folder
						want = append(want, r)
					}
				}
				wantRows(t, images4, want)
				if d := cmp.Diff(classes, cat.Classes); d != "" || cat.Layout != "ilsvrc" {
					t.Errorf("%s: classes: %s", cat.Layout, d)
				}
				if d := cmp.Diff(rows, readAll(t, cat, Options{Split: "validation", ChunkImages: 2})); d != "" {
					t.Errorf("ChunkImages 2: %s", d)
				}
			})
		}
	}
}

// TestILSVRCLost: of a validation tar that was cut, each image that is listed and gone is a row.
func TestILSVRCLost(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "synset_labels.txt"), []byte("n01\nn02\nn01\nn02\nn01\nn02\n"))
	valSet(t, dir, true)
	path := filepath.Join(dir, "ILSVRC2012_img_val.tar")
	whole := readFileT(t, path)
	third := bytes.Index(whole, []byte(valName(3)))
	for _, test := range []struct {
		name      string
		data      []byte
		good, bad int
	}{
		{"whole, of a part", whole, 4, 0}, {"between images", whole[:third], 2, 4}, {"in an image", whole[:third+700], 2, 4}, {"in a header", whole[:third+70], 2, 4},
	} {
		put(t, path, test.data)
		cat, rows := scan(t, Options{Split: "validation"}, Input{"", dir})
		if good, bad := count(rows); good != test.good || bad != test.bad {
			t.Errorf("%s: %d good, %d bad, want %d and %d: %s", test.name, good, bad, test.good, test.bad, reasons(t, cat, Options{}))
		}
		if d := cmp.Diff(rows, readAll(t, cat, Options{ChunkImages: 1})); d != "" {
			t.Errorf("%s, ChunkImages 1: %s", test.name, d)
		}
	}
}

// TestILSVRCPattern: the images of a flat folder go together, as their list does.
func TestILSVRCPattern(t *testing.T) {
	dir := t.TempDir()
	valSet(t, dir, false)
	put(t, filepath.Join(dir, "synset_labels.txt"), []byte("a\nb\na\nb\n"))
	for _, pattern := range []string{"*.JPEG", valName(1) + ".JPEG"} {
		wantUsage(t, Options{Split: "validation"}, []Input{{"", filepath.Join(dir, pattern)}}, pattern+" names images of a folder", "give the folder itself, --in "+dir)
	}
}

func TestILSVRCLists(t *testing.T) {
	dir := t.TempDir()
	valSet(t, dir, false)
	wantUsage(t, Options{Split: "val"}, []Input{{"", dir}}, "no labels", "LOC_val_solution.csv")
	put(t, filepath.Join(dir, "ILSVRC2012_validation_ground_truth.txt"), []byte("1\n1001\n"))
	wantUsage(t, Options{Split: "val"}, []Input{{"", dir}}, "line 2", "not an id of ILSVRC2012")
	put(t, filepath.Join(dir, "ILSVRC2012_validation_ground_truth.txt"), []byte("449\n449\n"))
	_, rows := scan(t, Options{Split: "val"}, Input{"v", dir})
	var list []row
	for _, r := range rows {
		if !r.Ignored {
			list = append(list, r)
		}
	}
	wantRows(t, []row{
		good("v/"+valName(1)+".JPEG", valName(1), "n01440764", -1), good("v/"+valName(2)+".JPEG", valName(2), "n01440764", -1),
		fault("v/"+valName(3)+".JPEG", premix.NoLabel), fault("v/"+valName(4)+".JPEG", premix.NoLabel),
	}, list)
}

func TestILSVRCTrain(t *testing.T) {
	inner := func(class string, n int) []byte {
		var files []file
		for i := range n {
			files = append(files, file{fmt.Sprintf("%s_%d.JPEG", class, i), picture(i)})
		}
		return tarOf(t, files...)
	}
	a, b := inner("n01440764", 3), inner("n01443537", 40)
	var want []row
	add := func(outer, class string, n int) {
		for i := range n {
			key := fmt.Sprintf("%s_%d", class, i)
			want = append(want, good(outer+class+".tar/"+key+".JPEG", key, class, -1))
		}
	}
	add("ILSVRC2012_img_train.tar/", "n01440764", 3)
	add("ILSVRC2012_img_train.tar/", "n01443537", 40)
	dir := t.TempDir()
	outer := tarOf(t, file{"n01443537.tar", b}, file{"n01440764.tar", a}, file{"README", []byte("x")})
	put(t, filepath.Join(dir, "ILSVRC2012_img_train.tar"), outer)
	put(t, filepath.Join(dir, "ILSVRC2012_img_val.tar"), tarOf(t, file{valName(1) + ".JPEG", picture(0)}))
	cat, rows := scan(t, Options{}, Input{"", dir})
	wantRows(t, want, rows)
	if d := cmp.Diff([]string{"n01440764", "n01443537"}, cat.Classes); d != "" || cat.Ignored != 1 {
		t.Errorf("%s; %d ignored", d, cat.Ignored)
	}
	if d := cmp.Diff(rows, readAll(t, cat, Options{ChunkImages: 3})); d != "" {
		t.Errorf("ChunkImages 3: %s", d)
	}
	if chunks, err := Split(t.Context(), cat.Containers[1], Options{ChunkImages: 3}); err != nil || len(chunks) < 10 {
		t.Errorf("%d chunks of 40 images, %v", len(chunks), err)
	}

	// The class tars by themselves.
	flat := t.TempDir()
	put(t, filepath.Join(flat, "n01440764.tar"), a)
	put(t, filepath.Join(flat, "n01443537.tar"), b)
	cat2, rows2 := scan(t, Options{}, Input{"", flat})
	if d := cmp.Diff(renamed(rows, "ILSVRC2012_img_train.tar/", ""), rows2); d != "" || cat2.Layout != "ilsvrc" {
		t.Errorf("%s: %s", cat2.Layout, d)
	}

	// Cut off in the first inner tar: what is before the cut is used.
	put(t, filepath.Join(dir, "ILSVRC2012_img_train.tar"), outer[:len(b)*3/4])
	cat3, rows3 := scan(t, Options{}, Input{"", dir})
	good, cut := 0, 0
	for _, r := range rows3 {
		switch r.Kind {
		case "":
			good++
		case premix.Truncated:
			cut++
		default:
			t.Errorf("%v", r)
		}
	}
	if good < 20 || cut < 1 || cut > 2 || len(cat3.Failures) != 1 || cat3.Failures[0].Kind != premix.Truncated {
		t.Errorf("%d good, %d cut, %v", good, cut, cat3.Failures)
	}
	wantUsage(t, Options{Split: "test"}, []Input{{"", dir}}, "--split test", "ILSVRC2012_img_test.tar")
}

// TestILSVRCCut: the listing of a tar of class tars that is damaged is not a class list, unless another one
// says what is in it; then each class that is lost is a failure.
func TestILSVRCCut(t *testing.T) {
	classes := []string{"n01440764", "n01443537", "n01484850", "n01491361"}
	var list []file
	for _, class := range classes {
		list = append(list, file{class + ".tar", tarOf(t, file{class + "_0.JPEG", picture(0)}, file{class + "_1.JPEG", picture(1)})})
	}
	whole := tarOf(t, list...)
	at := func(class string) int { return bytes.Index(whole, []byte(class+".tar")) }
	broken := bytes.Clone(whole)
	broken[at(classes[1])+20] ^= 1
	twice := bytes.Clone(broken)
	twice[at(classes[3])+20] ^= 1
	size := len(list[2].data)
	tests := []struct {
		name    string
		data    []byte
		cut     string
		lost    []string // classes that --classes states, and that are not there
		reasons int      // of the damage itself
	}{
		{"whole", whole, "", nil, 0},
		{"in a class tar", whole[:at(classes[2])+512+3000], fmt.Sprintf("it ends at byte %d inside n01484850.tar: %d of its %d bytes are missing, and everything after it", at(classes[2])+512+3000, size-3000, size), classes[3:], 1},
		{"between class tars", whole[:at(classes[2])], fmt.Sprintf("byte %d: the archive ends without its end mark: members may be missing, after n01443537.tar", at(classes[2])), classes[2:], 1},
		{"in a header", whole[:at(classes[2])+100], "100 bytes where a header should be, after n01443537.tar", classes[2:], 1},
		{"without its end mark", whole[:len(whole)-1024], "without its end mark", nil, 1},
		{"a broken header", broken, "a broken header; what it stands for is lost, after n01440764.tar", classes[1:2], 1},
		{"two broken headers", twice, "a broken header", []string{classes[1], classes[3]}, 2},
		{"zeros", append(bytes.Clone(whole[:at(classes[2])]), make([]byte, 2<<20)...), "is zeros, as of a download that did not finish, after n01443537.tar", classes[2:], 1},
		{"nothing", whole[:100], "is damaged", nil, -1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir, other := t.TempDir(), t.TempDir()
			put(t, filepath.Join(dir, "ILSVRC2012_img_train.tar"), test.data)
			in := Input{"", dir}
			if test.reasons < 0 {
				wantUsage(t, Options{}, []Input{in}, test.cut, "--classes FILE")
				return
			}
			cat, _ := scan(t, Options{}, in)
			if (cat.Cut == "") != (test.cut == "") || !strings.Contains(cat.Cut, test.cut) || strings.Contains(cat.Cut, "\n") {
				t.Errorf("%q does not say %q", cat.Cut, test.cut)
			}
			cat, _ = scan(t, Options{Classes: classes}, in)
			var lost []string
			reasons := 0
			for _, f := range cat.Failures {
				if f.Name == "ILSVRC2012_img_train.tar" {
					reasons++
				} else if strings.Contains(f.Reason, "a class is lost") {
					lost = append(lost, strings.TrimSuffix(strings.TrimPrefix(f.Name, "ILSVRC2012_img_train.tar/"), ".tar"))
				}
			}
			if d := cmp.Diff(test.lost, lost); d != "" || reasons != test.reasons || cat.Cut != "" || len(cat.Classes) != 4 {
				t.Errorf("--classes: %s%d of the damage, %q, %v", d, reasons, cat.Cut, cat.Classes)
			}
			for _, class := range classes {
				put(t, filepath.Join(other, class, "a.JPEG"), picture(2))
			}
			cat, _ = scan(t, Options{}, in, Input{"other", other})
			if (cat.Cut == "") != (test.cut == "") || len(cat.Classes) != 4 {
				t.Errorf("another input has the list, which does not bring back what is lost: %q, %v", cat.Cut, cat.Classes)
			}
		})
	}
}

func TestKaggleTree(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "LOC_val_solution.csv"), []byte("ImageId,PredictionString\n"))
	put(t, filepath.Join(dir, "ILSVRC", "Data", "CLS-LOC", "train", "n01440764", "x.JPEG"), picture(0))
	put(t, filepath.Join(dir, "ILSVRC", "Data", "CLS-LOC", "test", "ILSVRC2012_test_00000001.JPEG"), picture(0))
	put(t, filepath.Join(dir, "ILSVRC", "Annotations", "x"), nil)
	for _, root := range []string{"", "ILSVRC", "ILSVRC/Data", "ILSVRC/Data/CLS-LOC", "ILSVRC/Data/CLS-LOC/train"} {
		_, rows := scan(t, Options{}, Input{"", filepath.Join(dir, root)})
		wantRows(t, []row{good("n01440764/x.JPEG", "x", "n01440764", -1)}, rows)
	}
	wantUsage(t, Options{Split: "val"}, []Input{{"", dir}}, "no folder for --split validation")
}
