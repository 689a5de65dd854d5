package storetest

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// An azureFake is as much of Azure Blob Storage as its driver asks for, so that failures are tested where
// there is no Azurite. A read may have the condition If-Match. All blobs are of one time.
type azureFake struct {
	mu     sync.Mutex
	blobs  map[string][]byte
	tags   map[string]int // of each blob, none twice
	blocks map[string][]byte
	writes int
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
		r.Header.Set("Range", cmp.Or(r.Header.Get("X-Ms-Range"), r.Header.Get("Range")))
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, f.tags[key]))
		http.ServeContent(w, r, "", time.Unix(1e9, 0), bytes.NewReader(data))
	}
}

func (f *azureFake) put(w http.ResponseWriter, key string, data []byte) {
	f.blobs[key] = data
	f.writes++
	f.tags[key] = f.writes
	w.WriteHeader(http.StatusCreated)
}

func (f *azureFake) list(w http.ResponseWriter, prefix string) {
	io.WriteString(w, "<?xml version=\"1.0\"?><EnumerationResults><Blobs>")
	for _, key := range slices.Sorted(maps.Keys(f.blobs)) {
		if strings.HasPrefix(key, prefix) {
			fmt.Fprintf(w, "<Blob><Name>%s</Name><Properties><Last-Modified>%s</Last-Modified><Etag>%d</Etag><Content-Length>%d</Content-Length></Properties></Blob>",
				key, time.Unix(1e9, 0).UTC().Format(http.TimeFormat), f.tags[key], len(f.blobs[key]))
		}
	}
	io.WriteString(w, "</Blobs></EnumerationResults>")
}
