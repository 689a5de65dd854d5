package blob

import (
	"context"
	"errors"
	"io"
	"time"

	"gocloud.dev/blob"
)

// A cloudStream reads left bytes of an object from offset off. Where the connection breaks off it
// asks for the rest: a chunk of the input is streamed for minutes, and to begin it again costs all of
// that.
type cloudStream struct {
	s         *cloudStore
	ctx       context.Context
	key       string
	r         *blob.Reader // nil at the end, and after a failure
	off, left int64
	v         *Version
	budget    *budget // in ctx as well: the client of GCS goes on by itself
	began     time.Time
	err       error
}

func (s *cloudStore) open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	return s.openVersion(ctx, key, off, n, new(Version))
}

func (s *cloudStore) openVersion(ctx context.Context, key string, off, n int64, v *Version) (io.ReadCloser, error) {
	st := &cloudStream{s: s, key: key, off: off, v: v, began: time.Now()}
	st.ctx, st.budget = withBudget(ctx)
	err := request(st.ctx, s.uri(key), func(context.Context) (err error) {
		st.r, st.left, err = s.openRange(st.ctx, key, off, n, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return st, nil
}

// Read implements io.Reader.
func (st *cloudStream) Read(p []byte) (int, error) {
	if st.err != nil {
		return 0, st.err
	}
	if st.left == 0 {
		return 0, io.EOF
	}
	for {
		if st.r == nil {
			if err := st.reopen(); err != nil {
				return 0, st.fail(err)
			}
		}
		var n int
		err := guarded(func() (err error) {
			n, err = st.r.Read(p[:min(int64(len(p)), st.left)])
			return st.s.replaced(err) // the client of GCS goes on by itself
		})
		st.off += int64(n)
		st.left -= int64(n)
		if n > 0 {
			st.budget.progress()
		}
		if err == nil || st.left == 0 {
			return n, nil
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errShort
		}
		st.r.Close()
		st.r = nil
		if !transient(st.s.root, err, st.budget.brokeOff()) || !st.budget.again(st.ctx, st.budget.take(failureOf(err, st.began))) {
			return n, st.fail(orCancelled(st.ctx, err))
		}
		if n > 0 {
			return n, nil
		}
	}
}

// fail ends the stream.
func (st *cloudStream) fail(err error) error {
	st.err = wrap("read", st.s.uri(st.key), err)
	return st.err
}

// reopen continues after the last byte read, if the object is still the same.
func (st *cloudStream) reopen() error {
	st.began = time.Now()
	return request(st.ctx, st.s.uri(st.key), func(context.Context) (err error) {
		st.r, _, err = st.s.openRange(st.ctx, st.key, st.off, st.left, st.v)
		return err
	})
}

// Close implements io.Closer.
func (st *cloudStream) Close() error {
	if st.r == nil {
		return nil
	}
	err := st.r.Close()
	st.r = nil
	if st.err == nil {
		st.err = wrap("read", st.s.uri(st.key), errors.New("the reader is closed"))
	}
	return wrap("close", st.s.uri(st.key), err)
}
