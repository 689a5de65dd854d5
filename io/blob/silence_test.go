//go:build !nocloud && !nogcs && !nos3 && !noazure

package blob

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// callsOf are requests of every kind to an object that holds data.
func callsOf(uri string, data []byte) map[string]func() error {
	same := func(want []byte) error {
		got, err := ReadAll(ctx, uri, MaxMeta)
		if err == nil && !bytes.Equal(got, want) {
			err = fmt.Errorf("other bytes, %d of %d", len(got), len(want))
		}
		return err
	}
	return map[string]func() error{
		"range": func() error {
			got, err := ReadRange(ctx, nil, uri, 10, 60000)
			if err == nil && !bytes.Equal(got, data[10:60010]) {
				err = errors.New("other bytes")
			}
			return err
		},
		"whole": func() error { return same(data) },
		"stat":  func() error { _, err := Stat(ctx, uri); return err },
		"list": func() error {
			list, err := List(ctx, Dir(uri))
			if err == nil && len(list) != 1 {
				err = fmt.Errorf("%d entries", len(list))
			}
			return err
		},
		"write":  func() error { return WriteFile(ctx, uri, data) },
		"remove": func() error { return Remove(ctx, uri) },
	}
}

// faulty lets the first n requests for each of the calls be answered by fault, and runs all calls at once.
func faulty(t *testing.T, s *testStore, kind string, data []byte, n int64, skip func(what string) bool, fault func(w http.ResponseWriter, r *http.Request)) {
	t.Helper()
	left := map[string]*atomic.Int64{}
	calls := map[string]func() error{}
	for what := range callsOf("", data) {
		if skip != nil && skip(what) {
			continue
		}
		name := strings.ReplaceAll(kind+"-"+what, " ", "-")
		uri := s.root + "/" + name + "/x"
		if err := WriteFile(ctx, uri, data); err != nil {
			t.Fatal(err)
		}
		left[name] = new(atomic.Int64)
		left[name].Store(n)
		calls[name] = callsOf(uri, data)[what]
	}
	s.fail(t, func(w http.ResponseWriter, r *http.Request) bool {
		where, _ := url.QueryUnescape(r.URL.String())
		for name, n := range left {
			if strings.Contains(where, name+"/") && n.Add(-1) >= 0 {
				fault(w, r)
				return true
			}
		}
		return false
	})
	var wg sync.WaitGroup
	for name, call := range calls {
		wg.Go(func() {
			if err := call(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if left[name].Load() >= 0 {
				t.Errorf("%s: the fault did not happen", name)
			}
		})
	}
	wg.Wait()
	s.intercept.Store(nil)
}

// hang keeps a request open until its client goes away.
func hang(r *http.Request) { <-r.Context().Done() }

// halfAnswer sends half of the right answer and then calls f.
func (s *testStore) halfAnswer(w http.ResponseWriter, r *http.Request, f func()) {
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
	f()
}

// A store that falls silent, wherever it does, is asked again, and this is counted.
func TestSilence(t *testing.T) {
	data := pattern(100_000)
	eachFake(t, func(t *testing.T, s *testStore) {
		change(t, &silence, 400*time.Millisecond)
		change(t, &patience, time.Minute)
		before := ReadWaits()
		faulty(t, s, "no answer", data, 1, nil, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			hang(r)
		})
		faulty(t, s, "half an answer", data, 1, func(what string) bool { return what != "range" && what != "whole" && what != "list" }, func(w http.ResponseWriter, r *http.Request) {
			s.halfAnswer(w, r, func() { hang(r) })
		})
		if w := ReadWaits().Sub(before); w.Silent < 9 || w.Waited < 9*silence {
			t.Errorf("counted %+v", w)
		}
	})
}

// A store that stops reading an upload is told from one that waits for a slow upload.
func TestUploadIsNotRead(t *testing.T) {
	hurry(t)
	change(t, &silence, 300*time.Millisecond)
	var n atomic.Int64
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 1 {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				t.Cleanup(func() { conn.Close() })
			}
			return
		}
		io.Copy(w, r.Body)
	}))
	defer srv.Close()
	data := pattern(16 << 20)
	tr := &transport{send: http.DefaultTransport.RoundTrip}
	req, _ := http.NewRequest("PUT", srv.URL, bytes.NewReader(data))
	before := ReadWaits()
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if w := ReadWaits().Sub(before); w.Silent != 1 {
		t.Errorf("counted %+v", w)
	}
	slow := io.MultiReader(strings.NewReader("a"), readerFunc(func(p []byte) (int, error) {
		time.Sleep(2 * silence)
		return 0, io.EOF
	}), strings.NewReader("b"))
	req, _ = http.NewRequest("PUT", srv.URL, slow)
	resp, err = tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(resp.Body); err != nil || string(got) != "ab" {
		t.Errorf("%q, %v", got, err)
	}
	failed := errors.New("the disk fails")
	req, _ = http.NewRequest("PUT", srv.URL, readerFunc(func([]byte) (int, error) { return 0, failed }))
	before = ReadWaits()
	if _, err = tr.RoundTrip(req); !errors.Is(err, failed) || ReadWaits() != before {
		t.Errorf("a body that cannot be read: %v", err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A server that takes connections and never says a word, not even that of TLS, is an error in the end.
func TestNeverAnswers(t *testing.T) {
	hurry(t)
	change(t, &silence, 50*time.Millisecond)
	change(t, &patience, 120*time.Millisecond)
	t.Setenv("AWS_ACCESS_KEY_ID", "premix")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "premix")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // connections wait in its queue, which nobody serves
	for _, scheme := range []string{"http", "https"} {
		uri := "s3://b?endpoint=" + scheme + ":%2F%2F" + l.Addr().String() + "/k"
		for what, call := range map[string]func() error{
			"read":  func() error { _, err := ReadRange(ctx, nil, uri, 0, 1); return err },
			"write": func() error { return WriteFile(ctx, uri, []byte("x")) },
		} {
			err := call()
			var ours *Error
			if !errors.As(err, &ours) || !strings.Contains(err.Error(), "the store has been silent for 50ms") {
				t.Errorf("%s, %s: %v", scheme, what, err)
			}
		}
	}
}

// Who reads slowly what the store sends is not taken for a silent store; nor is a store that is slow, but
// goes on.
func TestSlowIsNotSilent(t *testing.T) {
	data := pattern(1 << 20)
	eachFake(t, func(t *testing.T, s *testStore) {
		change(t, &silence, 400*time.Millisecond)
		uri := s.root + "/slow"
		if err := WriteFile(ctx, uri, data); err != nil {
			t.Fatal(err)
		}
		before := ReadWaits()
		r, err := Open(ctx, uri)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		got := make([]byte, len(data))
		io.ReadFull(r, got[:1000])
		time.Sleep(2 * silence)
		if _, err := io.ReadFull(r, got[1000:]); err != nil || !bytes.Equal(got, data) {
			t.Errorf("slow reader: %v", err)
		}
		s.fail(t, func(w http.ResponseWriter, r *http.Request) bool {
			s.halfAnswer(w, r, func() { time.Sleep(silence / 2) })
			rest := httptest.NewRecorder()
			s.handler.ServeHTTP(rest, r)
			w.Write(rest.Body.Bytes()[rest.Body.Len()/2:])
			return true
		})
		if p, err := ReadRange(ctx, nil, uri, 5, 20_000); err != nil || !bytes.Equal(p, data[5:20_005]) {
			t.Errorf("slow store: %v", err)
		}
		if w := ReadWaits().Sub(before); w.Repeated() > 0 {
			t.Errorf("repeated: %+v", w)
		}
	})
}
