package source

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/internal/tartest"
)

// flatSet is a folder of flat images beside a list of their classes.
func flatSet(t *testing.T, list string, images ...string) (dir string, o Options) {
	t.Helper()
	dir = t.TempDir()
	for i, name := range images {
		put(t, filepath.Join(dir, "in", name), picture(i))
	}
	put(t, filepath.Join(dir, "list.csv"), []byte(list))
	return dir, Options{Labels: []Input{{URI: filepath.Join(dir, "list.csv")}}}
}

// TestLabels gives images the classes of a list, in folders and in tars.
func TestLabels(t *testing.T) {
	const list = "image,class\na,pug\nx/b.png,cat\nc.JPG,pug\nnone,cat\nd.svg,cat\ne,\n"
	files := []file{{"a.jpg", picture(0)}, {"x/b.png", picture(1)}, {"c.jpg", picture(2)}, {"d.svg", []byte("<svg/>")}, {"e.jpg", picture(4)}, {"f.jpg", picture(5)}, {"a.txt", []byte("a caption")}}
	want := func(in string) []row {
		rows := []row{
			good(in+"a.jpg", "a", "pug", -1), ignored(in + "a.txt"), good(in+"c.jpg", "c", "pug", -1), fault(in+"d.svg", premix.Unsupported),
			fault(in+"e.jpg", premix.NoLabel), ignored(in + "f.jpg"), good(in+"x/b.png", "x/b", "cat", -1),
		}
		return rows
	}
	tests := []struct {
		name, in string
		put      func(dir string)
	}{
		{"folder", "", func(dir string) { putAll(t, dir, files) }},
		{"tar", "x.tar/", func(dir string) { put(t, filepath.Join(dir, "x.tar"), tarOf(t, sorted(files)...)) }},
		{"compressed tar", "x.tar.gz/", func(dir string) { put(t, filepath.Join(dir, "x.tar.gz"), tartest.Gzip(t, tarOf(t, sorted(files)...))) }},
		{"tar in a folder", "data/x.tar/", func(dir string) { put(t, filepath.Join(dir, "data", "x.tar"), tarOf(t, sorted(files)...)) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			test.put(filepath.Join(dir, "in"))
			put(t, filepath.Join(dir, "list.csv"), []byte(list))
			o := Options{Labels: []Input{{URI: filepath.Join(dir, "list.csv")}}}
			cat, rows := scan(t, o, Input{"", filepath.Join(dir, "in")})
			wantRows(t, want(test.in), plain(rows))
			if d := cmp.Diff([]string{"cat", "pug"}, cat.Classes); d != "" {
				t.Error(d)
			}
			if len(cat.Failures) != 1 || cat.Failures[0].Name != "none" || !strings.Contains(cat.Failures[0].Reason, "list.csv lists it") {
				t.Errorf("failures %v", cat.Failures)
			}
			if all := strings.Join(cat.Warnings, "\n"); !strings.Contains(all, "not used: 1, as ") || !strings.Contains(all, "f.jpg") {
				t.Errorf("warnings %q", all)
			}
		})
	}
}

func sorted(files []file) []file {
	at := map[string]file{}
	var names []string
	for _, f := range files {
		at[f.name] = f
		names = append(names, f.name)
	}
	var list []file
	for _, name := range slices.Sorted(slices.Values(names)) {
		list = append(list, at[name])
	}
	return list
}

// TestLabelsRefused has lists that do not fit the input, and what the message must say.
func TestLabelsRefused(t *testing.T) {
	tests := []struct {
		name, list string
		images     string
		says       []string
	}{
		{"a name of two files", "image,class\n1.jpg,cat\n2.jpg,dog\n", "a/1.jpg b/1.jpg 2.jpg", []string{"line 2: 1.jpg can be a/1.jpg or b/1.jpg"}},
		{"with other extensions", "image,class\n1,cat\n2,dog\n", "1.jpg 1.png 2.jpg", []string{"line 2: 1 can be 1.jpg or 1.png"}},
		{"two rows of a file", "image,class\ny/1,cat\nx/1,dog\n", "1.jpg", []string{"list.csv: lines 2 and 3", "1.jpg"}},
		{"another folder", "image,class\ntest/1.jpg,cat\n", "train/1.jpg", []string{"no row fits", "test/1.jpg", "train/1.jpg"}},
		{"an image twice", "image,class\n1,cat\n1,cat\n", "1.jpg", []string{"lines 2 and 3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir, o := flatSet(t, test.list, strings.Fields(test.images)...)
			o.Accept = []string{AcceptSplitNames}
			wantUsage(t, o, []Input{{"", filepath.Join(dir, "in")}}, test.says...)
		})
	}
	dir, o := flatSet(t, "image,class\n1,cat\n", "1.jpg")
	in, list := Input{"", filepath.Join(dir, "in")}, filepath.Join(dir, "list.csv")
	o.Labels = []Input{{"x", list}}
	wantUsage(t, o, []Input{in}, "no input is called x", "--in x=URI")
	o.Labels = []Input{{"", list}}
	wantUsage(t, o, []Input{{"x", in.URI}}, "--labels NAME=")
	o.Labels = []Input{{"", list}, {"", filepath.Join(dir, "other.csv")}}
	wantUsage(t, o, []Input{in}, "one list")
	o.Labels = []Input{{"", filepath.Join(dir, "other.csv")}}
	wantUsage(t, o, []Input{in}, "other.csv", "no such file")
	o.Labels = []Input{{"", list}}
	wantUsage(t, o, []Input{{"", filepath.Join(dir, "in", "1.jpg")}}, "must be a folder of images, tars or zip archives")
	put(t, filepath.Join(dir, "parquet", "x.parquet"), parquetOf(t, []parquetRow{{}}))
	wantUsage(t, o, []Input{{"", filepath.Join(dir, "parquet")}}, "holds parquet", "labels in them")
	put(t, filepath.Join(dir, "tars", "x.tar"), tarOf(t, file{"1.jpg", picture(0)}))
	put(t, filepath.Join(dir, "tars", "y.tar"), tarOf(t, file{"1.jpg", picture(1)}))
	wantUsage(t, o, []Input{{"", filepath.Join(dir, "tars")}}, "x.tar/1.jpg or y.tar/1.jpg")
}

// TestLabelsOfSplits takes the wanted split; images of the others are named by the list and no loss.
func TestLabelsOfSplits(t *testing.T) {
	dir, o := flatSet(t, "file,label\ntrain/1.jpg,cat\ntrain/2.jpg,dog\ntest/1.jpg,dog\n", "train/1.jpg", "train/2.jpg", "test/1.jpg", "test/2.jpg")
	cat, rows := scan(t, o, Input{"", filepath.Join(dir, "in")})
	wantRows(t, []row{good("1.jpg", "1", "cat", -1), good("2.jpg", "2", "dog", -1)}, plain(rows))
	if len(cat.Failures) > 0 || !strings.Contains(strings.Join(cat.Notes, "\n"), "not used: 1 image that ") {
		t.Errorf("%v, %q", cat.Failures, cat.Notes)
	}
	o.Split = "test"
	if _, rows = scan(t, o, Input{"", filepath.Join(dir, "in")}); rows[0].Class != "dog" || !rows[1].Ignored {
		t.Errorf("%v", rows)
	}
	// The input is the split itself, and the list lies above it.
	put(t, filepath.Join(dir, "in", "all.csv"), readFileT(t, filepath.Join(dir, "list.csv")))
	o = Options{Labels: []Input{{URI: filepath.Join(dir, "in", "all.csv")}}}
	cat, _ = scan(t, o, Input{"", filepath.Join(dir, "in", "train")})
	if len(cat.Failures) > 0 || !strings.Contains(strings.Join(cat.Notes, "\n"), "not used: 1 image that ") {
		t.Errorf("%v, %q", cat.Failures, cat.Notes)
	}
}

// TestLabelsOfAnotherSplit: files of two splits are often called alike, so that the list of one must not be taken
// for the other, wherever the list lies.
func TestLabelsOfAnotherSplit(t *testing.T) {
	for _, list := range []string{"list.csv", "lists/list.csv"} {
		dir := t.TempDir()
		for i, name := range []string{"1.jpg", "2.jpg"} {
			put(t, filepath.Join(dir, "test", name), picture(i))
		}
		file := filepath.Join(dir, list)
		put(t, file, []byte("image,label\ntrain/1.jpg,cat\ntrain/2.jpg,dog\n"))
		o := Options{Labels: []Input{{URI: file}}}
		wantUsage(t, o, []Input{{"", filepath.Join(dir, "test")}}, "line 2: train/1.jpg is of the split train", "test/1.jpg")
		put(t, file, []byte("image,label\nelsewhere/testing/1.jpg,cat\nelsewhere/testing/2.jpg,dog\n"))
		scan(t, o, Input{"", filepath.Join(dir, "test")})
	}
}

// TestLabelsOfTwoInputs shares a list: an image is missing where no input has it.
func TestLabelsOfTwoInputs(t *testing.T) {
	dir, o := flatSet(t, "image_id,dx\n1,mel\n2,nv\n3,nv\n", "part_1/1.jpg", "part_2/2.jpg")
	list := o.Labels[0].URI
	o.Labels = []Input{{"a", list}, {"b", list}}
	cat, _ := scan(t, o, Input{"a", filepath.Join(dir, "in", "part_1")}, Input{"b", filepath.Join(dir, "in", "part_2")})

	if len(cat.Failures) != 1 || cat.Failures[0].Name != "a/3" {
		t.Errorf("%v", cat.Failures)
	}
}

// TestListsBeside has lists that are understood by themselves, and some that are not.
func TestListsBeside(t *testing.T) {
	tests := []struct {
		name, list, data string
		images           string
		want             string // the classes of the images, or empty: refused
	}{
		{"Tiny ImageNet", "val/val_annotations.txt", "0.JPEG\tn01\t0\t0\t6\t6\n1.JPEG\tn02\t0\t0\t6\t6\n", "val/images/0.JPEG val/images/1.JPEG", "n01 n02"},
		{"GTSRB", "Final_Test/Images/GT-final_test.csv", "Filename;Width;ClassId\n0.png;3;16\n1.png;3;7\n", "Final_Test/Images/0.png Final_Test/Images/1.png", "16 7"},
		{"GTSRB without classes", "Final_Test/Images/GT-final_test.test.csv", "Filename;Width\n0.png;3\n1.png;4\n", "Final_Test/Images/0.png Final_Test/Images/1.png", ""},
		{"Hub", "metadata.csv", "file_name,label\n0.png,cat\n1.png,dog\n", "0.png 1.png", "cat dog"},
		{"Hub, in the folder of the split", "train/metadata.jsonl", `{"file_name": "0.png", "class": "cat"}` + "\n" + `{"file_name": "1.png", "class": "dog"}`, "train/0.png train/1.png test/0.png", "cat dog"},
		{"Hub, above the splits", "metadata.csv", "file_name,label\ntrain/0.png,cat\ntrain/1.png,dog\ntest/0.png,cat\n", "train/0.png train/1.png test/0.png", "cat dog"},
		{"Hub, captions", "metadata.csv", "file_name,text\n0.png,a cat\n1.png,a dog\n", "0.png 1.png", ""},
		{"another list", "labels.csv", "id,label\n0,cat\n1,dog\n", "0.png 1.png", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for i, name := range strings.Fields(test.images) {
				put(t, filepath.Join(dir, name), picture(i))
			}
			put(t, filepath.Join(dir, test.list), []byte(test.data))
			o := Options{}
			if strings.HasPrefix(test.images, "val/") {
				o.Split = "validation"
			}
			if test.want == "" {
				wantUsage(t, o, []Input{{"", dir}}, "--labels FILE", filepath.Base(test.list))
				return
			}
			cat, rows := scan(t, o, Input{"", dir})
			var got []string
			for _, r := range rows {
				switch {
				case r.Ignored:
				case r.Class != "":
					got = append(got, r.Class)
				default:
					got = append(got, strconv.Itoa(r.Label))
				}
			}
			if d := cmp.Diff(test.want, strings.Join(got, " ")); d != "" || len(cat.Failures) > 0 {
				t.Errorf("%s%v", d, cat.Failures)
			}
		})
	}
}

// TestLabelsIdentity: another list makes other chunks of the same images.
func TestLabelsIdentity(t *testing.T) {
	dir, o := flatSet(t, "image,class\n1,cat\n2,dog\n", "1.jpg", "2.jpg")
	id := func() string {
		cat, err := Discover(t.Context(), []Input{{"", filepath.Join(dir, "in")}}, o)
		if err != nil {
			t.Fatal(err)
		}
		return cat.Containers[0].identity().String()
	}
	first := id()
	if err := os.WriteFile(filepath.Join(dir, "list.csv"), []byte("image,class\n1,dog\n2,cat\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if second := id(); second == first {
		t.Error("another list has the same identity")
	}
}
