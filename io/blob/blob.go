// Package blob reads and writes files and objects of stores by address. Call [List], [Walk] or [Glob]
// to find objects, [ReadAll], [ReadRange], [Open] or [OpenAt] to read one, and [Create] or [WriteFile]
// to write one: a writer publishes a whole object or none.
//
// # Addresses
//
// An address is a plain local path, absolute or relative, or scheme://bucket/key:
//
//	/data/train            a local path; any bytes that the file system takes, valid UTF-8 or not
//	file:///data/train     the same; never percent-decoded
//	gs://bucket/train      Google Cloud Storage
//	s3://bucket/train      Amazon S3 and stores that speak its protocol
//	azblob://cont/train    Azure Blob Storage
//	mem://name/train       memory of this process, for tests
//
// Keys are not percent-decoded, and ".." in them is not resolved. What a store needs besides its name
// (an endpoint, a region) is given as URL parameters between the bucket and the key, or in the
// environment; the address wins:
//
//	s3://bucket?endpoint=127.0.0.1:9000&disable_https=true/train/a.tar
//	PREMIX_S3_URL_PARAMS='endpoint=http://127.0.0.1:9000&region=us-east-1'
//
// Likewise PREMIX_GS_URL_PARAMS and PREMIX_AZBLOB_URL_PARAMS; the drivers_*.go files list the
// parameters and the variables that each store's own tools use. A value may contain a slash in the
// variables only; in an address it is written %2F.
//
// # Writing
//
// A [Writer] has Commit and Abort, and no Close, so that no defer can publish anything. Until Commit
// returns nil, and after Abort, readers of the address see what was there before: an older object, or
// nothing. The usual idiom is
//
//	w, err := blob.Create(ctx, uri)
//	if err != nil { … }
//	defer w.Abort() // does nothing after Commit
//	…
//	return w.Commit()
//
// A local file is written to a hidden temporary in the same directory, synced and renamed; then the
// directory is synced. An object is uploaded through a pipe, and every failure cancels the upload
// before it closes the pipe: the other order would publish what was written so far.
//
// # Errors
//
// Every error is an [*Error]: one line that names the operation and the address, and a remedy where
// one is known. Test for fs.ErrNotExist, fs.ErrPermission, io.ErrUnexpectedEOF, [ErrLimit] and
// [ErrNoBucket] with errors.Is.
//
// Every request to a store is repeated, for up to five minutes, if the store answers that it is busy (429,
// 503 and the like), if it sends or takes no byte for a minute, or if the connection breaks off; [ReadWaits]
// counts these. A stream goes on at the byte that it reached, if the object is still the same; so do the
// reads of one [OpenAt], and those with one [Version]. A host that has never answered is given up after
// four attempts. What is final (403, 404, a host that does not exist, a bad certificate) is an error at
// once.
package blob

import (
	"context"
	"io"
	"io/fs"
	"time"
)

// An Object is an entry of a listing.
type Object struct {
	// URI is the address, as every function of this package takes it.
	URI string
	// Size is the length in bytes; 0 for a directory, −1 where Special is set.
	Size int64
	// ModTime is when the object was written last; zero for directories of stores.
	ModTime time.Time
	// ETag identifies the content at a store, without quotes; empty for local files.
	ETag string
	// Dir says that the entry is a directory, or a common prefix of a store.
	Dir bool
	// Special says why a local entry is neither a regular file nor a directory ("dangling symbolic
	// link", "named pipe", …) or why [Walk] does not enter a directory; empty otherwise. Such an
	// entry cannot be read.
	Special string
}

// A ReaderAt reads an object at any offset; it is safe for concurrent use.
type ReaderAt interface {
	io.ReaderAt
	io.Closer
	// Size is that of the object when it was opened, in bytes.
	Size() int64
}

// A Writer writes one object. It is not safe for concurrent use.
type Writer interface {
	// Write appends to the object. After an error every later call returns an error.
	io.Writer
	// Commit publishes the object and returns after it is durable. On an error nothing is
	// published that is not whole, no temporary stays, and the Writer is done. After Commit or
	// Abort it returns an error.
	Commit() error
	// Abort discards everything. It does nothing after Commit or another Abort.
	Abort() error
}

// A store holds objects by key: a bucket, or the local file system, where keys are paths.
type store interface {
	list(ctx context.Context, key string) ([]Object, error)
	stat(ctx context.Context, key string) (Object, error)
	open(ctx context.Context, key string, off, n int64) (io.ReadCloser, error)
	readRange(ctx context.Context, dst []byte, key string, off, n int64) ([]byte, error)
	openAt(ctx context.Context, key string) (ReaderAt, error)
	create(ctx context.Context, key string) (Writer, error)
	remove(ctx context.Context, key string) error
	removeAll(ctx context.Context, key string) error
}

// Stat describes the object or directory at an address. In a store, a directory exists if there are
// keys below it. The error is fs.ErrNotExist if there is nothing.
func Stat(ctx context.Context, uri string) (Object, error) {
	s, key, err := storeOf(ctx, "stat", uri)
	if err != nil {
		return Object{}, err
	}
	o, err := s.stat(ctx, key)
	return o, wrap("stat", uri, err)
}

// Open reads an object from its start.
func Open(ctx context.Context, uri string) (io.ReadCloser, error) {
	return OpenRange(ctx, uri, 0, -1)
}

// OpenRange reads n bytes of an object from offset off; to its end if n < 0. A range that ends
// after the object is an error, io.ErrUnexpectedEOF, here or when reading.
func OpenRange(ctx context.Context, uri string, off, n int64) (io.ReadCloser, error) {
	s, key, err := storeOf(ctx, "read", uri)
	if err != nil {
		return nil, err
	}
	if off < 0 {
		return nil, wrap("read", uri, fs.ErrInvalid)
	}
	r, err := s.open(ctx, key, off, n)
	if err != nil {
		return nil, wrap("read", uri, err)
	}
	return r, nil
}

// ReadRange reads n bytes of an object from offset off, to its end if n < 0. It returns them in the
// memory of dst if that is large enough, and overwrites what dst held. The error is
// io.ErrUnexpectedEOF if the range ends after the object; this is checked before anything is
// allocated. Local files that are read in parts stay open for some seconds; a file that has changed
// is opened again.
func ReadRange(ctx context.Context, dst []byte, uri string, off, n int64) ([]byte, error) {
	s, key, err := storeOf(ctx, "read", uri)
	if err != nil {
		return nil, err
	}
	if off < 0 {
		return nil, wrap("read", uri, fs.ErrInvalid)
	}
	p, err := s.readRange(ctx, dst, key, off, n)
	return p, wrap("read", uri, err)
}

// MaxMeta is the limit for [ReadAll] of the files that describe a data set (plans, indexes, lists of
// inputs and of failures, side files): more than any of them needs, and little enough to keep in memory.
const MaxMeta = 1 << 30

// OpenLimited is Open for an object that is not read beyond a limit: more bytes are [ErrLimit].
func OpenLimited(ctx context.Context, uri string, limit int64) (io.ReadCloser, error) {
	r, err := Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	return &limited{r, uri, limit, limit}, nil
}

type limited struct {
	io.ReadCloser
	uri         string
	limit, left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, wrap("read", l.uri, limitError(l.limit))
	}
	return n, err
}

// ReadAll returns a whole object, and [ErrLimit] if it has more than limit bytes.
func ReadAll(ctx context.Context, uri string, limit int64) ([]byte, error) {
	r, err := Open(ctx, uri)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	p, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(p)) > limit {
		err = limitError(limit)
	}
	if err != nil {
		return nil, wrap("read", uri, err)
	}
	return p, nil
}

// OpenAt opens an object for reads at any offset. Each read from a store is a request, unless it
// follows the one before it, so read much at once.
func OpenAt(ctx context.Context, uri string) (ReaderAt, error) {
	s, key, err := storeOf(ctx, "open", uri)
	if err != nil {
		return nil, err
	}
	r, err := s.openAt(ctx, key)
	if err != nil {
		return nil, wrap("open", uri, err)
	}
	return r, nil
}

// OpenOnce is [OpenAt] for one goroutine, which reads the object and closes it at once, and once. That takes less time for a local
// file.
func OpenOnce(ctx context.Context, uri string) (ReaderAt, error) {
	if !IsLocal(uri) {
		return OpenAt(ctx, uri)
	}
	path, err := localPath(uri)
	if err != nil {
		return nil, wrap("open", uri, err)
	}
	r, err := localStore{}.openOnce(ctx, path)
	if err != nil {
		return nil, wrap("open", uri, err)
	}
	return r, nil
}

// Create starts to write an object, which replaces one of the same address when it is committed.
// Local directories are made. Cancelling ctx before Commit returns aborts the write.
func Create(ctx context.Context, uri string) (Writer, error) {
	s, key, err := storeOf(ctx, "create", uri)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, wrap("create", uri, err)
	}
	w, err := s.create(ctx, key)
	if err != nil {
		return nil, wrap("create", uri, err)
	}
	return w, nil
}

// Remove removes one object; fs.ErrNotExist if it is not there.
func Remove(ctx context.Context, uri string) error {
	s, key, err := storeOf(ctx, "remove", uri)
	if err != nil {
		return err
	}
	if err := permit(ctx, uri); err != nil {
		return wrap("remove", uri, err)
	}
	return wrap("remove", uri, s.remove(ctx, key))
}

// RemoveAll removes a directory with everything below it. It refuses the root of a file system or of
// a bucket, and a symbolic link. If there is nothing, it returns nil.
func RemoveAll(ctx context.Context, dirURI string) error {
	s, key, err := storeOf(ctx, "remove", dirURI)
	if err != nil {
		return err
	}
	if err := permit(ctx, dirURI); err != nil {
		return wrap("remove", dirURI, err)
	}
	return wrap("remove", dirURI, s.removeAll(ctx, key))
}

// WriteFile writes a whole object. For a store, it repeats the write after a temporary failure.
func WriteFile(ctx context.Context, uri string, data []byte) error {
	return WriteFrom(ctx, uri, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteFrom is WriteFile for contents that content writes, the same at each call.
func WriteFrom(ctx context.Context, uri string, content func(w io.Writer) error) error {
	if IsLocal(uri) {
		return writeFrom(ctx, uri, content)
	}
	return retry(ctx, uri, func(ctx context.Context) error { return writeFrom(ctx, uri, content) })
}

// WriteQuick is WriteFile for many local files that can be made again: it does not wait until they are
// on the disk.
func WriteQuick(ctx context.Context, uri string, data []byte) error {
	w, err := Create(ctx, uri)
	if err != nil {
		return err
	}
	if l, ok := w.(*localWriter); ok {
		l.quick = true
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Commit()
}

func writeFrom(ctx context.Context, uri string, content func(w io.Writer) error) error {
	w, err := Create(ctx, uri)
	if err != nil {
		return err
	}
	defer w.Abort()
	if err := content(w); err != nil {
		return err
	}
	return w.Commit()
}
