//go:build !nocloud && !nogcs && !nos3 && !noazure

package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The traps that the stores and their libraries set, and the tests that keep us out of them:
//
//	 1  azureblob panics when an upload fails              TestNothingHalf, TestUploadFails, TestMissingBucket
//	 2  a failing reader publishes what was read           TestNothingHalf
//	 3  Close after a failed write publishes the half      TestNothingHalf, TestUploadFails; local: internal/faultfs
//	 4  fileblob syncs neither file nor directory          internal/faultfs, TestOrder
//	 5  fileblob's temporaries: other disk, or listed      TestLocalWrite, TestLocalList, TestSweepTemp
//	 6  fileblob's .attrs beside each file, and hidden     TestLocalWrite, TestLocalList
//	 7  keys that fileblob cannot hold or escapes          TestOddKeys, TestLocalList
//	 8  a range behind the end is no error, or any         TestRangePastEnd, TestLocalRange
//	 9  listings in another order than that of bytes       TestListOrder
//	10  the MD5 of an object may be missing                TestListOrder: size, time and tag are there
//	11  a reader that is not closed is logged at GC        TestReadersAreClosed
//	12  gocloud.dev says "not found" where access is       TestAttempts, TestMessages
//	    denied (GCS) or the region is wrong (S3)

// absent checks that nothing is to be seen under an address.
func absent(t *testing.T, uri string) {
	t.Helper()
	if o, err := Stat(ctx, uri); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %+v, %v, want nothing", uri, o, err)
	}
	if list, err := List(ctx, Dir(uri)); err == nil && len(list) != 0 {
		t.Errorf("%s: the directory lists %v", uri, list)
	}
}

// holds checks the content of an object.
func holds(t *testing.T, uri string, want []byte) {
	t.Helper()
	got, err := ReadAll(ctx, uri, MaxMeta)
	if err != nil || sha256.Sum256(got) != sha256.Sum256(want) {
		t.Errorf("%s: %d bytes, %v, want %d", uri, len(got), err, len(want))
	}
}

// Sizes below and above one part of an upload.
var sizes = []int{0, 1 << 10, 20 << 20}

// Nothing is visible before Commit, all of it after.
func TestVisibleOnCommit(t *testing.T) {
	eachStore(t, func(t *testing.T, s *testStore) {
		for _, n := range sizes {
			uri := fmt.Sprintf("%s/visible/%d", s.root, n)
			data := bytes.Repeat([]byte{7}, n)
			w, err := Create(ctx, uri)
			if err != nil {
				t.Fatal(err)
			}
			for p := data; len(p) > 0; {
				k := min(len(p), 1<<20)
				if _, err := w.Write(p[:k]); err != nil {
					t.Fatal(err)
				}
				p = p[k:]
			}
			if _, err := Stat(ctx, uri); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%d bytes are visible before Commit: %v", n, err)
			}
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			holds(t, uri, data)
			if err := w.Abort(); err != nil {
				t.Error(err)
			}
			if err := w.Commit(); err == nil {
				t.Error("a second Commit succeeds")
			}
			if _, err := w.Write([]byte("x")); err == nil {
				t.Error("Write after Commit succeeds")
			}
			holds(t, uri, data)
		}
	})
}

// Trap 1: a driver panics when an upload fails. Trap 2: what was read before a failure is published.
// Trap 3: closing a writer after a failed write publishes the half.
func TestNothingHalf(t *testing.T) {
	ways := map[string]func(w Writer, cancel func()) error{
		"abort":         func(w Writer, _ func()) error { return w.Abort() },
		"cancel":        func(w Writer, cancel func()) error { cancel(); return w.Commit() },
		"cancel, abort": func(w Writer, cancel func()) error { cancel(); w.Write(make([]byte, 1<<20)); return w.Abort() },
		"cancel, write": func(w Writer, cancel func()) error {
			cancel()
			for {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					if cerr := w.Commit(); cerr == nil {
						return fmt.Errorf("commit after %w succeeds", err)
					}
					return nil
				}
			}
		},
	}
	eachStore(t, func(t *testing.T, s *testStore) {
		for _, n := range sizes {
			for how, end := range ways {
				for _, old := range []string{"", "old"} {
					uri := fmt.Sprintf("%s/half/%d-%s-%s/x", s.root, n, how, old)
					if old != "" {
						if err := WriteFile(ctx, uri, []byte(old)); err != nil {
							t.Fatal(err)
						}
					}
					cctx, cancel := context.WithCancel(ctx)
					w, err := Create(cctx, uri)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := w.Write(make([]byte, n)); err != nil {
						t.Fatal(err)
					}
					if err := end(w, cancel); how == "cancel" && !errors.Is(err, context.Canceled) || how != "cancel" && err != nil {
						t.Errorf("%d bytes, %s: %v", n, how, err)
					}
					cancel()
					if old != "" {
						holds(t, uri, []byte(old))
					} else {
						absent(t, uri)
					}
				}
			}
		}
	})
}

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
	eachStore(t, func(t *testing.T, s *testStore) {
		if s.intercept == nil {
			t.Skip("no server to let fail")
		}
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
	eachStore(t, func(t *testing.T, s *testStore) {
		if s.missing == "" {
			t.Skip("every bucket exists")
		}
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

// Trap 7: keys that a file system could not hold are fine.
func TestOddKeys(t *testing.T) {
	eachStore(t, func(t *testing.T, s *testStore) {
		keys := []string{"a b", "é日本", "#?%41&=+", `"q"'`, "a\nb", "back\\slash", "[1]*{a,b}", "a", "a/b", "x..y", ".tmp-x", "%2F"}
		for _, k := range keys {
			if err := WriteFile(ctx, s.root+"/odd/"+k, []byte(k)); err != nil {
				t.Fatalf("%q: %v", k, err)
			}
		}
		for _, k := range keys {
			holds(t, s.root+"/odd/"+k, []byte(k))
			o, err := Stat(ctx, s.root+"/odd/"+k)
			if err != nil || o.Size != int64(len(k)) || o.Dir {
				t.Errorf("%q: %+v, %v", k, o, err)
			}
		}
		var got []string
		for o, err := range Walk(ctx, s.root+"/odd") {
			if err != nil {
				t.Fatal(err)
			}
			rel, _ := Rel(s.root+"/odd", o.URI)
			got = append(got, rel)
		}
		slices.Sort(keys)
		if d := cmp.Diff(keys, got); d != "" {
			t.Error(d)
		}
		for _, bad := range []string{s.root, s.root + "/", s.root + "/dir/"} {
			if err := WriteFile(ctx, bad, nil); err == nil {
				t.Errorf("%q was written", bad)
			}
		}
	})
}

// Trap 8: every store answers a range behind the end in its own way.
func TestRangePastEnd(t *testing.T) {
	eachStore(t, func(t *testing.T, s *testStore) {
		uri := s.root + "/range"
		if err := WriteFile(ctx, uri, []byte("0123456789")); err != nil {
			t.Fatal(err)
		}
		tests := []struct {
			off, n int64
			want   string
			bad    bool
		}{
			{0, 10, "0123456789", false}, {0, -1, "0123456789", false}, {3, 4, "3456", false}, {3, -1, "3456789", false},
			{10, 0, "", false}, {10, -1, "", false}, {0, 0, "", false},
			{10, 1, "", true}, {11, 0, "", true}, {11, -1, "", true}, {5, 6, "", true}, {5, 1 << 40, "", true},
		}
		for _, tt := range tests {
			got, err := ReadRange(ctx, nil, uri, tt.off, tt.n)
			if string(got) != tt.want || errors.Is(err, io.ErrUnexpectedEOF) != tt.bad || (err != nil) != tt.bad {
				t.Errorf("ReadRange(%d, %d) = %q, %v", tt.off, tt.n, got, err)
			}
			var all []byte
			r, err := OpenRange(ctx, uri, tt.off, tt.n)
			if err == nil {
				all, err = io.ReadAll(r)
				r.Close()
			}
			if string(all) != tt.want || errors.Is(err, io.ErrUnexpectedEOF) != tt.bad || (err != nil) != tt.bad {
				t.Errorf("OpenRange(%d, %d) = %q, %v", tt.off, tt.n, all, err)
			}
		}
		buf := make([]byte, 2, 100)
		if got, err := ReadRange(ctx, buf, uri, 2, 5); err != nil || string(got) != "23456" || &got[0] != &buf[0] {
			t.Errorf("the memory of dst is not used: %q, %v", got, err)
		}
		for _, n := range []int64{0, 3, -1} {
			if _, err := ReadRange(ctx, nil, uri+"x", 0, n); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("missing object: %v", err)
			}
		}
		empty := s.root + "/empty"
		if err := WriteFile(ctx, empty, nil); err != nil {
			t.Fatal(err)
		}
		if got, err := ReadRange(ctx, nil, empty, 0, -1); err != nil || len(got) != 0 {
			t.Errorf("empty object: %q, %v", got, err)
		}
	})
}

// Trap 9: not every store lists in the order of bytes.
func TestListOrder(t *testing.T) {
	eachStore(t, func(t *testing.T, s *testStore) {
		keys := []string{"b", "a/x", "a-b", "a.txt", "B", "é", "a/c/d", "0", "aa", "a0/q"}
		for _, k := range keys {
			if err := WriteFile(ctx, s.root+"/order/"+k, []byte(k)); err != nil {
				t.Fatal(err)
			}
		}
		list, err := List(ctx, s.root+"/order")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"0", "B", "a/", "a-b", "a.txt", "a0/", "aa", "b", "é"}
		if d := cmp.Diff(want, names(t, s.root+"/order", list)); d != "" {
			t.Error(d)
		}
		if l2, err := List(ctx, s.root+"/order/"); err != nil || len(l2) != len(list) {
			t.Errorf("with a trailing slash: %v, %v", l2, err)
		}
		var walked []Object
		for o, err := range Walk(ctx, s.root+"/order") {
			if err != nil {
				t.Fatal(err)
			}
			walked = append(walked, o)
		}
		slices.Sort(keys)
		if d := cmp.Diff(keys, names(t, s.root+"/order", walked)); d != "" {
			t.Error(d)
		}
		// Size, time and tag agree with Stat, so that either can say that nothing has changed.
		for _, o := range walked {
			st, err := Stat(ctx, o.URI)
			if err != nil || st.Size != o.Size || !st.ModTime.Equal(o.ModTime) && st.ModTime.Unix() != o.ModTime.Unix() || s.name != "mem" && (st.ETag == "" || st.ETag != o.ETag) {
				t.Errorf("list %+v\nstat %+v, %v", o, st, err)
			}
		}
		if _, err := List(ctx, s.root+"/none"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("missing directory: %v", err)
		}
		if o, err := Stat(ctx, s.root+"/order/a"); err != nil || !o.Dir {
			t.Errorf("directory: %+v, %v", o, err)
		}
		if o, err := Stat(ctx, s.root); err != nil || !o.Dir {
			t.Errorf("bucket: %+v, %v", o, err)
		}
	})
}

// A listing has many pages.
func TestListPages(t *testing.T) {
	eachStore(t, func(t *testing.T, s *testStore) {
		pageSize = 10
		defer func() { pageSize = 1000 }()
		const n = 45
		for i := range n {
			if err := WriteFile(ctx, fmt.Sprintf("%s/pages/%05d", s.root, i*7%n), nil); err != nil {
				t.Fatal(err)
			}
		}
		list, err := List(ctx, s.root+"/pages")
		if err != nil || len(list) != n {
			t.Fatalf("%d entries, %v", len(list), err)
		}
		for i, o := range list {
			if Base(o.URI) != fmt.Sprintf("%05d", i) {
				t.Fatalf("entry %d is %s", i, o.URI)
			}
		}
		if err := RemoveAll(ctx, s.root+"/pages"); err != nil {
			t.Fatal(err)
		}
		if list, err := List(ctx, s.root+"/pages"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after RemoveAll: %d, %v", len(list), err)
		}
	})
}

// Reading on and on costs few requests, reading here and there no more bytes than asked for; both at
// once, and from many goroutines, give the right bytes.
func TestReadAhead(t *testing.T) {
	data := make([]byte, 3<<20+17)
	for i := range data {
		data[i] = byte(i * i >> 9)
	}
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
		var all bytes.Buffer
		if _, err := io.CopyBuffer(struct{ io.Writer }{&all}, struct{ io.Reader }{io.NewSectionReader(r, 0, r.Size())}, make([]byte, 3000)); err != nil || !bytes.Equal(all.Bytes(), data) {
			t.Errorf("%d bytes, %v", all.Len(), err)
		}
		if s.requests != nil && s.requests.Load() > 10 {
			t.Errorf("%d requests to copy %d bytes in pieces of 3000", s.requests.Load(), len(data))
		}
		var wg sync.WaitGroup
		for g := range 6 {
			wg.Go(func() {
				off, p := int64(g*400_000), make([]byte, 5000)
				for i := range 20 {
					if _, err := r.ReadAt(p, off); err != nil || !bytes.Equal(p, data[off:off+5000]) {
						t.Errorf("at %d: %v", off, err)
						return
					}
					if off += 5000; i%7 == 6 {
						off = int64((i*7919 + g*104729) % (len(data) - 5000))
					}
				}
			})
		}
		wg.Wait()
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

// Trap 11: a reader that nobody closes is reported through package log.
func TestReadersAreClosed(t *testing.T) {
	var out bytes.Buffer
	log.SetOutput(&out)
	defer log.SetOutput(log.Default().Writer())
	eachStore(t, func(t *testing.T, s *testStore) {
		uri := s.root + "/closed"
		if err := WriteFile(ctx, uri, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
		for _, n := range []int64{0, 10, -1, 2000} {
			ReadRange(ctx, nil, uri, 10, n)
			if r, err := OpenRange(ctx, uri, 10, n); err == nil {
				r.Read(make([]byte, 5))
				r.Close()
			}
		}
		ReadAll(ctx, uri, 10)
		r, err := OpenAt(ctx, uri)
		if err != nil {
			t.Fatal(err)
		}
		r.ReadAt(make([]byte, 10), 995)
	})
	for range 3 {
		runtime.GC()
	}
	if s := out.String(); strings.Contains(s, "never closed") {
		t.Error(s)
	}
}
