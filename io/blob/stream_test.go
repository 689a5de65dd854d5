//go:build !nocloud && !nogcs && !nos3 && !noazure

package blob

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// A stream that breaks off is an error, not an end.
func TestStreamBreaksOff(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testStore) {
		s.fail(t, func(w http.ResponseWriter, r *http.Request) bool {
			conn, buf, err := w.(http.Hijacker).Hijack()
			if err == nil {
				status := "200 OK\r\n"
				if rng := rangeOf(r); rng != "" {
					if !strings.HasPrefix(rng, "bytes=0-") {
						// The client of GCS asks for the rest; it does not get it.
						buf.WriteString("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
						buf.Flush()
						conn.Close()
						return true
					}
					status = "206 Partial Content\r\nContent-Range: bytes 0-999/1000\r\n"
				}
				buf.WriteString("HTTP/1.1 " + status + "Content-Length: 1000\r\nLast-Modified: Mon, 02 Jan 2006 15:04:05 GMT\r\n\r\n")
				buf.Write(make([]byte, 500))
				buf.Flush()
				conn.Close()
			}
			return true
		})
		r, err := Open(ctx, s.root+"/breaks")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if n, err := io.Copy(io.Discard, r); err == nil || n > 500 {
			t.Errorf("%d bytes and no error", n)
		} else if !strings.Contains(err.Error(), s.root+"/breaks") {
			t.Errorf("the error does not say where: %v", err)
		}
	})
}

// A stream that breaks off goes on where it was, as long as the object is the same.
func TestStreamGoesOn(t *testing.T) {
	data := make([]byte, 70_000)
	for i := range data {
		data[i] = byte(i * i >> 7)
	}
	eachServer(t, func(t *testing.T, s *testStore) {
		uri := s.root + "/goeson"
		if err := WriteFile(ctx, uri, data); err != nil {
			t.Fatal(err)
		}
		for _, changed := range []bool{false, true} {
			var n atomic.Int64
			s.fail(t, func(w http.ResponseWriter, r *http.Request) bool {
				if changed && n.Load() == 1 {
					n.Add(1)
					s.intercept.Store(nil)
					if err := WriteFile(ctx, uri, data[1:]); err != nil {
						t.Error(err)
					}
					return false
				}
				if n.Add(1) > 3 {
					return false
				}
				rec := httptest.NewRecorder()
				s.handler.ServeHTTP(rec, r)
				for k, v := range rec.Header() {
					w.Header()[k] = v
				}
				body := rec.Body.Bytes()
				w.Header().Set("Content-Length", strconv.Itoa(len(body)))
				w.WriteHeader(rec.Code)
				w.Write(body[:len(body)/2])
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			})
			r, err := OpenRange(ctx, uri, 100, 60_000)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			r.Close()
			s.intercept.Store(nil)
			switch {
			case !changed && (err != nil || !bytes.Equal(got, data[100:60_100])):
				t.Errorf("%d bytes, %v", len(got), err)
			case changed && (err == nil || !bytes.Equal(got, data[100:100+len(got)])):
				t.Errorf("changed: %d bytes, %v", len(got), err)
			}
			if n.Load() < 2 {
				t.Errorf("%d requests", n.Load())
			}
		}
	})
}
