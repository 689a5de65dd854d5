package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/internal/tartest"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/tfrecord"
)

// upload copies a local folder to a store in memory.
func upload(t *testing.T, dir string) string {
	t.Helper()
	root := "mem://source-" + strings.ReplaceAll(strings.ToLower(t.Name()), "/", "-") + "/in put"
	for o, err := range blob.Walk(t.Context(), dir) {
		if err != nil {
			t.Fatal(err)
		}
		rel, _ := blob.Rel(dir, o.URI)
		if err := blob.WriteFile(t.Context(), blob.Join(root, rel), readFileT(t, o.URI)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestRemote: an input at a store gives what the same input on a disk gives.
func TestRemote(t *testing.T) {
	layouts := map[string]func(dir string){
		"folder": func(dir string) {
			for i := range 12 {
				put(t, filepath.Join(dir, "train", "cat", fmt.Sprintf("%02d.jpg", i)), picture(i))
				put(t, filepath.Join(dir, "train", "dog", "sub", fmt.Sprintf("%02d", i)), picture(i))
			}
			put(t, filepath.Join(dir, "train", "dog", "note.txt"), []byte("x"))
			put(t, filepath.Join(dir, "train", "dog", "empty.jpg"), nil)
		},
		"webdataset": func(dir string) {
			data := tarOf(t, samples(30)...)
			put(t, filepath.Join(dir, "x-000.tar"), data)
			put(t, filepath.Join(dir, "x-001.tar"), data[:len(data)*2/3])
			put(t, filepath.Join(dir, "x-002.tar.gz"), tartest.Gzip(t, data))
			put(t, filepath.Join(dir, "x-003.tar.zst"), tartest.Zstd(t, data)[:3000])
			put(t, filepath.Join(dir, "x-004.tar"), claim(data, "s0007.jpg"))
			put(t, filepath.Join(dir, "x-005.tar"), claim(data, "s0007.cls"))
			put(t, filepath.Join(dir, "x-006.tar"), tartest.Gzip(t, data))
			put(t, filepath.Join(dir, "classes.txt"), []byte("a\nb\nc\n"))
			put(t, filepath.Join(dir, "__index__", "x-000.idx"), []byte(daliIndex(t, data)))
		},
		"ilsvrc": func(dir string) {
			put(t, filepath.Join(dir, "ILSVRC2012_img_train.tar"), tarOf(t,
				file{"n01.tar", tarOf(t, file{"a.JPEG", picture(0)}, file{"b.JPEG", picture(1)})}, file{"n02.tar", tarOf(t, file{"c.JPEG", picture(2)})}))
		},
		"tfrecord": func(dir string) {
			var data []byte
			for i := range 20 {
				data = tfrecord.Append(data, slim(i, 1+i%3))
			}
			put(t, filepath.Join(dir, "train-00000-of-00002"), data)
			put(t, filepath.Join(dir, "train-00001-of-00002"), data[:len(data)-9])
		},
		"zip": func(dir string) {
			data := zipOf(t, append(zipImages(20), file{"dog/empty.jpg", nil}, file{"dog/note.txt", []byte("x")}, file{"emu/", nil}, file{"emu/noname", picture(3)})...)
			put(t, filepath.Join(dir, "a.zip"), data)
			put(t, filepath.Join(dir, "b.zip"), append([]byte("#!/bin/sh"), data...))
		},
		"parquet": func(dir string) {
			put(t, filepath.Join(dir, "data", "train-00000-of-00001.parquet"), readFileT(t, filepath.Join("testdata", "hf.parquet")))
		},
	}
	for name, build := range layouts {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			build(dir)
			local, want := scan(t, Options{}, Input{"", dir})
			remote, got := scan(t, Options{}, Input{"", upload(t, dir)})
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(local.Classes, remote.Classes); d != "" || local.Layout != remote.Layout || len(local.Containers) != len(remote.Containers) {
				t.Errorf("%s %s, %d and %d containers: %s", local.Layout, remote.Layout, len(local.Containers), len(remote.Containers), d)
			}
			if d := cmp.Diff(got, readAll(t, remote, Options{ChunkImages: 3})); d != "" {
				t.Errorf("ChunkImages 3: %s", d)
			}
			// A chunk knows its content wherever it lies.
			for i, c := range local.Containers {
				a, err1 := Split(t.Context(), c, Options{})
				b, err2 := Split(t.Context(), remote.Containers[i], Options{})
				if err1 != nil || err2 != nil || len(a) != len(b) {
					t.Fatalf("%v, %v: %d and %d chunks", err1, err2, len(a), len(b))
				}
				for k := range a {
					if a[k].ID != b[k].ID {
						t.Errorf("chunk %d of %s: %s and %s", k, c.Name, a[k].ID, b[k].ID)
					}
				}
			}
		})
	}
}

// TestGone: an input that disappears is a failure of the environment, not of the data.
func TestGone(t *testing.T) {
	for _, layout := range []string{"folder", "tar", "record", "gz", "zip"} {
		dir := t.TempDir()
		path := map[string]string{"folder": "cat/a.jpg", "tar": "a.tar", "record": "a.tfrecord", "gz": "a.tar.gz", "zip": "a.zip"}[layout]
		data := map[string][]byte{"folder": picture(0), "tar": tarOf(t, samples(5)...), "record": recordsOf(slim(0, 1)), "gz": tartest.Gzip(t, tarOf(t, samples(5)...)), "zip": zipOf(t, file{"cat/a.jpg", picture(0)})}[layout]
		put(t, filepath.Join(dir, path), data)
		cat, err := Discover(t.Context(), []Input{{"", dir}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		chunks, err := Split(t.Context(), cat.Containers[0], Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, path)); err != nil {
			t.Fatal(err)
		}
		err = Read(t.Context(), chunks[0], Options{}, 0, func(Entry) error { return nil })
		if err == nil || premix.AsFault(err) != nil {
			t.Errorf("%s: %v", layout, err)
		}
	}
}

// TestRemotePattern: the parameters of an address are not a pattern, and the root of one keeps them.
func TestRemotePattern(t *testing.T) {
	root := "mem://source-pattern?x=1/d"
	data := map[string][]byte{"classes.txt": []byte("a\nb\nc\n")}
	for i, name := range []string{"a/train-000.tar", "b/train-000.tar", "train-000.tar", "train-001.tar"} {
		data[name] = tarOf(t, samples(i+1)...)
	}
	for name, d := range data {
		if err := blob.WriteFile(t.Context(), blob.Join(root, name), d); err != nil {
			t.Fatal(err)
		}
	}
	for pattern, want := range map[string][]string{
		"/train-{000..001}.tar": {"train-000.tar", "train-001.tar"},
		"/*/train-*.tar":        {"a/train-000.tar", "b/train-000.tar"},
		"/train-001.tar":        {"train-001.tar"},
	} {
		cat, _ := scan(t, Options{}, Input{"", root + pattern})
		var names []string
		for _, c := range cat.Containers {
			names = append(names, c.Name)
		}
		if d := cmp.Diff(want, names); d != "" {
			t.Errorf("%s: %s", pattern, d)
		}
		if len(cat.Classes) != 3 {
			t.Errorf("%s: the classes are %q", pattern, cat.Classes)
		}
	}
	wantUsage(t, Options{}, []Input{{"", root + "/none.tar"}}, "no such file or folder")
}

// TestOddKeys: keys of a store may have empty parts; what is listed is what is read.
func TestOddKeys(t *testing.T) {
	root := "mem://source-odd-keys/train"
	for i, key := range []string{"n01//b.jpg", "n01/b.jpg", "n02/c.jpg", "n02/x//y//z.jpg"} {
		if err := blob.WriteFile(t.Context(), root+"/"+key, picture(i)); err != nil {
			t.Fatal(err)
		}
	}
	_, rows := scan(t, Options{}, Input{"", root})
	wantRows(t, []row{
		good("n01//b.jpg", "/b", "n01", -1), good("n01/b.jpg", "b", "n01", -1),
		good("n02/c.jpg", "c", "n02", -1), good("n02/x//y//z.jpg", "x//y//z", "n02", -1),
	}, rows)
	for i, r := range rows {
		if r.Digest != DigestOf(picture(i)) {
			t.Errorf("%s has the bytes of another", r.Name)
		}
	}
	if err := blob.WriteFile(t.Context(), root+"//d.jpg", picture(0)); err != nil {
		t.Fatal(err)
	}
	wantUsage(t, Options{}, []Input{{"", root}}, "two slashes", "rename")
}
