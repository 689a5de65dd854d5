package blob

import (
	"context"
	"io"
	"io/fs"
	"sync"

	"gocloud.dev/blob"
)

// The number of bytes that a cloudAt reads ahead: at first, and at most.
const (
	firstAhead = 64 << 10
	mostAhead  = 4 << 20
)

// A cloudAt reads an object with one request for each read. Reads that follow each other are served
// from a window that is read ahead and doubles each time, so that copying an object in pieces of
// 32 KiB does not take a request for each piece. Other reads fetch only what they ask for. All are of
// the version that the first has met.
type cloudAt struct {
	s    *cloudStore
	ctx  context.Context
	key  string
	size int64
	v    *Version

	mu     sync.Mutex
	window []byte // bytes from start
	start  int64
	next   int64 // where the read before ended
	ahead  int
}

func (s *cloudStore) openAt(ctx context.Context, key string) (ReaderAt, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	var a *blob.Attributes
	err := request(ctx, s.uri(key), func(ctx context.Context) (err error) {
		a, err = s.attributes(ctx, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cloudAt{s: s, ctx: ctx, key: key, size: a.Size, v: VersionOf(a.Size)}, nil
}

func (r *cloudAt) Size() int64 { return r.size }

// Close implements io.Closer.
func (r *cloudAt) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.window = nil
	return nil
}

// ReadAt implements io.ReaderAt.
func (r *cloudAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, wrap("read", r.s.uri(r.key), fs.ErrInvalid)
	}
	if err := checkRange(off, 0, r.size); err != nil {
		return 0, wrap("read", r.s.uri(r.key), err)
	}
	n := int(min(int64(len(p)), r.size-off))
	if err := r.fill(p[:n], off); err != nil {
		return 0, wrap("read", r.s.uri(r.key), err)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// fill reads all of p.
func (r *cloudAt) fill(p []byte, off int64) error {
	r.mu.Lock()
	in := off - r.start
	if in >= 0 && in+int64(len(p)) <= int64(len(r.window)) {
		copy(p, r.window[in:])
		r.next = off + int64(len(p))
		r.mu.Unlock()
		return nil
	}
	sequential := off == r.next && off > 0
	r.next = off + int64(len(p))
	if !sequential || len(p) >= mostAhead {
		r.ahead = 0
		r.mu.Unlock()
		_, err := r.s.readVersion(r.ctx, p, r.key, off, int64(len(p)), r.v)
		return err
	}
	defer r.mu.Unlock()
	r.ahead = min(max(2*r.ahead, firstAhead, 2*len(p)), mostAhead)
	n := min(max(int64(r.ahead), int64(len(p))), r.size-off)
	w, err := r.s.readVersion(r.ctx, r.window, r.key, off, n, r.v)
	if err != nil {
		r.window = nil
		return err
	}
	r.window, r.start = w, off
	copy(p, w)
	return nil
}
