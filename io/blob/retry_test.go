//go:build !nocloud && !nogcs && !nos3 && !noazure

package blob

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"html"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Every request passes over failures of the store that pass, of each kind, more often than attempts.
func TestRequestsAreRepeated(t *testing.T) {
	data := pattern(100_000)
	answer := func(status int, text string) func(w http.ResponseWriter, r *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(status)
			io.WriteString(w, text)
		}
	}
	s3Error := func(code string) string { return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code></Error>" }
	faults := map[string]func(w http.ResponseWriter, r *http.Request){
		"503":    answer(503, "slow down"),
		"429":    answer(429, "slow down"),
		"500":    answer(500, "oops"),
		"unread": func(w http.ResponseWriter, r *http.Request) { http.Error(w, "busy", 503) },
		"reset": func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.(*net.TCPConn).SetLinger(0)
				conn.Close()
			}
		},
		"gs 403":  answer(403, `{"error":{"code":403,"errors":[{"reason":"rateLimitExceeded"}]}}`),
		"s3 400":  answer(400, s3Error("RequestLimitExceeded")),
		"s3 slow": answer(503, s3Error("SlowDown")),
	}
	eachFake(t, func(t *testing.T, s *testStore) {
		name, _, _ := strings.Cut(s.root, ":")
		before := ReadWaits()
		for kind, fault := range faults {
			if which, _, special := strings.Cut(kind, " "); special && which != name {
				continue
			}
			faulty(t, s, kind, data, 6, func(what string) bool {
				return kind == "s3 400" && (what == "stat" || what == "remove") // an answer to HEAD has no code
			}, fault)
		}
		w := ReadWaits().Sub(before)
		if w.Busy < 100 || w.Broken < 20 || w.Waited == 0 || w.Waited > time.Minute {
			t.Errorf("counted %+v", w)
		}
		faulty(t, s, "half an answer", data, 6, func(what string) bool { return what != "range" && what != "whole" && what != "list" }, func(w http.ResponseWriter, r *http.Request) {
			s.halfAnswer(w, r, func() { panic(http.ErrAbortHandler) })
		})
	})
}

// An upload in parts passes over a busy store: it repeats each part by itself, for as long as it takes.
func TestUploadOverBusyStore(t *testing.T) {
	data := pattern(2*partSize + 1) // on S3 there are parts from 16 MiB on
	eachFake(t, func(t *testing.T, s *testStore) {
		change(t, &patience, time.Minute)
		var n, failed atomic.Int64
		s.fail(t, func(w http.ResponseWriter, r *http.Request) bool {
			if n.Add(1)%7 == 0 {
				return false
			}
			failed.Add(1)
			io.CopyN(io.Discard, r.Body, 1000)
			http.Error(w, "busy", 503)
			return true
		})
		w, err := Create(ctx, s.root+"/x")
		if err != nil {
			t.Fatal(err)
		}
		defer w.Abort()
		if _, err = w.Write(data); err == nil {
			err = w.Commit()
		}
		if err != nil || failed.Load() < 12 {
			t.Errorf("after %d of %d requests: %v", failed.Load(), n.Load(), err)
		}
		s.intercept.Store(nil)
		holds(t, s.root+"/x", data)
	})
}

// The end of a multipart upload on S3 may be answered 200 with an error in it.
func TestErrorIn200(t *testing.T) {
	s := s3Store(t)
	left := 3
	s.fail(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != "POST" || !r.URL.Query().Has("uploadId") || left == 0 {
			return false
		}
		left--
		io.WriteString(w, "<?xml version=\"1.0\"?>   <Error><Code>InternalError</Code></Error>")
		return true
	})
	data := pattern(2*partSize + 1)
	if err := WriteFile(ctx, s.root+"/x", data); err != nil || left > 0 {
		t.Fatal(err)
	}
	holds(t, s.root+"/x", data)
}

// The end of a multipart upload on S3 whose answer was lost has succeeded if the object is that of the parts, and
// failed if it is another.
func TestEndOfUploadIsLost(t *testing.T) {
	data := pattern(2*partSize + 1)
	for name, other := range map[string]bool{"done": false, "another object": true} {
		t.Run(name, func(t *testing.T) {
			s := s3Store(t)
			var mu sync.Mutex // a request that is given up may still be worked on
			var tag string    // as the answer that is lost says
			s.fail(t, func(w http.ResponseWriter, r *http.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				switch {
				case r.Method == "HEAD" && !other: // this store answers with another tag than it gave
					w.Header().Set("ETag", tag)
					w.Header().Set("Last-Modified", modified)
					w.Header().Set("Content-Length", strconv.Itoa(len(data)))
					return true
				case r.Method != "POST" || !r.URL.Query().Has("uploadId") || tag != "":
					return false
				}
				answer := httptest.NewRecorder()
				s.handler.ServeHTTP(answer, r)
				_, tag, _ = strings.Cut(answer.Body.String(), "<ETag>")
				tag, _, _ = strings.Cut(tag, "</ETag>")
				tag = html.UnescapeString(tag)
				if other {
					s.handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PUT", r.URL.Path, strings.NewReader("of another")))
				}
				panic(http.ErrAbortHandler)
			})
			err := writeOnce(s.root+"/x", data)
			mu.Lock()
			defer mu.Unlock()
			if tag == "" || (err != nil) != other {
				t.Fatalf("tag %s: %v", tag, err)
			}
			s.intercept.Store(nil)
			if !other {
				holds(t, s.root+"/x", data)
			}
		})
	}
}

// writeOnce writes an object, without beginning anew after a failure.
func writeOnce(uri string, data []byte) error {
	w, err := Create(ctx, uri)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Commit()
}

// A failure whose cause is not known, after the store was busy for long, is not the last.
func TestBusyThenUnknown(t *testing.T) {
	hurry(t)
	b := new(budget)
	for range 20 {
		if _, ok := b.next(ctx, failure{cause: busy, began: time.Now()}); !ok {
			t.Fatal("gave up")
		}
	}
	for i := 1; i <= attempts; i++ {
		if _, ok := b.next(ctx, failure{cause: broken, few: true, began: time.Now()}); ok != (i < attempts) {
			t.Errorf("failure %d: %v", i, ok)
		}
	}
}

// What the store asks to wait is waited, but not for ever.
func TestRetryAfter(t *testing.T) {
	hurry(t)
	for text, want := range map[string]time.Duration{"": 0, "2": 2 * time.Second, "-1": 0, "x": 0, "Mon, 02 Jan 2006 15:04:05 GMT": 0} {
		if d := retryAfter(&http.Response{Header: http.Header{"Retry-After": {text}}}); d != want {
			t.Errorf("%q: %v", text, d)
		}
	}
	at := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	if d := retryAfter(&http.Response{Header: http.Header{"Retry-After": {at}}}); d < 59*time.Minute || d > time.Hour {
		t.Errorf("%q: %v", at, d)
	}
	change(t, &longestAfter, 20*time.Millisecond)
	f := failure{began: time.Now(), after: time.Hour}
	if d, ok := new(budget).next(ctx, f); !ok || d < longestAfter || d > longestAfter+longestPause {
		t.Errorf("%v, %v", d, ok)
	}
	f.began = time.Now().Add(-patience + 10*time.Millisecond)
	if d, ok := new(budget).next(ctx, f); !ok || d > 10*time.Millisecond {
		t.Errorf("near the end of the patience: %v, %v", d, ok)
	}
	f.began = time.Now().Add(-patience)
	if _, ok := new(budget).next(ctx, f); ok {
		t.Error("after the end of the patience")
	}
}

// A host that has never answered is given up soon, and one that does not exist, or that has another's
// certificate, at once.
func TestGivenUp(t *testing.T) {
	hurry(t)
	for _, tt := range []struct {
		err      error
		answered bool
		want     int // 0: as long as there is patience
	}{
		{&net.DNSError{Err: "no such host", IsNotFound: true}, false, 1},
		{&net.DNSError{Err: "no such host", IsNotFound: true}, true, 0},
		{&net.DNSError{Err: "server misbehaving", IsTemporary: true}, false, attempts},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, false, attempts},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true, 0},
		{&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, true, 1},
		{errors.New("malformed HTTP response"), true, attempts},
		{io.EOF, true, 0},
	} {
		n := 0
		tr := &transport{send: func(*http.Request) (*http.Response, error) {
			n++
			return nil, &url.Error{Op: "Get", URL: "http://host", Err: tt.err}
		}}
		host := bucketName()
		if tt.answered {
			reached.Store(host, true)
		}
		change(t, &patience, 300*time.Millisecond)
		err := retry(ctx, "s3://b", func(ctx context.Context) error {
			req, _ := http.NewRequestWithContext(ctx, "GET", "http://"+host+"/", nil)
			_, err := tr.RoundTrip(req)
			return err
		})
		if !errors.Is(err, tt.err) && err == nil || tt.want > 0 && n != tt.want || tt.want == 0 && n <= attempts {
			t.Errorf("%v, answered %v: %d requests, %v", tt.err, tt.answered, n, err)
		}
	}
}

// What does not pass is not repeated for ever, and what is final not at all.
func TestAttempts(t *testing.T) {
	eachServer(t, func(t *testing.T, s *testStore) {
		uri := s.root + "/attempts"
		if err := WriteFile(ctx, uri, []byte("x")); err != nil {
			t.Fatal(err)
		}
		change(t, &patience, 300*time.Millisecond)
		for _, tt := range []struct{ status, want int }{{503, 0}, {403, 1}, {400, 1}, {404, 1}} { // 0: several
			s.fail(t, func(w http.ResponseWriter, r *http.Request) bool {
				http.Error(w, "no", tt.status)
				return true
			})
			s.requests.Store(0)
			_, err := ReadRange(ctx, nil, uri, 0, 1)
			if n := int(s.requests.Load()); err == nil || tt.want > 0 && n != tt.want || tt.want == 0 && n < 2 {
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
	change(t, &pause, time.Hour)
	change(t, &longestPause, 100*time.Hour)
	change(t, &patience, 100*time.Hour)
	reset := &net.OpError{Op: "read", Err: errors.New("reset")}
	cctx, cancel := context.WithCancel(ctx)
	n := 0
	err := retry(cctx, "mem://b/k", func(context.Context) error {
		n++
		cancel()
		return reset
	})
	if n != 1 || err == nil {
		t.Errorf("%d calls, %v", n, err)
	}
	n = 0
	cctx, cancel = context.WithCancel(ctx)
	time.AfterFunc(10*time.Millisecond, cancel)
	err = retry(cctx, "mem://b/k", func(context.Context) error { n++; return reset })
	if n != 1 || err == nil {
		t.Errorf("%d calls, %v", n, err)
	}
}
