// Package storetest starts fakes of object stores in the process of a test.
package storetest

import (
	"encoding/base64"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// A Store starts a fake whose requests pass through each of the handlers, and returns the address of an empty bucket.
type Store func(t *testing.T, bucket string, through ...func(http.Handler) http.Handler) (root string)

// Each runs a test on every kind of store.
func Each(t *testing.T, test func(t *testing.T, open Store)) {
	t.Helper()
	t.Run("gs", func(t *testing.T) { test(t, GCS) })
	t.Run("s3", func(t *testing.T) { test(t, S3) })
	t.Run("azblob", func(t *testing.T) { test(t, Azure) })
}

// GCS is a fake of Google Cloud Storage.
func GCS(t *testing.T, bucket string, through ...func(http.Handler) http.Handler) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	addr := srv.Listener.Addr().String()
	fake, err := fakestorage.NewServerWithOptions(fakestorage.Options{NoListener: true, Scheme: "http", PublicHost: addr, Writer: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	start(t, srv, fake.HTTPHandler(), through)
	fake.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: bucket})
	return "gs://" + bucket + "?emulator=" + addr
}

// S3 is a fake of Amazon S3.
func S3(t *testing.T, bucket string, through ...func(http.Handler) http.Handler) string {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "premix")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "premix")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_REGION", "")
	backend := s3mem.New()
	srv := httptest.NewUnstartedServer(nil)
	start(t, srv, gofakes3.New(backend, gofakes3.WithLogger(gofakes3.StdLog(log.New(io.Discard, "", 0)))).Server(), through)
	if err := backend.CreateBucket(bucket); err != nil {
		t.Fatal(err)
	}
	return "s3://" + bucket + "?endpoint=" + srv.Listener.Addr().String() + "&disable_https=true"
}

// Azure is a fake of Azure Blob Storage.
func Azure(t *testing.T, bucket string, through ...func(http.Handler) http.Handler) string {
	t.Helper()
	t.Setenv("AZURE_STORAGE_ACCOUNT", "acct")
	t.Setenv("AZURE_STORAGE_KEY", base64.StdEncoding.EncodeToString([]byte("key")))
	srv := httptest.NewUnstartedServer(nil)
	start(t, srv, &azureFake{blobs: map[string][]byte{}, tags: map[string]int{}, blocks: map[string][]byte{}}, through)
	return "azblob://" + bucket + "?domain=" + strings.TrimPrefix(srv.URL, "http://") + "&protocol=http&localemu=true"
}

func start(t *testing.T, srv *httptest.Server, store http.Handler, through []func(http.Handler) http.Handler) {
	for _, f := range through {
		store = f(store)
	}
	srv.Config.Handler = store
	srv.Start()
	t.Cleanup(srv.Close)
}
