//go:build !nocloud && !nos3

package source

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/premix/premix"
)

// zipStore is a store with one object, which counts what is asked of it.
type zipStore struct {
	mu       sync.Mutex
	data     []byte
	etag     string
	requests int
	bytes    int64
	ifMatch  int

	changeAfter int // requests; or 0
}

func (s *zipStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if r.Header.Get("If-Match") != "" {
		s.ifMatch++
	}
	if s.changeAfter > 0 && s.requests > s.changeAfter {
		s.etag = `"other"`
	}
	w.Header().Set("ETag", s.etag)
	counted := &countedWriter{ResponseWriter: w, n: &s.bytes}
	http.ServeContent(counted, r, "", time.Unix(1e9, 0), bytes.NewReader(s.data))
}

type countedWriter struct {
	http.ResponseWriter
	n *int64
}

func (w *countedWriter) Write(p []byte) (int, error) {
	*w.n += int64(len(p))
	return w.ResponseWriter.Write(p)
}

func (s *zipStore) taken() (requests int, bytes int64, ifMatch int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	requests, bytes, ifMatch = s.requests, s.bytes, s.ifMatch
	s.requests, s.bytes, s.ifMatch = 0, 0, 0
	return requests, bytes, ifMatch
}

// TestZipRequests: of an archive in a store, a chunk asks for its part of the directory and for its members, in two
// requests, the second for the version of the first; an image that is read again is one request.
func TestZipRequests(t *testing.T) {
	var files []file
	for i := range 400 {
		files = append(files, file{fmt.Sprintf("%s/%03d.jpg", []string{"cat", "dog"}[i%2], i), append(picture(i), bytes.Repeat([]byte{byte(i), 3, byte(i / 7)}, 2000)...)})
	}
	store := &zipStore{data: zipOf(t, files...), etag: `"1"`}
	server := httptest.NewServer(store)
	defer server.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_REGION", "us-east-1")
	uri := "s3://bucket?disable_https=true&endpoint=" + strings.TrimPrefix(server.URL, "http://") + "/data.zip"
	cat, err := Discover(t.Context(), []Input{{"", uri}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	size := int64(len(store.data))
	if n, b, _ := store.taken(); n > 6 || b > 3*66<<10 {
		t.Errorf("the directory takes %d requests, %d bytes of %d", n, b, size)
	}
	chunks, err := Split(t.Context(), cat.Containers[0], Options{ChunkImages: 100})
	if err != nil || len(chunks) < 3 {
		t.Fatalf("%d chunks, %v", len(chunks), err)
	}
	store.taken()
	var images []premix.Sample
	for _, ch := range chunks[1:3] {
		var n int
		var length int64
		err := Read(t.Context(), ch, Options{}, 0, func(e Entry) error {
			images = append(images, e.Sample)
			n++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range images[len(images)-n:] {
			length += s.Location.Length
		}
		last := images[len(images)-1].Location
		if requests, b, match := store.taken(); requests != 2 || match != 1 || b > last.Offset+last.Length-images[len(images)-n].Location.Offset+int64(n)*100+1000 {
			t.Errorf("a chunk of %d images takes %d requests (%d for a version), %d bytes", n, requests, match, b)
		}
	}
	for _, s := range images[:10] {
		data, err := Fetch(t.Context(), nil, s.Location)
		if err != nil || DigestOf(data) != s.Digest {
			t.Fatalf("%s: %v", s.Name, err)
		}
		if requests, b, _ := store.taken(); requests != 1 || b > s.Location.Length*65/64+1100 {
			t.Errorf("%s takes %d requests, %d bytes of %d", s.Name, requests, b, s.Location.Length)
		}
	}
	store.changeAfter = 1 // the part of the directory
	err = Read(t.Context(), chunks[1], Options{}, 0, func(e Entry) error { t.Errorf("entry %s", e.Sample.Name); return nil })
	if err == nil || !strings.Contains(err.Error(), "data.zip") || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("an object that changes: %v", err)
	}
}
