//go:build !nocloud && !nogcs && !nos3 && !noazure

package source

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/premix/premix"
	"github.com/premix/premix/internal/storetest"
	"github.com/premix/premix/internal/tartest"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/tfrecord"
)

// twoVersions are two contents of a container, of one size, that differ in each image. Each is so large
// that a chunk takes more than one read.
func twoVersions(t *testing.T) map[string][2][]byte {
	versions := map[string][2][]byte{}
	add := func(name string, of func(fill byte) []byte) { versions[name] = [2][]byte{of('a'), of('b')} }
	image := func(i int, fill byte) []byte {
		data := append([]byte("\xff\xd8\xff"), make([]byte, 40_000)...)
		rand.NewChaCha8([32]byte{byte(i)}).Read(data[3:])
		data[100] = fill
		return data
	}
	tar := func(fill byte) []byte {
		var list []file
		for i := range 20 {
			list = append(list, file{fmt.Sprintf("s%02d.jpg", i), image(i, fill)}, file{fmt.Sprintf("s%02d.cls", i), []byte("1")})
		}
		return tarOf(t, list...)
	}
	add("x.tar", tar)
	add("x.tar.gz", func(fill byte) []byte { return tartest.Gzip(t, tar(fill)) })
	add("x.tfrecord", func(fill byte) (data []byte) {
		for i := range 20 {
			data = tfrecord.Append(data, example(map[string]any{"image": image(i, fill), "label": 1}))
		}
		return data
	})
	add("x.parquet", func(fill byte) []byte {
		var rows []parquetRow
		for i := range 20 {
			rows = append(rows, parquetRow{parquetImage{image(i, fill), ""}, 1, 0})
		}
		return parquetOf(t, rows, parquet.MaxRowsPerRowGroup(4))
	})
	return versions
}

// TestReplaced: an object that is replaced while a chunk of it is read is an error of the chunk that names
// it and says what to do, at every store, and before any image of the new content; at one that sends no
// entity tags its size and time tell.
func TestReplaced(t *testing.T) {
	versions := twoVersions(t)
	storetest.Each(t, func(t *testing.T, open storetest.Store) {
		var cut atomic.Bool // answers to requests for containers break off after 200,000 bytes
		var asked atomic.Int64
		root := open(t, "bkt", func(store http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/x.") {
					asked.Add(1)
					if cut.Load() {
						w = &cutWriter{ResponseWriter: w, left: 200_000}
					}
				}
				store.ServeHTTP(w, r)
			})
		})
		for name, v := range versions {
			t.Run(name, func(t *testing.T) {
				uri := root + "/" + name + "/" + name
				if err := blob.WriteFile(t.Context(), uri, v[0]); err != nil {
					t.Fatal(err)
				}
				cat, err := Discover(t.Context(), []Input{{"", root + "/" + name}}, Options{})
				if err != nil {
					t.Fatal(err)
				}
				chunks, err := Split(t.Context(), cat.Containers[0], Options{})
				if err != nil {
					t.Fatal(err)
				}
				asked.Store(0)
				cut.Store(name != "x.parquet") // which takes a request for each row group
				defer cut.Store(false)
				n := 0
				err = Read(t.Context(), chunks[0], Options{}, 0, func(e Entry) error {
					if e.Sample.Fault != nil || e.Data[100] != 'a' {
						t.Errorf("%s: %v, or of the other content", e.Sample.Name, e.Sample.Fault)
					}
					if n++; n == 1 {
						return blob.WriteFile(t.Context(), uri, v[1])
					}
					return nil
				})
				if err == nil || premix.AsFault(err) != nil || !strings.Contains(err.Error(), "/"+name) || !strings.Contains(err.Error(), "the object has changed while it was read; run again when nothing writes to it") {
					t.Errorf("after %d entries: %v", n, err)
				}
				if n >= 20 || asked.Load() < 2 {
					t.Errorf("%d entries by %d requests", n, asked.Load())
				}
				// Shorter, after it was listed.
				if err := blob.WriteFile(t.Context(), uri, v[1][:len(v[1])/2]); err != nil {
					t.Fatal(err)
				}
				cut.Store(false)
				err = Read(t.Context(), chunks[0], Options{}, 0, func(Entry) error { return nil })
				if strings.HasSuffix(name, ".parquet") {
					return // its footer is read anew with each chunk
				}
				if err == nil || !strings.Contains(err.Error(), "the object has changed") {
					t.Errorf("shorter than it was listed: %v", err)
				}
			})
		}
	})
}

// A cutWriter breaks the connection off behind some bytes.
type cutWriter struct {
	http.ResponseWriter
	left int
}

func (w *cutWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		w.ResponseWriter.Write(p[:w.left])
		w.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	w.left -= len(p)
	return w.ResponseWriter.Write(p)
}

// TestReplacedWithoutTags: stores that send no entity tag.
func TestReplacedWithoutTags(t *testing.T) {
	root := storetest.S3(t, "bkt", func(store http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			store.ServeHTTP(&untagged{w}, r)
		})
	})
	uri := root + "/x"
	if err := blob.WriteFile(t.Context(), uri, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	v := new(blob.Version)
	read := func() error {
		r, err := blob.OpenVersion(t.Context(), uri, 10, 20, v)
		if err == nil {
			r.Close()
		}
		return err
	}
	for range 2 {
		if err := read(); err != nil {
			t.Fatal(err)
		}
	}
	if err := blob.WriteFile(t.Context(), uri, make([]byte, 999)); err != nil {
		t.Fatal(err)
	}
	if err := read(); err == nil || !strings.Contains(err.Error(), "has changed") {
		t.Errorf("of another size: %v", err)
	}
}

type untagged struct{ http.ResponseWriter }

func (w *untagged) WriteHeader(status int) {
	w.Header().Del("ETag")
	w.ResponseWriter.WriteHeader(status)
}

func (w *untagged) Write(p []byte) (int, error) {
	w.Header().Del("ETag")
	return w.ResponseWriter.Write(p)
}

// TestChangedFile: a local file that changes while it is read is an error that names it.
func TestChangedFile(t *testing.T) {
	for name, v := range twoVersions(t) {
		path := filepath.Join(t.TempDir(), name)
		for how, change := range map[string]func() error{
			"not at all":  func() error { return nil },
			"in its time": func() error { return os.Chtimes(path, time.Time{}, time.Unix(1e9, 0)) },
			"in its size": func() error { return os.Truncate(path, int64(len(v[0]))+1) },
			"by its place": func() error {
				os.WriteFile(path+"2", v[1], 0o666)
				os.Chtimes(path+"2", time.Time{}, time.Unix(1e9, 0))
				return os.Rename(path+"2", path)
			},
			"by removal": func() error { return os.Remove(path) },
		} {
			put(t, path, v[0])
			cat, err := Discover(t.Context(), []Input{{"", path}}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			chunks, err := Split(t.Context(), cat.Containers[0], Options{})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			err = Read(t.Context(), chunks[0], Options{}, 0, func(Entry) error {
				if n++; n == 2 {
					return change()
				}
				return nil
			})
			if ok := how == "not at all"; ok != (err == nil) || !ok && (premix.AsFault(err) != nil || !strings.Contains(err.Error(), path+": the file has changed while it was read; run again when nothing writes to it")) {
				t.Errorf("%s, changed %s: %v", name, how, err)
			}
		}
	}
}
