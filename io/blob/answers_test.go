//go:build !nocloud && !nogcs && !nos3 && !noazure

package blob

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const modified = "Mon, 02 Jan 2006 15:04:05 GMT"

// An oddAnswer is one that no store gives, but a proxy or another server might.
type oddAnswer struct {
	status int
	header string // name: value, separated by |
	body   string
}

func (a oddAnswer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	for _, line := range strings.Split(a.header, "|") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			w.Header().Set(name, value)
		}
	}
	w.WriteHeader(a.status)
	io.WriteString(w, a.body)
	if w.Header().Get("Content-Length") == "" {
		w.(http.Flusher).Flush() // or package http would tell the length
	}
}

// Answers that make no sense are errors with the address: neither crashes, nor empty objects or lists, nor
// other bytes.
func TestOddAnswers(t *testing.T) {
	const tag, part = "ETag: x|Last-Modified: " + modified + "|", "Content-Length: 10"
	answers := map[string][]oddAnswer{
		"stat": {
			{200, "", ""}, {200, "Content-Length: 5", ""}, {200, "Last-Modified: " + modified, ""},
			{200, "Last-Modified: yesterday|Content-Length: 5", ""}, {200, "", "{}"}, {200, "", "null"}, {200, "", "<html>"}, {204, "", ""},
		},
		"range": {
			{200, "", ""}, {200, tag, "0123456789"}, {206, tag, "0123456789"},
			{200, tag + "Content-Length: 30", strings.Repeat("a", 30)},
			{206, tag + part + "|Content-Range: bytes 0-9/30", "0123456789"},
			{206, tag + part + "|Content-Range: bytes 11-20/30", "0123456789"},
			{206, tag + part + "|Content-Range: bytes 10-20/30", "0123456789"},
			{206, tag + "Content-Length: 11|Content-Range: bytes 10-20/30", "0123456789a"},
			{206, tag + "Content-Length: 9|Content-Range: bytes 10-19/30", "012345678"},
			{206, tag + part + "|Content-Range: bytes 10-19/*", "0123456789"},
			{206, tag + part + "|Content-Range: bytes 10-19/5", "0123456789"},
			{206, tag + part + "|Content-Range: items", "0123456789"},
			{206, part + "|Content-Range: bytes 9223372036854775807-9/30", "0123456789"},
		},
		"open": {{200, tag, "0123456789"}, {206, tag + part + "|Content-Range: bytes 0-9/30", "0123456789"}},
		"list": {
			{200, "", ""}, {200, "", "<html>welcome</html>"}, {200, "", "<"}, {200, "", "[]"}, {200, "", `{"items":[{}]}`},
			{200, "", `{"items":[{"name":"elsewhere/x","size":"1","updated":"2006-01-02T15:04:05Z"}]}`},
			{200, "", `{"items":[{"name":"d/x","size":"-1"}]}`},
			{200, "", "<ListBucketResult><Contents><Key>d/x</Key></Contents></ListBucketResult>"},
			{200, "", "<ListBucketResult><Contents><Key>e/x</Key><LastModified>2006-01-02T15:04:05Z</LastModified></Contents></ListBucketResult>"},
			{200, "", "<ListBucketResult><IsTruncated>true</IsTruncated>"},
			{200, "", "<EnumerationResults><Blobs><Blob><Name>d/x</Name></Blob></Blobs></EnumerationResults>"},
			{200, "", "<EnumerationResults><Blobs><Blob><Name>d/x</Name><Properties/></Blob></Blobs></EnumerationResults>"},
			{200, "", "<EnumerationResults></EnumerationResults>"}, {200, "", "<EnumerationResults>"},
		},
		// A store that takes everything it is sent has an object in the end; it must not crash.
		"write": {{400, "", ""}, {302, "Location: /", ""}, {403, "", "<Error"}},
		"large": {{200, "", ""}, {200, "", "<InitiateMultipartUploadResult/>"}, {400, "", ""}},
	}
	calls := map[string]func(uri string) error{
		"stat":  func(uri string) error { _, err := Stat(ctx, uri); return err },
		"range": func(uri string) error { _, err := ReadRange(ctx, nil, uri, 10, 10); return err },
		"open":  func(uri string) error { _, err := ReadAll(ctx, uri, MaxMeta); return err },
		"list":  func(uri string) error { _, err := List(ctx, Dir(uri)); return err },
		"write": func(uri string) error { return WriteFile(ctx, uri, []byte("x")) },
		"large": func(uri string) error { return WriteFile(ctx, uri, make([]byte, 2*partSize+1)) },
	}
	eachFake(t, func(t *testing.T, s *testStore) {
		scheme, _, _ := strings.Cut(s.root, ":")
		change(t, &patience, 500*time.Millisecond) // an answer without a body broke off
		for what, list := range answers {
			if what == "large" && scheme != "s3" {
				continue // another kind of upload
			}
			for i, a := range list {
				if what == "list" && strings.Contains(a.body, "Enumeration") != (scheme == "azblob") && strings.HasPrefix(a.body, "<E") {
					continue
				}
				s.fail(t, func(w http.ResponseWriter, r *http.Request) bool { a.ServeHTTP(w, r); return true })
				before := ReadWaits()
				err := calls[what](s.root + "/d/x")
				var ours *Error
				if !errors.As(err, &ours) || !strings.Contains(err.Error(), s.root) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s %d, %s: %v", what, i, fmt.Sprintf("%+v", a), err)
				}
				if n := ReadWaits().Sub(before).Repeated(); n > 4 && len(a.body) > 0 { // without a body it broke off
					t.Errorf("%s %d, %+v: %d requests were repeated", what, i, a, n)
				}
			}
		}
	})
}
