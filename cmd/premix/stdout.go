package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sync"
)

// results is stdout. It keeps what commands print until they end, as far as it is short: then all locks
// are released, and a reader that goes away (premix … | head) ends the process, by SIGPIPE, where nothing
// is left to do. It remembers the first error, so that no command has to look at each line it prints.
type results struct {
	mu sync.Mutex
	to io.Writer
	b  *bufio.Writer
}

func newResults(to io.Writer) *results { return &results{to: to, b: bufio.NewWriterSize(to, 1<<16)} }

// Write implements [io.Writer]. After an error every call returns it.
func (r *results) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

// finish writes what is left, and closes a file, since some file systems tell of a full disk only then.
// It returns the error of a command that ended with err.
func (r *results) finish(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	lost := r.b.Flush()
	if c, ok := r.to.(io.Closer); ok {
		if closed := c.Close(); lost == nil {
			lost = closed
		}
	}
	var code *codeError
	switch {
	case lost == nil:
		return err
	case err == nil, errors.Is(err, lost):
		return &outputError{cause: lost}
	case errors.As(err, &code) && code.code == exitBad:
		return &outputError{lost, code.message} // what was found is lost
	}
	return err
}

// An outputError says that results could not be written to stdout.
type outputError struct {
	cause error
	also  string // what the command would have ended with
}

func (e *outputError) Error() string {
	text := fmt.Sprintf("the results could not be written to stdout: %v", e.cause)
	if e.also != "" {
		text = e.also + "\n" + text
	}
	return text
}

func (e *outputError) Unwrap() error { return e.cause }
