package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"testing"
)

// Sizes below and above one part of an upload.
var sizes = []int{0, 1 << 10, 20 << 20}

// Nothing is visible before Commit, all of it after.
func testVisibleOnCommit(t *testing.T, h *harness) {
	for _, n := range sizes {
		uri := fmt.Sprintf("%s/visible/%d", h.root, n)
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
}

// Trap 1: a driver panics when an upload fails. Trap 2: what was read before a failure is published.
// Trap 3: closing a writer after a failed write publishes the half.
func testNothingHalf(t *testing.T, h *harness) {
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
	for _, n := range sizes {
		for how, end := range ways {
			for _, old := range []string{"", "old"} {
				uri := fmt.Sprintf("%s/half/%d-%s-%s/x", h.root, n, how, old)
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
}

// Of several writers of one address, each publishes its whole object or none of it.
func testConcurrentWrites(t *testing.T, h *harness) {
	const n = 100_000
	uri := h.root + "/contended/x"
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			data := bytes.Repeat([]byte{byte('a' + g)}, n)
			if err := WriteFile(ctx, uri, data); err != nil {
				t.Error(err)
			}
			got, err := ReadAll(ctx, uri, MaxMeta)
			if err != nil || len(got) != n || !bytes.Equal(got, bytes.Repeat(got[:1], n)) {
				t.Errorf("%d bytes of several writers, %v", len(got), err)
			}
		})
	}
	wg.Wait()
}
