package labels

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// read opens a list for images and returns "image=class" of each, in their order; an image that the list
// lacks has no class.
func read(t *testing.T, name, key, list string, images ...string) ([]string, error) {
	t.Helper()
	table, columns, err := Open([]byte(list), Question{Name: name, Key: key, Has: Names(images)})
	if err != nil {
		return nil, err
	}
	l, err := table.List(columns)
	if err != nil {
		return nil, err
	}
	again, err := Parse([]byte(list), columns.Separator)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := again.List(columns); err != nil || m.Len() != l.Len() {
		t.Fatalf("the columns %+v make another list: %v", columns, err)
	}
	var got []string
	for _, image := range images {
		row, other := l.Find(image)
		if other >= 0 {
			return nil, fmt.Errorf("%s: lines %d and %d", image, l.Line(row), l.Line(other))
		}
		class := ""
		if row >= 0 {
			if x := l.Label(row); x.Class != "" {
				class = "=" + x.Class
			} else {
				class = fmt.Sprintf("=%d", x.Index)
			}
		}
		got = append(got, image+class)
	}
	return got, nil
}

// TestLists has lists as data sets are distributed with, and as people and programs write them.
func TestLists(t *testing.T) {
	tests := []struct{ name, file, key, list, want string }{
		{"comma, header", "labels.csv", "", "image,breed\na,pug\nb,basenji\n", "a.jpg=pug b.jpg=basenji"},
		{"comma, no header", "labels.csv", "", "a.jpg,pug\nb.jpg,pug\n", "a.jpg=pug b.jpg=pug"},
		{"no header, the first image is missing", "labels.csv", "", "z,pug\na,basenji\nb,pug\n", "a.jpg=basenji b.jpg=pug"},
		{"class before image", "train.csv", "", "pug,a.jpg\nbasenji,b.jpg\n", "a.jpg=pug b.jpg=basenji"},
		{"tab", "labels.tsv", "", "a.jpg\tgreat white, shark\nb.jpg\tcat\n", "a.jpg=great white, shark b.jpg=cat"},
		{"semicolon, GTSRB", "GT-final_test.csv", "", "Filename;Width;ClassId\r\na.jpg;53;16\r\nb.jpg;42;1\r\n", "a.jpg=16 b.jpg=1"},
		{"quoted, BOM", "x.csv", "", "\ufefffile_name,label\r\n\"a.jpg\",\"x, y\"\r\nb.jpg,z\r\n", "a.jpg=x, y b.jpg=z"},
		{"label among many", "meta.csv", "", "id,Label,age\na,mel,3\nb,nv,4\n", "a.jpg=mel b.jpg=nv"},
		{"asked for", "HAM10000_metadata.csv", "dx", "lesion_id,image_id,dx,age\nL1,a,mel,80\nL2,b,nv,75\n", "a.jpg=mel b.jpg=nv"},
		{"class is the index, too", "train.csv", "", ",image,label\n0,a,1\n1,b,0\n", "a.jpg=1 b.jpg=0"},
		{"index of pandas and the only other one", "train.csv", "", ",image,breed\n0,a,pug\n1,b,cat\n", "a.jpg=pug b.jpg=cat"},
		{"comments before CSV", "x.csv", "", "# a list\nimage,breed\na,pug\nb,cat\n", "a.jpg=pug b.jpg=cat"},
		{"numbers with a gap of pandas", "x.csv", "", "image,label\na,1.0\nb,0.0\n", "a.jpg=1 b.jpg=0"},
		{"padded numbers are names", "x.csv", "", "image,label\na,007\nb,010\n", "a.jpg=007 b.jpg=010"},
		{"no class for one", "x.csv", "", "image,label\na,cat\nb,\n", "a.jpg=cat b.jpg=-1"},
		{"test split", "x.csv", "", "image,label\na,-1\nb,2\n", "a.jpg=-1 b.jpg=2"},
		{"Pets", "list.txt", "", "#Image CLASS-ID SPECIES BREED ID\n#ID: 1:37 Class ids\na 5 1 2\nb 1 2 1\n", "a.jpg=5 b.jpg=1"},
		{"Pets, species", "list.txt", "SPECIES", "#Image CLASS-ID SPECIES BREED ID\na 5 1 2\nb 1 2 1\n", "a.jpg=1 b.jpg=2"},
		{"FGVC", "images_family_train.txt", "", "a Boeing 707\nb A300\n", "a.jpg=Boeing 707 b.jpg=A300"},
		{"FGVC, one word each", "images_variant_train.txt", "", "a 707-320\nb A300B4\n", "a.jpg=707-320 b.jpg=A300B4"},
		{"words with a comma", "list.txt", "", "a.jpg tench, Tinca tinca\nb.jpg goldfish\n", "a.jpg=tench, Tinca tinca b.jpg=goldfish"},
		{"two words each and a header", "list.txt", "", "image label\na.jpg sea lion\nb.jpg sea gull\n", "a.jpg=sea lion b.jpg=sea gull"},
		{"a comment at the end of a line", "list.txt", "", "a.jpg 3 # checked\nb.jpg 4\n", "a.jpg=3 b.jpg=4"},
		{"class before image, words and a header", "list.txt", "", "label image\n7 a.jpg\n8 b.jpg\n", "a.jpg=7 b.jpg=8"},
		{"DeepFashion: a count and names of columns", "list_category_img.txt", "", "2\nimage_name  category_label\na.jpg   3\nb.jpg   1\n", "a.jpg=3 b.jpg=1"},
		{"CelebA: no name for the images", "list_attr_celeba.txt", "Male", "2\nBald Male\na.jpg  -1  1\nb.jpg  1  0\n", "a.jpg=1 b.jpg=0"},
		{"Tiny ImageNet", "val_annotations.txt", "", "a.jpg\tn01\t0\t0\t62\t57\nb.jpg\tn02\t6\t6\t60\t57\n", "a.jpg=n01 b.jpg=n02"},
		{"JSON lines", "metadata.jsonl", "", `{"file_name": "a.jpg", "label": 3, "box": [1, 2]}` + "\n\n" + `{"file_name": "b.jpg", "label": 0}` + "\n", "a.jpg=3 b.jpg=0"},
		{"JSON lines of Python", "metadata.jsonl", "", "\ufeff" + `{"file_name": "a.jpg", "label": 3, "score": NaN}` + "\n" + `{"file_name": "b.jpg", "label": 0, "score": -Infinity, "box": [NaN, Infinity]}` + "\n", "a.jpg=3 b.jpg=0"},
		{"JSON lines, a value that nobody asks for", "metadata.jsonl", "", `{"file_name": "a.jpg", "label": 3, "x": 01}` + "\n" + `{"file_name": "b.jpg", "label": 0, "x": nope}` + "\n", "a.jpg=3 b.jpg=0"},
		{"JSON lines, a class that is no number", "metadata.jsonl", "", `{"file_name": "a.jpg", "label": 3}` + "\n" + `{"file_name": "b.jpg", "label": NaN}` + "\n", "a.jpg=3 b.jpg=-1"},
		{"JSON lines in a file of another name", "train.json", "", `{"image": "a", "class": "cat"}` + "\n" + `{"image": "b", "class": "dog"}`, "a.jpg=cat b.jpg=dog"},
		{"folders of another place", "x.csv", "", "path,label\n/kaggle/input/a.jpg,1\n/kaggle/input/b.jpg,2\n", "a.jpg=1 b.jpg=2"},
		{"folders of Windows", "x.csv", "", "path,label\ntrain\\a.jpg,1\ntrain\\b.jpg,2\n", "a.jpg=1 b.jpg=2"},
		{"extension in another case", "x.csv", "", "path,label\na.JPG,1\nb.Jpg,2\n", "a.jpg=1 b.jpg=2"},
		{"most are numbers", "x.csv", "", "image,label\na,1\nb,unknown\n", "a.jpg=1 b.jpg=unknown"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := read(t, test.file, test.key, test.list, "a.jpg", "b.jpg")
			if d := cmp.Diff(test.want, strings.Join(got, " ")); err != nil || d != "" {
				t.Errorf("%v\n%s", err, d)
			}
		})
	}
}

// TestRefusedLists has lists that do not say the class of each image, with what the message must say.
func TestRefusedLists(t *testing.T) {
	tests := []struct{ name, file, key, list, says string }{
		{"two columns could be it", "x.csv", "", "image,breed,age\na,pug,3\nb,pug,4\n", "--label-key can be one of breed, age"},
		{"no such column", "x.csv", "species", "image,breed\na,pug\n", "--label-key species: no such column; it can be one of breed"},
		{"the column of images", "x.csv", "image", "image,breed\na,pug\n", "names the images"},
		{"two columns of a name", "x.csv", "label", "image,label,label\na,1,2\n", "two columns"},
		{"no names of columns to choose from", "x.csv", "dx", "a.jpg,mel\nb.jpg,nv\n", "no line with the names"},
		{"three columns and no names", "x.csv", "", "a.jpg,mel,3\nb.jpg,nv,4\n", "3 columns and no line"},
		{"one hot", "train.csv", "", "image_id,healthy,rust\na,1,0\nb,0,1\n", "healthy, rust"},
		{"other images", "x.csv", "", "image,label\nx,1\ny,2\n", "no column names the images of the input; the first row has image, label"},
		{"numbers of images, CUB-200", "images.txt", "", "1 001.Albatross/a.jpg\n2 002.Tern/b.jpg\n", "write the list as CSV"},
		{"images alone", "train1.txt", "", "a.jpg\nb.jpg\n", "one column"},
		{"empty", "x.csv", "", "\n", "empty"},
		{"names of columns alone", "x.csv", "", "image,label\n", "no column names the images"},
		{"an image twice", "x.csv", "", "image,label\na,1\nb,1\na,2\n", "lines 2 and 4 both have the image a"},
		{"an image twice with one class", "x.csv", "", "image,label\na.jpg,1\nb,1\n./a.jpg,1\n", "lines 2 and 4"},
		{"an image with and without extension", "x.csv", "", "image,label\na,1\nb,1\na.jpg,2\n", ""},
		{"an image in folders twice", "x.csv", "", "image,label\nx/a.jpg,1\ny/a.jpg,2\n", "a.jpg: lines 2 and 3"},
		{"a row is short", "x.csv", "", "image,age,label\na,3,1\nb\n", "line 3 has no column 3"},
		{"a row without image", "x.csv", "", "image,label\na,1\n,2\n", "line 3 names no image"},
		{"a quotation mark is missing", "x.csv", "", "image,label\na,1\nb,\"2\nc,3\n", "line 3 has control characters"},
		{"several classes for an image, DTD", "labels_joint_anno.txt", "", "a.jpg banded\nb.jpg banded blotchy\nc.jpg blotchy\n", "line 2 has several classes for b.jpg (banded, blotchy)"},
		{"Latin 1", "x.csv", "", "a.jpg,caf\xe9\n", "not UTF-8"},
		{"UTF-16", "x.csv", "", "\xff\xfea\x00", "UTF-16"},
		{"gzip", "x.csv.gz", "", "\x1f\x8b\x08\x00", "unpack"},
		{"zip or spreadsheet", "x.xlsx", "", "PK\x03\x04", "spreadsheet"},
		{"MATLAB", "imagelabels.mat", "", "MATLAB 5.0 MAT-file", "scipy.io.loadmat"},
		{"pickle", "x.pkl", "", "\x80\x04\x95", "pickle"},
		{"Git LFS", "x.csv", "", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"},
		{"JSON array", "x.json", "", `[{"image": "a", "label": 1}]`, "one object a line"},
		{"one JSON object, as COCO", "x.json", "", "{\"images\": [\n{}]}", "line 1 is not one JSON object"},
		{"two JSON objects a line", "x.jsonl", "", `{"image": "a", "label": 1} {"image": "b", "label": 2}`, "something follows the object"},
		{"HTML", "x.csv", "", "<!DOCTYPE html><html>", "HTML"},
		{"Parquet without end", "x.parquet", "", "PAR1PAR1", "too few"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := read(t, test.file, test.key, test.list, "a.jpg", "b.jpg")
			if test.says == "" {
				if err != nil || got[0] != "a.jpg=2" {
					t.Errorf("%v, %v: the whole name comes first", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v, %v does not say %q", got, err, test.says)
			}
		})
	}
}

// TestFind compares names with and without folders and extensions.
func TestFind(t *testing.T) {
	tests := []struct {
		rows  string
		image string
		want  string // the row, or two that fit as well, or empty
	}{
		{"1.jpg 2.jpg", "x/1.jpg", "1.jpg"},
		{"a/1.jpg b/1.jpg", "a/1.jpg", "a/1.jpg"},
		{"a/1.jpg b/1.jpg", "1.jpg", "a/1.jpg b/1.jpg"},
		{"data/a/1.jpg data/b/1.jpg", "b/1.jpg", "data/b/1.jpg"},
		{"a/1 b/1", "b/1.png", "b/1"},
		{"1.jpg a/1.jpg", "1.jpg", "1.jpg"},
		{"1.jpg a/1.jpg", "a/1.jpg", "a/1.jpg"},
		{"test/1.jpg", "train/1.jpg", ""},
		{"aa/1.jpg", "a/1.jpg", ""},
		{"1.png", "1.jpg", ""},
		{"1.JPG", "1.jpg", "1.JPG"},
		{"1.JPG 1.jpg", "1.jpg", "1.jpg"},
		{"photo.1 photo.2", "photo.2.jpg", "photo.2"},
		{"photo", "photo.1.jpg", ""},
		{"caf\u0065\u0301.jpg", "caf\u00e9.jpg", "caf\u00e9.jpg"},
	}
	for _, test := range tests {
		table := &Table{}
		for i, name := range strings.Fields(test.rows) {
			table.add([]string{name, "x"}, i+1)
		}
		l, err := table.List(Columns{Label: 1})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		row, other := l.Find(test.image)
		for _, r := range []int{row, other} {
			if r >= 0 {
				got = append(got, l.Name(r))
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s in %s: %v, want %s", test.image, test.rows, got, test.want)
		}
	}
}

// TestColumnOfImages has numbers that are the names of images and also classes.
func TestColumnOfImages(t *testing.T) {
	var images []string
	var list strings.Builder
	list.WriteString("label,id\n")
	for i := range 300 {
		images = append(images, fmt.Sprintf("%d.png", i))
		fmt.Fprintf(&list, "%d,%d\n", i%10, i)
	}
	for _, key := range []string{"", "label"} {
		got, err := read(t, "train.csv", key, list.String(), images...)
		if err != nil || got[123] != "123.png=3" {
			t.Errorf("key %q: %v, %v", key, got[123], err)
		}
	}
}

// TestFewImagesOfALongList has images that only the end of a list names.
func TestFewImagesOfALongList(t *testing.T) {
	var list strings.Builder
	for i := range 3 * asked {
		fmt.Fprintf(&list, "%d.jpg,c%d\n", i, i%3)
	}
	got, err := read(t, "x.csv", "", list.String(), fmt.Sprintf("%d.jpg", 3*asked-2))
	if err != nil || got[0] != fmt.Sprintf("%d.jpg=c1", 3*asked-2) {
		t.Error(got, err)
	}
}

func TestParquetList(t *testing.T) {
	type row struct {
		File  string  `parquet:"file"`
		Breed string  `parquet:"breed,optional,dict"`
		Label *int32  `parquet:"label,optional"`
		Score float64 `parquet:"score"`
		Tags  []string
	}
	n := int32(4)
	data := parquetOf(t, row{"a.jpg", "pug", &n, 3, nil}, row{"b.jpg", "cat", nil, 5, []string{"x"}})
	for key, want := range map[string]string{"": "a.jpg=4 b.jpg=-1", "breed": "a.jpg=pug b.jpg=cat", "score": "a.jpg=3 b.jpg=5"} {
		got, err := read(t, "x.parquet", key, data, "a.jpg", "b.jpg")
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("key %q: %v, %v, want %s", key, got, err, want)
		}
	}
	if _, err := read(t, "x.parquet", "Tags", data, "a.jpg"); err == nil || !strings.Contains(err.Error(), "no such column") {
		t.Error(err)
	}
}

func parquetOf[Row any](t testing.TB, rows ...Row) string {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[Row](&b)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestStates tells lists of classes from captions.
func TestStates(t *testing.T) {
	tests := []struct {
		name, key, data string
		want            bool
	}{
		{"metadata.csv", "", "file_name,text\na.jpg,a cat\n", false},
		{"metadata.csv", "text", "file_name,text\na.jpg,a cat\n", true},
		{"metadata.csv", "", "file_name,label\na.jpg,cat\n", true},
		{"metadata.jsonl", "", `{"file_name": "a.jpg", "text": "label"}`, false},
		{"metadata.jsonl", "", `{"file_name": "a.jpg", "class": 1}`, true},
		{"GT-final_test.test.csv", "", "Filename;Width\na.ppm;3\n", false},
		{"GT-final_test.csv", "", "Filename;Width;ClassId\na.ppm;3;1\n", true},
		{"metadata.csv", "", "version https://git-lfs.github.com/spec/v1", true},
	}
	for _, test := range tests {
		if got := States(test.name, test.key, []byte(test.data)); got != test.want {
			t.Errorf("%s %s %q: %v", test.name, test.key, test.data, got)
		}
	}
}

// TestWarnings warns of classes that are names where most are numbers.
func TestWarnings(t *testing.T) {
	table, columns, err := Open([]byte("image,label\na,1\nb,2\nc,?\n"), Question{Has: Names([]string{"a.jpg"})})
	if err != nil {
		t.Fatal(err)
	}
	l, err := table.List(columns)
	if err != nil || l.Numbers || len(l.Warnings) != 1 || !strings.Contains(l.Warnings[0], "line 4 has the class ?") {
		t.Errorf("%v, %v", l.Warnings, err)
	}
	if d := cmp.Diff([]string{"1", "2", "?"}, l.Classes()); d != "" {
		t.Error(d)
	}
}
