package blob

import (
	"context"
	"errors"
	"path/filepath"
)

// A guard is asked before each change below a folder.
type guard struct {
	dir   string
	check func(context.Context) error
	next  *guard
}

type guardKey struct{}

// WithGuard returns a context whose changes below a folder need the consent of check. It is asked
// before a local file is begun, as the last step before an object gets its name, and before an object
// is removed. If it returns an error, nothing changes, and the caller gets that error. It is not asked
// before [Writer.Abort], which removes what its own writer has made and nothing else.
func WithGuard(ctx context.Context, dirURI string, check func(context.Context) error) context.Context {
	next, _ := ctx.Value(guardKey{}).(*guard)
	return context.WithValue(ctx, guardKey{}, &guard{dirURI, check, next})
}

// permit asks the guards of a context about a change.
func permit(ctx context.Context, uri string) error {
	for g, _ := ctx.Value(guardKey{}).(*guard); g != nil; g = g.next {
		if !within(g.dir, uri) {
			continue
		}
		if err := g.check(ctx); err != nil {
			return &deniedError{err}
		}
	}
	return nil
}

// within reports whether uri is a folder or lies below it.
func within(dir, uri string) bool {
	if IsLocal(dir) && IsLocal(uri) { // one of them may be relative
		a, err1 := localPath(dir)
		b, err2 := localPath(uri)
		if err1 != nil || err2 != nil {
			return false
		}
		if a, err1 = filepath.Abs(a); err1 != nil {
			return false
		}
		if b, err2 = filepath.Abs(b); err2 != nil {
			return false
		}
		dir, uri = filepath.ToSlash(a), filepath.ToSlash(b)
	}
	_, below := Rel(dir, uri)
	return below || dir == uri
}

// A deniedError carries the error of a guard past wrap.
type deniedError struct{ err error }

func (e *deniedError) Error() string { return e.err.Error() }

// Unwrap returns the error of the guard.
func (e *deniedError) Unwrap() error { return e.err }

// denied returns the error of a guard in err, or nil.
func denied(err error) error {
	var d *deniedError
	if errors.As(err, &d) {
		return d.err
	}
	return nil
}
