//go:build !nocloud && !nogcs && !nos3 && !noazure

package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The traps that the stores and their libraries set, and the tests that keep us out of them. Names
// without Test are those of the conformance suite:
//
//	 1  azureblob panics when an upload fails              NothingHalf, TestUploadFails, TestMissingBucket
//	 2  a failing reader publishes what was read           NothingHalf
//	 3  Close after a failed write publishes the half      NothingHalf, TestUploadFails; local: internal/faultfs
//	 4  fileblob syncs neither file nor directory          internal/faultfs, TestOrder
//	 5  fileblob's temporaries: other disk, or listed      TestLocalWrite, TestLocalList, TestSweepTemp
//	 6  fileblob's .attrs beside each file, and hidden     TestLocalWrite, TestLocalList
//	 7  keys that fileblob cannot hold or escapes          Names, TestLocalList
//	 8  a range past the end is no error, or any           Range
//	 9  listings in another order than that of bytes       ListOrder
//	10  the MD5 of an object may be missing                ListOrder: size, time and tag are there
//	11  a reader that is not closed is logged at GC        ReadersAreClosed
//	12  gocloud.dev says "not found" where access is       TestAttempts, TestMessages
//	    denied (GCS) or the region is wrong (S3)

// When the caller's context is cancelled while the upload waits for bytes, the pipe is closed after
// every context of the upload is cancelled: package context tells the children of a context one
// after the other, and an upload that sees its reader fail before its own context publishes.
func TestCancelFirst(t *testing.T) {
	for range 100 {
		cctx, cancel := context.WithCancel(ctx)
		waits := make(chan bool)
		late := 0
		w := newCloudWriter(cctx, "mem://b/x", func(ctx context.Context, r io.Reader) error {
			var children []context.Context
			for range 1000 {
				c, stop := context.WithCancel(ctx)
				defer stop()
				children = append(children, c)
			}
			close(waits)
			_, err := r.Read(make([]byte, 1))
			for _, c := range children {
				if c.Err() == nil {
					late++
				}
			}
			return err
		})
		<-waits
		cancel()
		if err := <-w.result; !errors.Is(err, context.Canceled) {
			t.Errorf("the upload ends with %v", err)
		}
		w.result <- nil // for Abort
		w.Abort()
		if late > 0 {
			t.Fatalf("the pipe was closed before %d of 1000 contexts were cancelled", late)
		}
	}
}

// Traps 1 to 3, where the store itself fails: in the middle of an upload, or at its end.
func TestUploadFails(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testStore) {
		for _, n := range sizes {
			uri := fmt.Sprintf("%s/fails/%d", s.root, n)
			s.fail(t, func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != "PUT" && r.Method != "POST" {
					return false
				}
				io.Copy(io.Discard, r.Body)
				http.Error(w, "<Error><Code>AccessDenied</Code></Error>", 403)
				return true
			})
			w, err := Create(ctx, uri)
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.Write(make([]byte, n))
			if cerr := w.Commit(); err == nil {
				err = cerr
			}
			if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "; check ") {
				t.Errorf("%d bytes: %v", n, err)
			}
			s.intercept.Store(nil)
			absent(t, uri)
		}
	})
}

// Trap 1: a bucket that is missing.
func TestMissingBucket(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testStore) {
		calls := map[string]func() error{
			"write": func() error { return WriteFile(ctx, s.missing+"/k", make([]byte, 100)) },
			"large": func() error { return WriteFile(ctx, s.missing+"/k", make([]byte, 20<<20)) },
			"list":  func() error { _, err := List(ctx, s.missing+"/k"); return err },
			"stat":  func() error { _, err := Stat(ctx, s.missing+"/k"); return err },
		}
		for what, call := range calls {
			err := call()
			if !errors.Is(err, ErrNoBucket) || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", what, err)
				continue
			}
			if text := err.Error(); strings.Contains(text, "\n") || !strings.Contains(text, s.missing) || !strings.Contains(text, "or make it: ") {
				t.Errorf("%s: %q", what, text)
			}
		}
	})
}

// Reading on and on costs few requests, reading here and there no more bytes than asked for.
func TestReadAhead(t *testing.T) {
	data := pattern(3<<20 + 17)
	eachStore(t, func(t *testing.T, s *testStore) {
		uri := s.root + "/ahead"
		if err := WriteFile(ctx, uri, data); err != nil {
			t.Fatal(err)
		}
		r, err := OpenAt(ctx, uri)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if s.requests != nil {
			s.requests.Store(0)
		}
		copyInPieces(t, r, data)
		if s.requests != nil && s.requests.Load() > 10 {
			t.Errorf("%d requests to copy %d bytes in pieces of 3000", s.requests.Load(), len(data))
		}
		at := r.(*cloudAt)
		at.Close()
		for _, off := range []int64{2_000_000, 100, 1_000_000} {
			if _, err := r.ReadAt(make([]byte, 10), off); err != nil {
				t.Fatal(err)
			}
			if at.window != nil {
				t.Errorf("a read here and there fetched %d bytes", len(at.window))
			}
		}
	})
}

// The requests in flight are bounded, whatever the callers do; open streams and writers are not
// among them, so that they cannot wait for each other.
func TestRequestsInFlight(t *testing.T) {
	old := requests
	requests = make(chan struct{}, 3)
	defer func() { requests = old }()
	eachServer(t, func(t *testing.T, s *testStore) {
		uri := s.root + "/flight"
		if err := WriteFile(ctx, uri, []byte("0123456789")); err != nil {
			t.Fatal(err)
		}
		var open []io.Closer
		for range 5 {
			r, err := Open(ctx, uri)
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, r)
			w, err := Create(ctx, uri+"w")
			if err != nil {
				t.Fatal(err)
			}
			defer w.Abort()
		}
		var mu sync.Mutex
		now, most := 0, 0
		s.fail(t, func(w http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(2 * time.Millisecond) // so that they meet
			mu.Lock()
			now--
			mu.Unlock()
			return false
		})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := ReadRange(ctx, nil, uri, 1, 3); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if most > 3 || most < 2 {
			t.Errorf("%d requests at once, want at most 3", most)
		}
		for _, c := range open {
			c.Close()
		}
	})
	full := func() (func(), error) {
		cctx, cancel := context.WithCancel(ctx)
		cancel()
		for range cap(requests) {
			requests <- struct{}{}
		}
		defer func() {
			for range cap(requests) {
				<-requests
			}
		}()
		return acquire(cctx)
	}
	if _, err := full(); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting is not cancelled: %v", err)
	}
}

// Environment and address agree on what a connection is; one is opened once.
func TestConnectionsAreShared(t *testing.T) {
	eachStore(t, func(t *testing.T, s *testStore) {
		a, err := parse(s.root + "/k")
		if err != nil {
			t.Fatal(err)
		}
		got := make([]*bucket, 8)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				b, err := openBucket(ctx, a)
				if err != nil {
					t.Error(err)
				}
				got[i] = b
			})
		}
		wg.Wait()
		if n := len(slices.Compact(got)); n != 1 {
			t.Errorf("%d connections", n)
		}
		if s.name != "s3" {
			return
		}
		// The same parameters by the environment.
		if err := WriteFile(ctx, s.root+"/env", []byte("x")); err != nil {
			t.Fatal(err)
		}
		host, _, _ := strings.Cut(strings.TrimPrefix(a.params, "endpoint="), "&")
		t.Setenv("PREMIX_S3_URL_PARAMS", "endpoint=http://"+host)
		holds(t, "s3://"+a.bucket+"/env", []byte("x"))
		t.Setenv("PREMIX_S3_URL_PARAMS", "")
		t.Setenv("AWS_ENDPOINT_URL", "http://"+host)
		holds(t, "s3://"+a.bucket+"/env", []byte("x"))
	})
}
