package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"
	"time"

	"gocloud.dev/blob"
)

// A Version stands for one content of an object. The first read with it, of the zero value, takes the
// content that the object has; later ones ask the store for that alone (If-Match, or a generation), and
// fail if the object has another by then. At a store that sends no such mark, size and time tell. It is safe
// for concurrent use, and means nothing for local files.
type Version struct {
	mu       sync.Mutex
	known    bool
	tag      string // empty at stores that have none
	sized    bool   // size is that of a listing, as long as known is false
	size     int64
	modified time.Time
}

// VersionOf is the content of an object that was listed with a size.
func VersionOf(size int64) *Version { return &Version{sized: true, size: size} }

var errChanged = &finalError{errors.New("the object has changed while it was read")}

const changedRemedy = "run again when nothing writes to it"

// OpenVersion is [OpenRange] of one version of an object.
func OpenVersion(ctx context.Context, uri string, off, n int64, v *Version) (io.ReadCloser, error) {
	s, key, err := storeOf(ctx, "read", uri)
	if err != nil {
		return nil, err
	}
	if off < 0 {
		return nil, wrap("read", uri, fs.ErrInvalid)
	}
	var r io.ReadCloser
	if c, ok := s.(*cloudStore); ok {
		r, err = c.openVersion(ctx, key, off, n, v)
	} else {
		r, err = s.open(ctx, key, off, n)
	}
	if err != nil {
		return nil, wrap("read", uri, err)
	}
	return r, nil
}

// open asks the store for a range of the version.
func (v *Version) open(ctx context.Context, s *cloudStore, key string, off, n int64) (*blob.Reader, error) {
	v.mu.Lock()
	known, tag := v.known, v.tag
	v.mu.Unlock()
	var o *blob.ReaderOptions
	if known && tag != "" {
		o = &blob.ReaderOptions{BeforeRead: func(as func(any) bool) error { s.driver.only(as, tag); return nil }}
	}
	r, err := s.NewRangeReader(ctx, key, off, n, o)
	if err != nil {
		if known {
			err = s.replaced(err)
		}
		return nil, err
	}
	if !v.is(r.Size(), r.ModTime(), s.driver.version(r)) {
		r.Close()
		return nil, errChanged
	}
	return r, nil
}

// replaced is the error of a read of a version: one that was replaced, or its generation, is not there any more.
func (s *cloudStore) replaced(err error) error {
	if s.driver.status(err) == 412 || notFound(err) {
		return errChanged
	}
	return err
}

// is compares what a store has sent with the version, and takes it where none is known.
func (v *Version) is(size int64, modified time.Time, tag string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.known && (!v.sized || v.size == size) {
		v.known, v.size, v.modified, v.tag = true, size, modified, tag
	}
	return v.known && v.size == size && v.modified.Equal(modified) && v.tag == tag
}

// other reports whether an object of size bytes is another version.
func (v *Version) other(size int64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return (v.known || v.sized) && v.size != size
}
