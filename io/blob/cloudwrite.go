package blob

import (
	"bufio"
	"context"
	"io"
	"sync"

	"gocloud.dev/blob"
)

// An upload keeps two parts of 8 MiB in memory, and writeBuffer. S3 takes 10,000 parts, so an object
// may have 80 GB.
const (
	partSize  = 8 << 20
	partsOpen = 2
)

// A cloudWriter uploads what is written to a pipe with Bucket.Upload: NewWriter of gocloud.dev panics
// on Azure after a failure. Whatever fails, the context of the upload is cancelled before the pipe
// closes, since Upload publishes what it has read when its reader fails.
type cloudWriter struct {
	uri    string
	parent context.Context
	cancel func() // of the upload; returns after all is cancelled
	unhook func() bool
	pipe   *io.PipeWriter
	buf    *bufio.Writer
	result chan error // what Upload returned, once
	err    error
	done   bool
}

func (s *cloudStore) create(ctx context.Context, key string) (Writer, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return newCloudWriter(ctx, s.uri(key), func(ctx context.Context, r io.Reader) error {
		return upload(ctx, s.bucket, key, r)
	}), nil
}

func newCloudWriter(parent context.Context, uri string, upload func(context.Context, io.Reader) error) *cloudWriter {
	// The context of the upload is not a child of the caller's: children are cancelled one after the
	// other, so a hook could close the pipe while the upload is not yet cancelled.
	ctx, cancelUpload := context.WithCancel(context.WithoutCancel(parent))
	r, pipe := io.Pipe()
	cancel := sync.OnceFunc(func() {
		cancelUpload()
		pipe.CloseWithError(context.Canceled)
	})
	w := &cloudWriter{
		uri: uri, parent: parent, cancel: cancel, pipe: pipe,
		buf:    bufio.NewWriterSize(pipe, writeBuffer),
		result: make(chan error, 1),
		unhook: context.AfterFunc(parent, cancel),
	}
	go func() {
		err := upload(ctx, r)
		// A Write must not wait for an upload that has ended.
		if err != nil {
			r.CloseWithError(err)
		} else {
			r.CloseWithError(io.ErrClosedPipe)
		}
		w.result <- err
	}()
	return w
}

// upload runs Upload. Each of its requests is repeated by itself.
func upload(ctx context.Context, b *bucket, key string, r io.Reader) error {
	return guarded(func() error {
		return b.Upload(ctx, key, r, &blob.WriterOptions{
			ContentType:    "application/octet-stream",
			BufferSize:     partSize,
			MaxConcurrency: partsOpen,
		})
	})
}

func (w *cloudWriter) Write(p []byte) (int, error) {
	if w.done {
		return 0, wrap("write", w.uri, errDone)
	}
	if w.err != nil {
		return 0, wrap("write", w.uri, w.err)
	}
	n, err := w.buf.Write(p)
	w.err = err
	return n, wrap("write", w.uri, err)
}

func (w *cloudWriter) Commit() error {
	if w.done {
		return wrap("write", w.uri, errDone)
	}
	if w.err == nil {
		w.err = w.parent.Err()
	}
	if w.err == nil {
		w.err = w.buf.Flush()
	}
	if w.err == nil {
		w.err = permit(w.parent, w.uri)
	}
	if w.err != nil {
		w.Abort()
		return wrap("write", w.uri, w.err)
	}
	w.done = true
	w.pipe.Close()
	err := <-w.result
	w.unhook()
	w.cancel()
	return wrap("write", w.uri, err)
}

// Abort cancels the upload and waits for its end.
func (w *cloudWriter) Abort() error {
	if w.done {
		return nil
	}
	w.done = true
	w.unhook()
	w.cancel()
	<-w.result
	return nil
}
