//go:build !nocloud && !nogcs && !nos3 && !noazure

package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// A read passes over failures of the store that pass, of each kind.
func TestReadsAreRepeated(t *testing.T) {
	data := bytes.Repeat([]byte("premix "), 10_000)
	faults := map[string]func(w http.ResponseWriter, r *http.Request){
		"503": func(w http.ResponseWriter, r *http.Request) { http.Error(w, "slow down", 503) },
		"429": func(w http.ResponseWriter, r *http.Request) { http.Error(w, "slow down", 429) },
		"500": func(w http.ResponseWriter, r *http.Request) { http.Error(w, "oops", 500) },
		"reset": func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.(*net.TCPConn).SetLinger(0)
				conn.Close()
			}
		},
		"reset in the body": func(w http.ResponseWriter, r *http.Request) {
			conn, buf, err := w.(http.Hijacker).Hijack()
			if err == nil {
				from, to := 0, 0
				fmt.Sscanf(rangeOf(r), "bytes=%d-%d", &from, &to)
				fmt.Fprintf(buf, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\nLast-Modified: Mon, 02 Jan 2006 15:04:05 GMT\r\n\r\n", from, to, len(data), to-from+1)
				buf.Write(data[from : from+(to-from)/2])
				buf.Flush()
				conn.Close()
			}
		},
	}
	eachServer(t, func(t *testing.T, s *testStore) {
		uri := s.root + "/retry/x"
		if err := WriteFile(ctx, uri, data); err != nil {
			t.Fatal(err)
		}
		calls := map[string]func() error{
			"range": func() error {
				got, err := ReadRange(ctx, nil, uri, 10, 60000)
				if err == nil && !bytes.Equal(got, data[10:60010]) {
					err = errors.New("other bytes")
				}
				return err
			},
			"stat": func() error { _, err := Stat(ctx, uri); return err },
			"list": func() error { _, err := List(ctx, Dir(uri)); return err },
			"open": func() error {
				r, err := Open(ctx, uri)
				if err != nil {
					return err
				}
				defer r.Close()
				got, err := io.ReadAll(r)
				if err == nil && !bytes.Equal(got, data) {
					err = errors.New("other bytes")
				}
				return err
			},
			"write": func() error { return WriteFile(ctx, uri, data) },
		}
		for kind, fault := range faults {
			for what, call := range calls {
				if kind == "reset in the body" && what != "range" {
					continue
				}
				var left atomic.Int64
				left.Store(2)
				s.fail(t, func(w http.ResponseWriter, r *http.Request) bool {
					if left.Add(-1) < 0 {
						return false
					}
					io.Copy(io.Discard, r.Body)
					fault(w, r)
					return true
				})
				if err := call(); err != nil {
					t.Errorf("%s, %s: %v", kind, what, err)
				}
				if left.Load() >= 0 {
					t.Errorf("%s, %s: the fault did not happen", kind, what)
				}
			}
		}
		s.intercept.Store(nil)
		holds(t, uri, data)
	})
}

// What does not pass is not repeated for ever, and what is final not at all.
func TestAttempts(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testStore) {
		uri := s.root + "/attempts"
		if err := WriteFile(ctx, uri, []byte("x")); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct{ status, want int }{{503, attempts}, {403, 1}, {400, 1}, {404, 1}} {
			s.fail(t, func(w http.ResponseWriter, r *http.Request) bool {
				http.Error(w, "no", tt.status)
				return true
			})
			s.requests.Store(0)
			_, err := ReadRange(ctx, nil, uri, 0, 1)
			if n := s.requests.Load(); err == nil || int(n) != tt.want {
				t.Errorf("status %d: %d requests, want %d; %v", tt.status, n, tt.want, err)
			}
			if errors.Is(err, fs.ErrNotExist) != (tt.status == 404) || errors.Is(err, fs.ErrPermission) != (tt.status == 403) {
				t.Errorf("status %d: %v", tt.status, err)
			}
		}
	})
}

// Cancelling ends the pause before the next attempt.
func TestCancelWhileWaiting(t *testing.T) {
	old := pause
	pause = time.Hour
	defer func() { pause = old }()
	cctx, cancel := context.WithCancel(ctx)
	n := 0
	err := retry(cctx, "mem://b/k", func() error {
		n++
		cancel()
		return &net.OpError{Op: "read", Err: errors.New("reset")}
	})
	if n != 1 || err == nil {
		t.Errorf("%d calls, %v", n, err)
	}
	n = 0
	cctx, cancel = context.WithCancel(ctx)
	time.AfterFunc(10*time.Millisecond, cancel)
	err = retry(cctx, "mem://b/k", func() error { n++; return &net.OpError{Op: "read", Err: errors.New("reset")} })
	if n != 1 || err == nil {
		t.Errorf("%d calls, %v", n, err)
	}
}

func TestBackoff(t *testing.T) {
	for i := 1; i < attempts; i++ {
		d, full := backoff("gs://b/k", i), pause<<(i-1)
		if d < full/2 || d > full {
			t.Errorf("after %d failures %v, want %v to %v", i, d, full/2, full)
		}
		if backoff("gs://b/k", i) != d {
			t.Error("not a function of the address")
		}
		if backoff("gs://b/l", i) == d {
			t.Error("all addresses wait equally long")
		}
	}
}
