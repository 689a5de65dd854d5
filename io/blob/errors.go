package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"gocloud.dev/gcerrors"

	"github.com/premix/premix/internal/osfile"
	"github.com/premix/premix/internal/printable"
)

// Errors that callers tell apart.
var (
	// ErrLimit: an object is larger than the caller allows.
	ErrLimit = errors.New("larger than the limit")
	// ErrNoBucket: the bucket or container of an address does not exist. It is not fs.ErrNotExist:
	// a bucket is never made, so that an output in it cannot simply be begun.
	ErrNoBucket = errors.New("the bucket does not exist")

	errDone = errors.New("the writer was committed or aborted before")
)

// An Error says what failed where, in one line without secrets, and what to do.
type Error struct {
	Op  string // "read", "list", …
	URI string
	// Remedy is what the user can do; empty where that is not known.
	Remedy string
	Err    error
}

func (e *Error) Error() string {
	s := "blob: " + e.Op + " " + printable.Name(Redact(e.URI)) + ": " + printable.Line(oneLine(plain(e.Err)))
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return Redact(s)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is tells the codes of stores as the errors of package fs.
func (e *Error) Is(target error) bool {
	switch target {
	case fs.ErrNotExist:
		return notFound(e.Err) && !errors.Is(e.Err, ErrNoBucket)
	case fs.ErrPermission:
		s := status(e.Err)
		return s == 401 || s == 403
	}
	return false
}

// status is the HTTP status of a failure at any store, 0 if it has none.
func status(err error) int {
	for _, d := range drivers {
		if s := d.status(err); s != 0 {
			return s
		}
	}
	return 0
}

// notFound reports whether a store said that the object does not exist.
func notFound(err error) bool {
	var host *net.DNSError
	s := status(err)
	return s == 404 || s == 0 && gcerrors.Code(err) == gcerrors.NotFound && !errors.As(err, &host)
}

// wrap returns err as an *Error, nil if err is nil. An *Error stays what it is, as does the error of a
// guard.
func wrap(op, uri string, err error) error {
	if err == nil {
		return nil
	}
	if d := denied(err); d != nil {
		return d
	}
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	e = &Error{Op: op, URI: uri, Err: err}
	if IsLocal(uri) {
		e.Remedy = localRemedy(err)
		return e
	}
	if errors.Is(err, errChanged) {
		e.Remedy = changedRemedy
		return e
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return e
	}
	if s, rest := scheme(uri); drivers[s] != nil {
		bucket, _, _ := strings.Cut(rest, "/")
		bucket, _, _ = strings.Cut(bucket, "?")
		e.Err, e.Remedy = drivers[s].explain(op, err, bucket)
		if e.Remedy == "" && busyStatus(status(err)) {
			e.Remedy = fmt.Sprintf("the store was busy for %v: run again later", patience)
		}
	}
	return e
}

func localRemedy(err error) string {
	switch {
	case osfile.IsFull(err):
		return "free some space there, or write to another place"
	case osfile.IsReadOnly(err):
		return "write to another place"
	case errors.Is(err, fs.ErrPermission):
		return "check owner and mode of the file and of its directories"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "raise the limit (ulimit -n)"
	case errors.Is(err, syscall.ENOTDIR):
		return "a part of the path is a file"
	}
	return ""
}

// plain strips the operation and path that package os adds, since Error says them.
func plain(err error) error {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	case *os.SyscallError:
		return e.Err
	}
	return err
}

// oneLine is the text of an error on one line of at most 400 bytes: Azure's have twenty. Secrets are
// hidden before, since a header ends with its line, and half a secret would not be found.
func oneLine(err error) string {
	s := strings.Join(strings.Fields(Redact(err.Error())), " ")
	const most = 400
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

func limitError(limit int64) error {
	return fmt.Errorf("%w of %d bytes", ErrLimit, limit)
}
