package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/fsouza/fake-gcs-server/fakestorage"

	"github.com/premix/premix/io/blob"
)

// countedGCS starts a fake of Google Cloud Storage that notes requests. It returns the address of an empty
// bucket, and a function that returns the requests since it was called before.
func countedGCS(t *testing.T) (bucket string, requests func() []string) {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	addr := srv.Listener.Addr().String()
	fake, err := fakestorage.NewServerWithOptions(fakestorage.Options{NoListener: true, Scheme: "http", PublicHost: addr, Writer: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var list []string
	srv.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := url.PathUnescape(r.URL.String())
		mu.Lock()
		list = append(list, r.Method+" "+text)
		mu.Unlock()
		fake.HTTPHandler().ServeHTTP(w, r)
	})
	srv.Start()
	t.Cleanup(srv.Close)
	fake.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: "bkt"})
	return "gs://bkt?emulator=" + addr, func() []string {
		mu.Lock()
		defer mu.Unlock()
		was := list
		list = nil
		return was
	}
}

// TestCacheRequests counts what a run asks of a store that has the cache: one listing, which tells what each place
// has, and the rows of each chunk. Nothing asks for marks, nor whether a chunk is there.
func TestCacheRequests(t *testing.T) {
	bucket, requests := countedGCS(t)
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	premix(t, "synth", "--out", in, "--images", "36") // a folder, so a chunk, of each of 12 classes
	moved := filepath.Join(dir, "moved")
	if err := os.CopyFS(moved, os.DirFS(in)); err != nil {
		t.Fatal(err)
	}
	cache, listing := blob.Join(bucket, "cache"), regexp.MustCompile(`^GET .*[?&]prefix=cache/[0-9a-f]+/`)
	run := func(in, says string) (lists, rows, marks, others int) {
		t.Helper()
		requests()
		if text := premix(t, "peaks", "--in", in, "--cache", cache, "--size", "32"); !strings.Contains(text, says) {
			t.Errorf("it did not say %q:\n%s", says, text)
		}
		for _, r := range requests() {
			switch {
			case strings.Contains(r, ".mark"):
				marks++
			case strings.Contains(r, ".parquet"):
				rows++
			case listing.MatchString(r):
				lists++
			case strings.Contains(r, "fingerprint.json"):
			default:
				others++
				t.Logf("%s", r)
			}
		}
		return lists, rows, marks, others
	}
	for _, tt := range []struct {
		what, in, says     string
		lists, rows, marks int
	}{
		{"new", in, "36 images, 0 of them from the cache", 1, 12, 12},
		{"valid", in, "36 images, 36 of them from the cache", 1, 12, 0},
		{"moved", moved, "36 images, 36 of them from the cache", 1, 12, 12},
		{"moved, again", moved, "36 images, 36 of them from the cache", 1, 12, 0},
		{"valid, again", in, "36 images, 36 of them from the cache", 1, 12, 0},
	} {
		if lists, rows, marks, others := run(tt.in, tt.says); lists != tt.lists || rows != tt.rows || marks != tt.marks || others > 2 {
			t.Errorf("%s: %d listings, %d requests for rows, %d for marks, %d others; want %d, %d, %d, and at most 2",
				tt.what, lists, rows, marks, others, tt.lists, tt.rows, tt.marks)
		}
	}
}
