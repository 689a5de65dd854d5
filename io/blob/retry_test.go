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
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
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
	eachStore(t, func(t *testing.T, s *testStore) {
		if s.intercept == nil {
			t.Skip("no server to let fail")
		}
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
	eachStore(t, func(t *testing.T, s *testStore) {
		if s.intercept == nil {
			t.Skip("no server to let fail")
		}
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

// A stream that breaks off is an error, not an end.
func TestStreamBreaksOff(t *testing.T) {
	eachStore(t, func(t *testing.T, s *testStore) {
		if s.intercept == nil {
			t.Skip("no server to let fail")
		}
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
	eachStore(t, func(t *testing.T, s *testStore) {
		if s.intercept == nil {
			t.Skip("no server to let fail")
		}
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

// The requests in flight are bounded, whatever the callers do; open streams and writers are not
// among them, so that they cannot wait for each other.
func TestRequestsInFlight(t *testing.T) {
	old := requests
	requests = make(chan struct{}, 3)
	defer func() { requests = old }()
	eachStore(t, func(t *testing.T, s *testStore) {
		if s.intercept == nil {
			t.Skip("no server to count at")
		}
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

// The messages for what users get wrong are one line with a remedy.
func TestMessages(t *testing.T) {
	eachStore(t, func(t *testing.T, s *testStore) {
		if s.name != "s3" {
			t.Skip("answers of S3")
		}
		for _, tt := range []struct {
			code   string
			status int
			want   string
		}{
			{"PermanentRedirect", 301, "the bucket is in another region; set AWS_REGION to it (aws s3api get-bucket-location --bucket "},
			{"AuthorizationHeaderMalformed", 400, "the bucket is in another region; set AWS_REGION"},
			{"NoSuchBucket", 404, "the bucket does not exist; check its name and the endpoint, or make it: aws s3 mb s3://"},
			{"AccessDenied", 403, "check that these credentials may list, read and write the bucket"},
			{"InvalidAccessKeyId", 403, "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"},
		} {
			s.fail(t, func(w http.ResponseWriter, r *http.Request) bool {
				io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", "application/xml")
				w.WriteHeader(tt.status)
				io.WriteString(w, "<?xml version=\"1.0\"?>\n<Error><Code>"+tt.code+"</Code><Message>m\n\nm</Message></Error>")
				return true
			})
			for what, call := range map[string]func() error{
				"read": func() error { _, err := ReadRange(ctx, nil, s.root+"/k", 0, 1); return err },
				"list": func() error { _, err := List(ctx, s.root+"/k"); return err },
				"create": func() error {
					return WriteFile(ctx, s.root+"/k", []byte("x"))
				},
			} {
				err := call()
				if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") || errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s, %s: %v", tt.code, what, err)
				}
			}
		}
	})
	for uri, want := range map[string]string{
		"gs://b?grpc=true/k":         `unknown parameter "grpc": gs:// takes anonymous and emulator`,
		"s3://b?no=1/k":              `unknown query parameter "no"`,
		"azblob://c?x=1/k":           `unknown parameter "x": azblob:// takes`,
		"azblob://c/k":               "no storage account is set; set AZURE_STORAGE_ACCOUNT",
		"http://host/k":              `unknown scheme "http://"; use a local path or one of azblob://, gs://, s3://`,
		"s3://b?region=%zz/k":        "invalid URL escape",
		"mem:///k":                   "the bucket is missing",
		"mem://b":                    "names a bucket",
		"mem://b/k/":                 "ends in a slash",
		"mem://b/" + "\xff" + "/bad": "valid UTF-8",
	} {
		if strings.HasPrefix(uri, "azblob://c/") {
			t.Setenv("AZURE_STORAGE_ACCOUNT", "")
			t.Setenv("AZURE_STORAGE_CONNECTION_STRING", "")
		}
		err := WriteFile(ctx, uri, []byte("x"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), uri) {
			t.Errorf("%s: %v", uri, err)
		}
	}
	t.Setenv("PREMIX_S3_URL_PARAMS", "no=1")
	if err := WriteFile(ctx, "s3://b/k", nil); err == nil || !strings.Contains(err.Error(), `"no"`) {
		t.Errorf("PREMIX_S3_URL_PARAMS: %v", err)
	}
	long := wrap("read", "mem://b/k", errors.New(strings.Repeat("é\n\n", 1000)))
	if n := len(long.Error()); n > 500 {
		t.Errorf("a message of %d bytes", n)
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
