package blob

import (
	"bufio"
	"context"
	"errors"
	"io"

	"gocloud.dev/blob"
)

// What an upload holds in memory: two parts of 8 MiB, besides writeBuffer. S3 takes 10,000 parts,
// so that an object may have 80 GB.
const (
	partSize  = 8 << 20
	partsOpen = 2
)

// A cloudWriter uploads what is written through a pipe, by Bucket.Upload: the package's own
// NewWriter panics at Azure after a failure. Whatever fails, the context of the upload is cancelled
// before the pipe is closed, since Upload publishes what it has read when its reader fails.
type cloudWriter struct {
	uri    string
	ctx    context.Context
	cancel context.CancelFunc
	pipe   *io.PipeWriter
	buf    *bufio.Writer
	result chan error // what Upload returned, once
	stop   func() bool
	err    error
	done   bool
}

func (s *cloudStore) create(parent context.Context, key string) (Writer, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(parent)
	r, pipe := io.Pipe()
	w := &cloudWriter{uri: s.uri(key), ctx: ctx, cancel: cancel, pipe: pipe, buf: bufio.NewWriterSize(pipe, writeBuffer), result: make(chan error, 1)}
	// Upload waits for the pipe and does not look at its context meanwhile.
	w.stop = context.AfterFunc(ctx, func() { pipe.CloseWithError(context.Canceled) })
	go func() {
		err := upload(ctx, s.bucket, key, r)
		// Writers of the pipe must not wait for an upload that has ended.
		if err != nil {
			r.CloseWithError(err)
		} else {
			r.CloseWithError(io.ErrClosedPipe)
		}
		w.result <- err
	}()
	return w, nil
}

// upload runs Upload and turns a panic of a driver into an error: a worker outlives it.
func upload(ctx context.Context, b *bucket, key string, r io.Reader) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("the driver of the store failed")
		}
	}()
	return b.Upload(ctx, key, r, &blob.WriterOptions{
		ContentType:    "application/octet-stream",
		BufferSize:     partSize,
		MaxConcurrency: partsOpen,
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
		w.err = w.ctx.Err()
	}
	if w.err == nil {
		w.err = w.buf.Flush()
	}
	if err := w.err; err != nil {
		w.end()
		return wrap("write", w.uri, err)
	}
	w.done = true
	w.pipe.Close()
	err := <-w.result
	w.stop()
	w.cancel()
	return wrap("write", w.uri, err)
}

func (w *cloudWriter) Abort() error {
	if !w.done {
		w.end()
	}
	return nil
}

// end cancels the upload and waits for its end.
func (w *cloudWriter) end() {
	w.done = true
	w.cancel()
	w.pipe.CloseWithError(context.Canceled)
	<-w.result
}
