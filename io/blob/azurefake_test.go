//go:build !nocloud && !nogcs && !nos3 && !noazure

package blob

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// An azureFake is as much of Azure Blob Storage as the driver asks for, so that its failures are tested
// where there is no Azurite. What the store itself does is tested on Azurite.
type azureFake struct {
	mu     sync.Mutex
	blobs  map[string][]byte
	blocks map[string][]byte
	tag    int // of the last write
}

func (f *azureFake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/acct/"), "/")
	q := r.URL.Query()
	data, there := f.blobs[key]
	switch comp := q.Get("comp"); {
	case comp == "list":
		f.list(w, q.Get("prefix"))
	case r.Method == "PUT" && comp == "block":
		f.blocks[key+"\x00"+q.Get("blockid")] = body
		w.WriteHeader(http.StatusCreated)
	case r.Method == "PUT" && comp == "blocklist":
		var list struct{ Latest []string }
		xml.Unmarshal(body, &list)
		var all []byte
		for _, id := range list.Latest {
			all = append(all, f.blocks[key+"\x00"+id]...)
		}
		f.put(w, key, all)
	case r.Method == "PUT":
		f.put(w, key, body)
	case !there:
		w.Header().Set("X-Ms-Error-Code", "BlobNotFound")
		w.WriteHeader(http.StatusNotFound)
	case r.Method == "DELETE":
		delete(f.blobs, key)
		w.WriteHeader(http.StatusAccepted)
	default:
		r.Header.Set("Range", rangeOf(r))
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, f.tag))
		http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(data))
	}
}

func (f *azureFake) put(w http.ResponseWriter, key string, data []byte) {
	f.blobs[key] = data
	f.tag++
	w.WriteHeader(http.StatusCreated)
}

func (f *azureFake) list(w http.ResponseWriter, prefix string) {
	io.WriteString(w, "<?xml version=\"1.0\"?><EnumerationResults><Blobs>")
	for _, key := range slices.Sorted(maps.Keys(f.blobs)) {
		if strings.HasPrefix(key, prefix) {
			fmt.Fprintf(w, "<Blob><Name>%s</Name><Properties><Last-Modified>%s</Last-Modified><Content-Length>%d</Content-Length></Properties></Blob>",
				key, time.Unix(1e9, 0).UTC().Format(http.TimeFormat), len(f.blobs[key]))
		}
	}
	io.WriteString(w, "</Blobs></EnumerationResults>")
}

// fakeAzure is a store that needs nothing but this process.
func fakeAzure(t *testing.T) *testStore {
	hurry(t)
	t.Setenv("AZURE_STORAGE_ACCOUNT", "acct")
	t.Setenv("AZURE_STORAGE_KEY", base64.StdEncoding.EncodeToString([]byte("key")))
	s := &testStore{name: "fake azblob"}
	srv := httptest.NewServer(s.serve(&azureFake{blobs: map[string][]byte{}, blocks: map[string][]byte{}}))
	t.Cleanup(srv.Close)
	s.root = "azblob://" + bucketName() + "?domain=" + strings.TrimPrefix(srv.URL, "http://") + "&protocol=http&localemu=true"
	return s
}

// eachFake runs a test on every kind of store, none of which needs anything but this process.
func eachFake(t *testing.T, test func(t *testing.T, s *testStore)) {
	t.Helper()
	t.Run("gs", func(t *testing.T) { test(t, gsStore(t)) })
	t.Run("s3", func(t *testing.T) { test(t, s3Store(t)) })
	t.Run("azblob", func(t *testing.T) { test(t, fakeAzure(t)) })
}
