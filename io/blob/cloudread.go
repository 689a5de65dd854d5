package blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"gocloud.dev/blob"

	"github.com/premix/premix/internal/reuse"
)

var errNothing = fmt.Errorf("there is no object, and none below: %w", fs.ErrNotExist)

// list sorts what the store gives: not every store lists in the order of bytes.
func (s *cloudStore) list(ctx context.Context, dir string) ([]Object, error) {
	prefix := prefixOf(dir)
	list := []Object{}
	marker := false
	err := s.pages(ctx, &blob.ListOptions{Prefix: prefix, Delimiter: "/"}, func(o *blob.ListObject) {
		name := strings.TrimPrefix(o.Key, prefix)
		switch {
		case o.IsDir && name == "/": // a key with two slashes: its directory has an empty name
			list = append(list, Object{URI: s.uri(o.Key), Dir: true})
		case o.IsDir:
			list = append(list, Object{URI: s.uri(strings.TrimSuffix(o.Key, "/")), Dir: true})
		case name == "": // an empty object that stands for the directory itself
			marker = true
		case !IsTemp(name):
			list = append(list, Object{URI: s.uri(o.Key), Size: o.Size, ModTime: o.ModTime, ETag: s.driver.etag(o)})
		}
	})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 && prefix != "" && !marker {
		return nil, errNothing
	}
	slices.SortFunc(list, func(a, b Object) int {
		return cmp.Or(cmp.Compare(Base(a.URI), Base(b.URI)), cmp.Compare(a.URI, b.URI))
	})
	return list, nil
}

// openRange opens a range after its ends are checked: some stores give an empty answer to a range
// past the end, others an error, and all shorten one that ends past it.
func (s *cloudStore) openRange(ctx context.Context, key string, off, n int64, v *Version) (*blob.Reader, int64, error) {
	if err := checkKey(key); err != nil {
		return nil, 0, err
	}
	r, err := v.open(ctx, s, key, off, n)
	if err != nil {
		if off == 0 || s.driver.status(err) != 416 {
			return nil, 0, err
		}
		a, aerr := s.Attributes(ctx, key)
		if aerr != nil {
			return nil, 0, err
		}
		if v.other(a.Size) {
			return nil, 0, errChanged
		}
		if off == a.Size && n <= 0 {
			return nil, 0, nil
		}
		if cerr := checkRange(off, n, a.Size); cerr != nil {
			return nil, 0, cerr
		}
		return nil, 0, err
	}
	size := r.Size()
	if err := checkRange(off, n, size); err != nil {
		r.Close()
		return nil, 0, err
	}
	if n < 0 {
		n = size - off
	}
	return r, n, nil
}

// readRange repeats the request if the body breaks off.
func (s *cloudStore) readRange(ctx context.Context, dst []byte, key string, off, n int64) ([]byte, error) {
	return s.readVersion(ctx, dst, key, off, n, new(Version))
}

// readVersion is readRange of one version of an object.
func (s *cloudStore) readVersion(ctx context.Context, dst []byte, key string, off, n int64, v *Version) ([]byte, error) {
	err := request(ctx, s.uri(key), func(ctx context.Context) error {
		r, left, err := s.openRange(ctx, key, off, n, v)
		if err != nil {
			return err
		}
		if r == nil {
			dst = dst[:0]
			return nil
		}
		defer r.Close()
		dst = reuse.Slice(dst, left)
		_, err = io.ReadFull(r, dst)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errShort
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return dst, nil
}
