package blob

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"

	"gocloud.dev/blob"
	"golang.org/x/sync/errgroup"
)

// A driver connects to one kind of store. Each is registered by its own file, drivers_*.go.
type driver struct {
	// open connects to a bucket.
	open func(ctx context.Context, bucket string, params url.Values) (*blob.Bucket, error)
	// status is the HTTP status of a failure, 0 if it has none. The codes of gocloud.dev are not
	// used where there is one: they call it "not found" when access is denied (gcsblob), when the
	// region is wrong (s3blob), and when the host is unknown (azureblob).
	status func(error) int
	// explain returns the error to show, ErrNoBucket in it where that is the reason, and what the
	// user can do.
	explain func(op string, err error, bucket string) (error, string)
	// etag returns the entity tag of an entry of a listing.
	etag func(*blob.ListObject) string
	// version tells the content of an object that is read from another of the same address.
	version func(*blob.Reader) string
	// only makes a request for the content with that version alone.
	only func(as func(any) bool, version string)
	// environment names the variables that a connection depends on.
	environment []string
}

// drivers are the stores that this build knows, by scheme.
var drivers = map[string]*driver{}

// A bucket is an open connection, shared by the whole process and never closed.
type bucket struct {
	*blob.Bucket
	driver *driver
}

var pool struct {
	sync.Mutex
	open map[string]*connection
}

type connection struct {
	sync.Mutex
	bucket *bucket
}

// openBucket returns the connection to the bucket of an address. One that fails is tried again by
// the next call.
func openBucket(ctx context.Context, a address) (*bucket, error) {
	d := drivers[a.scheme]
	fixed := os.Getenv("PREMIX_" + strings.ToUpper(a.scheme) + "_URL_PARAMS")
	params, err := url.ParseQuery(fixed)
	if err != nil {
		return nil, fmt.Errorf("PREMIX_%s_URL_PARAMS: %w", strings.ToUpper(a.scheme), err)
	}
	own, err := url.ParseQuery(a.params)
	if err != nil {
		return nil, fmt.Errorf("parameters: %w", err)
	}
	for k, v := range own {
		params[k] = v
	}
	id := a.scheme + "\x00" + a.bucket + "\x00" + params.Encode()
	for _, name := range d.environment {
		id += "\x00" + os.Getenv(name)
	}

	pool.Lock()
	if pool.open == nil {
		pool.open = map[string]*connection{}
	}
	c := pool.open[id]
	if c == nil {
		c = new(connection)
		pool.open[id] = c
	}
	pool.Unlock()

	c.Lock()
	defer c.Unlock()
	if c.bucket == nil {
		// The connection outlives the call, and with it credentials that keep its context.
		b, err := d.open(context.WithoutCancel(ctx), a.bucket, params)
		if err != nil {
			return nil, err
		}
		c.bucket = &bucket{b, d}
	}
	return c.bucket, nil
}

// A cloudStore is a bucket under an address.
type cloudStore struct {
	*bucket
	root string // the address without key
}

func (s *cloudStore) uri(key string) string { return s.root + "/" + key }

// checkKey checks the key of an object.
func checkKey(key string) error {
	if key == "" {
		return fmt.Errorf("the address names a bucket, not an object")
	}
	if strings.HasSuffix(key, "/") {
		return fmt.Errorf("the address ends in a slash: it names a directory, not an object")
	}
	return nil
}

// prefixOf returns what the keys below a directory start with.
func prefixOf(dir string) string {
	if dir == "" {
		return ""
	}
	return strings.TrimSuffix(dir, "/") + "/"
}

func (s *cloudStore) stat(ctx context.Context, key string) (Object, error) {
	if key != "" && !strings.HasSuffix(key, "/") {
		var a *blob.Attributes
		err := request(ctx, s.uri(key), func(ctx context.Context) (err error) {
			a, err = s.attributes(ctx, key)
			return err
		})
		if err == nil {
			return Object{URI: s.uri(key), Size: a.Size, ModTime: a.ModTime, ETag: strings.Trim(a.ETag, `"`)}, nil
		}
		if !notFound(err) {
			return Object{}, err
		}
	}
	var some []*blob.ListObject
	err := request(ctx, s.uri(key), func(ctx context.Context) (err error) {
		some, _, err = s.ListPage(ctx, blob.FirstPageToken, 1, &blob.ListOptions{Prefix: prefixOf(key)})
		return err
	})
	if err == nil && len(some) == 0 && key != "" {
		err = errNothing
	}
	if err != nil {
		return Object{}, err
	}
	return Object{URI: strings.TrimSuffix(s.uri(key), "/"), Dir: true}, nil
}

func (s *cloudStore) remove(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return request(ctx, s.uri(key), func(ctx context.Context) error { return s.Delete(ctx, key) })
}

func (s *cloudStore) removeAll(ctx context.Context, dir string) error {
	prefix := prefixOf(dir)
	if prefix == "" || prefix == "/" {
		return fmt.Errorf("refused: this is the root of the bucket")
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	err := s.pages(gctx, &blob.ListOptions{Prefix: prefix}, func(o *blob.ListObject) {
		g.Go(func() error {
			err := request(gctx, s.uri(o.Key), func(ctx context.Context) error { return s.Delete(ctx, o.Key) })
			if notFound(err) {
				err = nil // removed by another process, or by an attempt whose answer was lost
			}
			return wrap("remove", s.uri(o.Key), err)
		})
	})
	if werr := g.Wait(); werr != nil {
		return werr
	}
	return err
}

// pageSize is the number of entries of a listing that are asked for at once.
var pageSize = 1000

// pages calls f with everything that a listing gives, in the store's order.
func (s *cloudStore) pages(ctx context.Context, opts *blob.ListOptions, f func(*blob.ListObject)) error {
	return s.eachPage(ctx, opts, func(page []*blob.ListObject) error {
		for _, o := range page {
			f(o)
		}
		return nil
	})
}

// eachPage calls f with each page of a listing, until f returns an error.
func (s *cloudStore) eachPage(ctx context.Context, opts *blob.ListOptions, f func([]*blob.ListObject) error) error {
	for token := blob.FirstPageToken; token != nil; {
		var page []*blob.ListObject
		err := request(ctx, s.uri(opts.Prefix), func(ctx context.Context) error {
			some, next, err := s.ListPage(ctx, token, pageSize, opts)
			if err != nil {
				return err
			}
			if len(next) > 0 && bytes.Equal(next, token) {
				return answerErrorf("the list has the same page twice")
			}
			page, token = some, next
			return nil
		})
		if err != nil {
			return err
		}
		for _, o := range page {
			if err := s.checkEntry(o, opts.Prefix); err != nil {
				return err
			}
		}
		if err := f(page); err != nil {
			return err
		}
		if len(token) == 0 {
			break
		}
	}
	return nil
}

// checkEntry checks an entry of a listing before anything is read or removed by it.
func (s *cloudStore) checkEntry(o *blob.ListObject, prefix string) error {
	switch {
	case !strings.HasPrefix(o.Key, prefix):
		return answerErrorf("the list has %.100q, which is not below %q", o.Key, prefix)
	case !o.IsDir && (o.Key == "" || o.Size < 0 || o.ModTime.IsZero()):
		return answerErrorf("the list gives neither size nor time of %.100q", o.Key)
	}
	return nil
}

// attributes are those of an object; a store that does not tell when it was written tells nothing.
func (s *cloudStore) attributes(ctx context.Context, key string) (*blob.Attributes, error) {
	a, err := s.Attributes(ctx, key)
	if err == nil && (a.Size < 0 || a.ModTime.IsZero()) {
		err = answerErrorf("it gives neither size nor time of the object")
	}
	return a, err
}
