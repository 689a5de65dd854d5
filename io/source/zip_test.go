package source

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
)

// zipOf makes a zip archive of members that are stored and deflated by turns. A name that ends in ! is a link.
func zipOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i, f := range files {
		h := &zip.FileHeader{Name: strings.TrimSuffix(f.name, "!"), Method: []uint16{zip.Store, zip.Deflate}[i%2]}
		if h.Name != f.name {
			h.SetMode(fs.ModeSymlink | 0o777)
		}
		m, err := w.CreateHeader(h)
		if err == nil && !strings.HasSuffix(f.name, "/") {
			_, err = m.Write(f.data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// zipImages are n images in two class folders.
func zipImages(n int) (files []file) {
	for i := range n {
		files = append(files, file{fmt.Sprintf("%s/%03d.jpg", []string{"cat", "dog"}[i%2], i), picture(i)})
	}
	return files
}

// TestZip: each member is what it is, and in every cut of the directory.
func TestZip(t *testing.T) {
	dir := t.TempDir()
	data := zipOf(t,
		file{"train/", nil}, file{"train/cat/1.jpg", picture(1)}, file{"train/cat/2.jpg", picture(2)}, file{"train/dog/", nil}, file{"train/dog/noname", picture(3)},
		file{"train/dog/readme.md", []byte("a text")}, file{"train/dog/data", []byte("no image, and no text either")}, file{"train/dog/empty.jpg", nil},
		file{"train/dog/large.jpg", make([]byte, 3<<20)}, file{"train/dog/link.jpg!", []byte("../cat/1.jpg")}, file{"train/dog/bad.jpg", []byte("BAD stored")},
		file{"train/dog/4.jpg", picture(4)}, file{"/train/dog/x/../5.jpg", picture(5)}, file{`train\emu\6.jpg`, picture(6)},
		file{"train/loose.jpg", picture(7)}, file{"val/cat/8.jpg", picture(8)}, file{"__MACOSX/train/cat/._1.jpg", []byte("x")}, file{"train/cat/.DS_Store", []byte("x")},
	)
	data = bytes.Replace(data, []byte("BAD stored"), []byte("bad stored"), 1)
	put(t, filepath.Join(dir, "data.zip"), data)
	name := func(s string) string { return "data.zip/" + s }
	link := fault(name("train/dog/link.jpg"), premix.Unsupported)
	want := []row{
		good(name("train/cat/1.jpg"), "train/cat/1", "cat", -1), good(name("train/cat/2.jpg"), "train/cat/2", "cat", -1),
		good(name("train/dog/noname"), "train/dog/noname", "dog", -1), ignored(name("train/dog/readme.md")), ignored(name("train/dog/data")),
		fault(name("train/dog/empty.jpg"), premix.Empty), fault(name("train/dog/large.jpg"), premix.TooLarge), link, fault(name("train/dog/bad.jpg"), premix.Corrupt),
		good(name("train/dog/4.jpg"), "train/dog/4", "dog", -1), good(name("train/dog/5.jpg"), "train/dog/5", "dog", -1), good(name("train/emu/6.jpg"), "train/emu/6", "emu", -1),
		fault(name("train/loose.jpg"), premix.NoLabel), ignored(name("val/cat/8.jpg")), ignored(name("__MACOSX/train/cat/._1.jpg")), ignored(name("train/cat/.DS_Store")),
	}
	cat, err := Discover(t.Context(), []Input{{"", dir}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"cat", "dog", "emu"}, cat.Classes); d != "" {
		t.Error(d)
	}
	for _, size := range []int{0, 1, 2, 5} {
		var got []row
		chunks, err := Split(t.Context(), cat.Containers[0], Options{ChunkImages: size})
		if err != nil {
			t.Fatal(err)
		}
		if size == 1 && len(chunks) < 10 {
			t.Errorf("%d chunks", len(chunks))
		}
		for _, ch := range chunks {
			err := Read(t.Context(), travel(t, ch), Options{}, 2<<20, func(e Entry) error {
				r := row{Name: e.Sample.Name, Label: e.Sample.Label, Ignored: e.Ignored}
				if f := e.Sample.Fault; f != nil {
					r.Kind = f.Kind
					if f.Kind != premix.NoLabel && !strings.HasPrefix(f.Reason, "byte ") {
						t.Errorf("%s: %s does not begin with its place", e.Sample.Name, f.Reason)
					}
				} else if !e.Ignored {
					r.Key, r.Class = e.Sample.Key, e.Sample.Class
					again, err := Fetch(t.Context(), nil, e.Sample.Location)
					if err != nil || !bytes.Equal(again, e.Data) || !e.Seekable {
						t.Errorf("%s is another one at %+v: %v", e.Sample.Name, e.Sample.Location, err)
					}
				}
				got = append(got, r)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("chunks of %d: %s", size, d)
		}
	}
}

// TestZipTwice: the first of two members of one name is used, though chunks are small.
func TestZipTwice(t *testing.T) {
	dir := t.TempDir()
	files := append(zipImages(12), file{"cat/../cat/000.jpg", picture(50)})
	put(t, filepath.Join(dir, "data.zip"), zipOf(t, files...))
	_, rows := scan(t, Options{ChunkImages: 2}, Input{"", dir})
	if n := len(rows); n != 13 || rows[12].Kind != premix.Duplicate || rows[0].Kind != "" {
		t.Errorf("%d rows, the last is %+v", n, rows[n-1])
	}
}

// TestZipEmptyClass: of archives that are classes, one of nothing is a class without images, as an empty folder is.
func TestZipEmptyClass(t *testing.T) {
	dir := t.TempDir()
	putAll(t, dir, []file{
		{"bird.zip", zipOf(t)}, {"cat.zip", zipOf(t, file{"a.jpg", picture(0)})}, {"dog.zip", zipOf(t, file{"b.jpg", picture(1)})},
		{"notes.zip", zipOf(t, file{"a.xml", []byte("<a/>")})},
	})
	cat, _ := scan(t, Options{}, Input{"", dir})
	if d := cmp.Diff([]string{"bird", "cat", "dog"}, cat.Classes); d != "" {
		t.Error(d)
	}
}

// TestZipRefused: what cannot be understood is refused, with what to do.
func TestZipRefused(t *testing.T) {
	data := zipOf(t, zipImages(4)...)
	for _, c := range []struct {
		name  string
		files []file
		words []string
	}{
		{"cut off", []file{{"data.zip", data[:len(data)-40]}}, []string{"data.zip", "cut off", "get it again"}},
		{"one of two", []file{{"a.zip", data}, {"b.zip", data[:len(data)/2]}}, []string{"b.zip", "cut off"}},
		{"part of several", []file{{"data.zip", bytes.Replace(data, []byte("PK\x05\x06\x00\x00"), []byte("PK\x05\x06\x02\x00"), 1)}}, []string{"in several files", "join them"}},
		{"nothing in it", []file{{"data.zip", zipOf(t)}}, []string{"no image"}},
		{"archives", []file{{"data.zip", zipOf(t, file{"a/train.zip", data})}}, []string{"a/train.zip", "unpack"}},
		{"Parquet", []file{{"data.zip", zipOf(t, file{"train.parquet", data})}}, []string{"Parquet", "unpack"}},
		{"arrays", []file{{"data.zip", zipOf(t, file{"cifar/data_batch_1", data})}}, []string{"CIFAR"}},
		{"flat", []file{{"data.zip", zipOf(t, file{"1.jpg", picture(1)}, file{"labels.csv", []byte("x")})}}, []string{"--labels", "data.zip/labels.csv"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			putAll(t, dir, c.files)
			cat, err := Discover(t.Context(), []Input{{"", dir}}, Options{})
			if err == nil {
				err = cat.Doubtful()
			}
			if err == nil {
				t.Fatal("it is read")
			}
			for _, w := range c.words {
				if !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(w)) {
					t.Errorf("%q does not say %s", err, w)
				}
			}
		})
	}
}

// TestZipByBytes: an archive is known by its bytes where no name says what the input is.
func TestZipByBytes(t *testing.T) {
	for _, in := range []string{"", "download"} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "download"), zipOf(t, zipImages(4)...))
		cat, rows := scan(t, Options{}, Input{"", filepath.Join(dir, in)})
		if cat.Layout != "zip" || len(rows) != 4 || rows[1].Class != "dog" {
			t.Errorf("%s, %+v", cat.Layout, rows)
		}
	}
}

// TestZipReplaced: an archive that was replaced after it was listed is an error, and no row.
func TestZipReplaced(t *testing.T) {
	dir := t.TempDir()
	data := zipOf(t, zipImages(8)...)
	path := filepath.Join(dir, "data.zip")
	put(t, path, data)
	cat, err := Discover(t.Context(), []Input{{"", dir}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	chunks, err := Split(t.Context(), cat.Containers[0], Options{})
	if err != nil {
		t.Fatal(err)
	}
	for what, other := range map[string][]byte{"another": zipOf(t, zipImages(9)...), "cut off": data[:len(data)-100], "gone": nil} {
		put(t, path, other)
		if other == nil {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		err := Read(t.Context(), chunks[0], Options{}, 0, func(e Entry) error { t.Errorf("%s: entry %s", what, e.Sample.Name); return nil })
		if err == nil || premix.AsFault(err) != nil || !strings.Contains(err.Error(), "data.zip") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
