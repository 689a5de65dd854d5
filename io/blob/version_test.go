//go:build !nocloud && !nogcs && !nos3 && !noazure

package blob

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// TestVersion: what is read of an object in parts is of one version; a change of it between two parts
// is an error that names it, also where size and the parts before are the same.
func TestVersion(t *testing.T) {
	old := bytes.Repeat([]byte("old bytes "), 40_000)
	same := bytes.ReplaceAll(old, []byte("old"), []byte("new"))
	eachVersioned(t, func(t *testing.T, s *testStore) {
		for name, data := range map[string][]byte{"same size": same, "shorter": same[:100], "gone": nil} {
			uri := s.root + "/version " + name
			part := map[string]func(off, n int64) ([]byte, error){}
			if err := WriteFile(ctx, uri, old); err != nil {
				t.Fatal(err)
			}
			at, err := OpenAt(ctx, uri)
			if err != nil {
				t.Fatal(err)
			}
			defer at.Close()
			part["OpenAt"] = func(off, n int64) ([]byte, error) {
				p := make([]byte, n)
				_, err := at.ReadAt(p, off)
				return p, err
			}
			var v Version
			part["OpenVersion"] = func(off, n int64) ([]byte, error) {
				r, err := OpenVersion(ctx, uri, off, n, &v)
				if err != nil {
					return nil, err
				}
				defer r.Close()
				return io.ReadAll(r)
			}
			for what, read := range part {
				for _, off := range []int64{0, 5000} {
					if p, err := read(off, 1000); err != nil || !bytes.Equal(p, old[off:off+1000]) {
						t.Fatalf("%s: %s: %v", what, uri, err)
					}
				}
			}
			if data == nil {
				err = Remove(ctx, uri)
			} else {
				err = WriteFile(ctx, uri, data)
			}
			if err != nil {
				t.Fatal(err)
			}
			for what, read := range part {
				_, err := read(200_000, 1000)
				if err == nil || !strings.Contains(err.Error(), Redact(uri)) || !strings.Contains(err.Error(), "the object has changed while it was read; run again when nothing writes to it") {
					t.Errorf("%s, %s: %v", what, name, err)
				}
			}
			if data == nil {
				continue
			}
			if p, err := ReadRange(ctx, nil, uri, 0, 10); err != nil || !bytes.Equal(p, data[:10]) {
				t.Errorf("%s: another read: %q, %v", name, p, err)
			}
		}
	})
}

// TestVersionIsAsked: the store is asked for the version, so that it sends nothing of another.
func TestVersionIsAsked(t *testing.T) {
	eachVersioned(t, func(t *testing.T, s *testStore) {
		uri := s.root + "/asked"
		if err := WriteFile(ctx, uri, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		var asked atomic.Int64
		s.fail(t, func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("If-Match") != "" || r.URL.Query().Get("generation") != "" || r.Header.Get("X-Goog-If-Generation-Match") != "" {
				asked.Add(1)
			}
			return false
		})
		var v Version
		for i := range int64(3) {
			r, err := OpenVersion(ctx, uri, i*100, 100, &v)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(r); err != nil {
				t.Error(err)
			}
			r.Close()
		}
		if n := asked.Load(); n != 2 {
			t.Errorf("%d of 3 requests are for a version, want 2", n)
		}
	})
}

// eachVersioned runs a test on every store that has versions, and on Azurite where it can be had.
func eachVersioned(t *testing.T, test func(t *testing.T, s *testStore)) {
	t.Helper()
	eachFake(t, test)
	t.Run("azurite", func(t *testing.T) { test(t, azureStore(t)) })
}
