package blob

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// checkObject checks the answer to a request for the content of an object. The drivers take a range that
// the store did not send for the one that was asked for, and a missing length for 0.
func checkObject(req *http.Request, resp *http.Response) error {
	first, last, ranged := wantedRange(req)
	switch {
	case resp.StatusCode == http.StatusOK && ranged && first > 0:
		return answerErrorf("it sent the whole object instead of the bytes from %d on", first)
	case resp.StatusCode == http.StatusOK && resp.ContentLength < 0:
		return answerErrorf("it does not give the length of the object")
	case resp.StatusCode != http.StatusPartialContent:
		return nil
	case !ranged:
		return answerErrorf("it sent a part instead of the whole object")
	}
	text := resp.Header.Get("Content-Range")
	a, b, size, ok := parseContentRange(text)
	if !ok || a != first || a > size || b != min(last, size-1) { // Azurite sends an empty range at the end
		return answerErrorf("it sent the range %.40q instead of the bytes from %d to %s", text, first, orEnd(last))
	}
	if n := resp.ContentLength; n >= 0 && n != b-a+1 {
		return answerErrorf("it sent %d bytes for the range %.40q", n, text)
	}
	return nil
}

const toEnd = 1<<63 - 1

func orEnd(last int64) string {
	if last == toEnd {
		return "the end"
	}
	return strconv.FormatInt(last, 10)
}

// wantedRange is the range that a request asks for, both ends included.
func wantedRange(req *http.Request) (first, last int64, ok bool) {
	text := req.Header.Get("Range")
	//lint:ignore SA1008 Azure's client writes it like this
	if v := req.Header["x-ms-range"]; len(v) == 1 {
		text = v[0]
	}
	text, ok = strings.CutPrefix(text, "bytes=")
	if !ok {
		return 0, 0, false
	}
	a, b, _ := strings.Cut(text, "-")
	first, err := strconv.ParseInt(a, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	if b == "" {
		return first, toEnd, true
	}
	last, err = strconv.ParseInt(b, 10, 64)
	return first, last, err == nil
}

// parseContentRange parses "bytes 10-14/27".
func parseContentRange(text string) (first, last, size int64, ok bool) {
	text, ok = strings.CutPrefix(strings.TrimSpace(text), "bytes ")
	ends, total, ok2 := strings.Cut(text, "/")
	a, b, ok3 := strings.Cut(ends, "-")
	first, err1 := strconv.ParseInt(a, 10, 64)
	last, err2 := strconv.ParseInt(b, 10, 64)
	size, err3 := strconv.ParseInt(total, 10, 64)
	return first, last, size, ok && ok2 && ok3 && err1 == nil && err2 == nil && err3 == nil && first >= 0
}

// checkHead checks the answer to a HEAD of an object.
func checkHead(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return nil
	}
	if resp.ContentLength < 0 {
		return answerErrorf("it does not give the length of the object")
	}
	return checkModified(resp)
}

func checkModified(resp *http.Response) error {
	if text := resp.Header.Get("Last-Modified"); text == "" {
		return answerErrorf("it does not give the time when the object was written (Last-Modified)")
	} else if _, err := http.ParseTime(text); err != nil {
		return answerErrorf("it says that the object was written at %.40q", text)
	}
	return nil
}

// peek returns the first bytes of an answer and leaves them in it.
func peek(resp *http.Response, n int64) ([]byte, error) {
	head, err := io.ReadAll(io.LimitReader(resp.Body, n))
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), resp.Body), resp.Body}
	return head, err
}

// checkContains returns an error for an answer that lacks an element: XML decoders take a page of a
// proxy for an empty list.
func checkContains(resp *http.Response, element string) error {
	head, err := peek(resp, 8<<10)
	if err == nil && !bytes.Contains(head, []byte(element)) {
		err = answerErrorf("it has no %s>", element)
	}
	return err
}

// guarded runs a call of a driver, which may crash on an answer that it did not foresee. A crash becomes
// an error: a worker outlives it.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &finalError{fmt.Errorf("the driver of the store cannot make sense of the answer (%v)", p)}
		}
	}()
	return f()
}
