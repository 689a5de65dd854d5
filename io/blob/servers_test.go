//go:build !nocloud && !nogcs && !nos3 && !noazure

package blob

import (
	"cmp"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/premix/premix/internal/storetest"
)

// A testStore is a store to test with.
type testStore struct {
	harness
	name string
	// missing is the address of a bucket that does not exist; empty for mem.
	missing string
	// intercept, if set, sees each request before the store does, and reports whether it has
	// answered it. Nil for mem.
	intercept *atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool]
	requests  *atomic.Int64
	handler   http.Handler // the store without intercept
}

// fail lets requests be answered by f until the test ends.
func (s *testStore) fail(t *testing.T, f func(w http.ResponseWriter, r *http.Request) bool) {
	t.Helper()
	s.intercept.Store(&f)
	t.Cleanup(func() { s.intercept.Store(nil) })
}

// serve wraps the handler of a fake store.
func (s *testStore) serve(h http.Handler) http.Handler {
	s.intercept = new(atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool])
	s.requests = new(atomic.Int64)
	s.handler = h
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		if f := s.intercept.Load(); f != nil && (*f)(w, r) {
			return
		}
		h.ServeHTTP(w, r)
	})
}

// rangeOf is the range that a request asks for.
func rangeOf(r *http.Request) string {
	return cmp.Or(r.Header.Get("X-Ms-Range"), r.Header.Get("Range"))
}

// Azure needs an Azurite that runs already: PREMIX_AZURITE=HOST:PORT, with its account
// devstoreaccount1 or that of AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY.
var servers = []struct {
	name string
	open func(*testing.T) *testStore
}{{"gs", gsStore}, {"s3", s3Store}, {"azblob", azureStore}}

func TestServers(t *testing.T) {
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) {
			conform(t, func(t *testing.T) *harness { return &s.open(t).harness })
		})
	}
}

// eachServer runs a test on every store that answers over HTTP and can be had here.
func eachServer(t *testing.T, test func(t *testing.T, s *testStore)) {
	t.Helper()
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) { test(t, s.open(t)) })
	}
}

// eachStore runs a test on mem as well.
func eachStore(t *testing.T, test func(t *testing.T, s *testStore)) {
	t.Helper()
	t.Run("mem", func(t *testing.T) { test(t, &testStore{name: "mem", harness: harness{root: "mem://" + bucketName()}}) })
	eachServer(t, test)
}

// hurry makes the pauses before the next attempt short.
func hurry(t *testing.T) {
	change(t, &pause, time.Millisecond)
	change(t, &longestPause, 5*time.Millisecond)
	change(t, &patience, 5*time.Second)
}

// change sets a variable until the test ends.
func change[T any](t *testing.T, v *T, to T) {
	t.Helper()
	old := *v
	*v = to
	t.Cleanup(func() { *v = old })
}

func gsStore(t *testing.T) *testStore {
	hurry(t)
	s := &testStore{name: "gs", harness: harness{tags: true}}
	s.root = storetest.GCS(t, bucketName(), s.serve)
	s.missing = strings.Replace(s.root, "gs://", "gs://none", 1)
	return s
}

func s3Store(t *testing.T) *testStore {
	hurry(t)
	s := &testStore{name: "s3", harness: harness{tags: true}}
	s.root = storetest.S3(t, bucketName(), s.serve)
	s.missing = strings.Replace(s.root, "s3://", "s3://none", 1)
	return s
}

func azureStore(t *testing.T) *testStore {
	addr := os.Getenv("PREMIX_AZURITE")
	if addr == "" {
		t.Skip("needs Azurite, the emulator of Azure: PREMIX_AZURITE=HOST:PORT")
	}
	if os.Getenv("AZURE_STORAGE_KEY") == "" {
		t.Setenv("AZURE_STORAGE_ACCOUNT", "devstoreaccount1")
		t.Setenv("AZURE_STORAGE_KEY", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==")
	}
	hurry(t)
	s := &testStore{name: "azblob", harness: harness{tags: true}}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: addr})
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	srv := httptest.NewServer(s.serve(proxy))
	t.Cleanup(srv.Close)
	params := "?domain=" + strings.TrimPrefix(srv.URL, "http://") + "&protocol=http&localemu=true"
	bucket := bucketName()
	s.root = "azblob://" + bucket + params
	s.missing = "azblob://none" + bucket + params
	makeContainer(t, s.root)
	return s
}
