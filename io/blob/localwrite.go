package blob

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
)

// writeBuffer gathers the small writes of the formats.
const writeBuffer = 256 << 10

// A localWriter writes to a hidden temporary in the directory of the target, and renames it.
type localWriter struct {
	ctx  context.Context
	fs   FileSystem
	path string
	temp string
	file File // nil when closed
	buf  *bufio.Writer
	err  error // of the first failure
	done bool
}

func (localStore) create(ctx context.Context, path string) (Writer, error) {
	if fi, err := os.Stat(path); err == nil && fi.IsDir() {
		return nil, errIsDir
	}
	fs := *fileSystem.Load()
	if err := fs.MkdirAll(filepath.Dir(path)); err != nil {
		return nil, err
	}
	temp := filepath.Join(filepath.Dir(path), tempName(filepath.Base(path)))
	f, err := fs.Create(temp)
	if err != nil {
		return nil, err
	}
	return &localWriter{ctx: ctx, fs: fs, path: path, temp: temp, file: f, buf: bufio.NewWriterSize(f, writeBuffer)}, nil
}

func (w *localWriter) Write(p []byte) (int, error) {
	if w.done {
		return 0, wrap("write", w.path, errDone)
	}
	if w.err == nil {
		w.err = w.ctx.Err()
	}
	if w.err != nil {
		return 0, wrap("write", w.path, w.err)
	}
	n, err := w.buf.Write(p)
	w.err = err
	return n, wrap("write", w.path, err)
}

func (w *localWriter) Commit() error {
	if w.done {
		return wrap("write", w.path, errDone)
	}
	w.done = true
	step := func(f func() error) {
		if w.err == nil {
			w.err = w.ctx.Err()
		}
		if w.err == nil {
			w.err = f()
		}
	}
	step(w.buf.Flush)
	step(w.file.Sync)
	if err := w.file.Close(); w.err == nil {
		w.err = err // NFS reports a full disk here
	}
	step(func() error { return w.fs.Rename(w.temp, w.path) })
	if w.err != nil {
		w.fs.Remove(w.temp)
		return wrap("write", w.path, w.err)
	}
	w.err = w.fs.SyncDir(filepath.Dir(w.path))
	return wrap("write", w.path, w.err)
}

func (w *localWriter) Abort() error {
	if w.done {
		return nil
	}
	w.done = true
	err := w.file.Close()
	if rerr := w.fs.Remove(w.temp); rerr != nil {
		return wrap("remove", w.temp, rerr)
	}
	return wrap("close", w.temp, err)
}
