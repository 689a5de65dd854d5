package blob

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
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
	// quick leaves out the syncs: the file may be lost with the power, but is never written in place.
	quick bool
}

func (localStore) create(ctx context.Context, path string) (Writer, error) {
	if err := permit(ctx, path); err != nil {
		return nil, err
	}
	if fi, err := os.Stat(path); err == nil && fi.IsDir() {
		return nil, errIsDir
	}
	files := *fileSystem.Load()
	if err := files.MkdirAll(filepath.Dir(path)); err != nil {
		return nil, err
	}
	temp := filepath.Join(filepath.Dir(path), TempName(filepath.Base(path)))
	f, err := files.Create(temp)
	if err != nil {
		return nil, err
	}
	openTemps.Store(temp, files)
	return &localWriter{ctx: ctx, fs: files, path: path, temp: temp, file: f, buf: bufferFor(f)}, nil
}

// writeBuffers are kept from one file to the next: a shard has three small files beside it.
var writeBuffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, writeBuffer) }}

func bufferFor(f File) *bufio.Writer {
	b := writeBuffers.Get().(*bufio.Writer)
	b.Reset(f)
	return b
}

// giveBuffer gives the buffer of a writer back that is done.
func (w *localWriter) giveBuffer() {
	w.buf.Reset(nil)
	writeBuffers.Put(w.buf)
	w.buf = nil
}

// openTemps has the temporaries of the writers of this process, with their file systems.
var openTemps sync.Map

// DiscardOpen removes the temporaries below a local directory that writers of this process have not
// committed or aborted. Such a writer can be committed no more. A process that ends calls it where it
// cannot wait for those that write.
func DiscardOpen(dirURI string) {
	openTemps.Range(func(temp, files any) bool {
		if within(dirURI, temp.(string)) {
			_ = files.(FileSystem).Remove(temp.(string)) // it may just have been committed
		}
		return true
	})
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
	defer openTemps.Delete(w.temp)
	defer w.giveBuffer()
	step := func(f func() error) {
		if w.err == nil {
			w.err = w.ctx.Err()
		}
		if w.err == nil {
			w.err = f()
		}
	}
	step(w.buf.Flush)
	if !w.quick {
		step(w.file.Sync)
	}
	if err := w.file.Close(); w.err == nil {
		w.err = err // NFS reports a full disk here
	}
	step(func() error { return permit(w.ctx, w.path) })
	step(func() error { return w.fs.Rename(w.temp, w.path) })
	if w.err != nil {
		w.fs.Remove(w.temp)
		return wrap("write", w.path, w.err)
	}
	if !w.quick {
		w.err = w.fs.SyncDir(filepath.Dir(w.path))
	}
	return wrap("write", w.path, w.err)
}

// CommitAs is Commit under another name in the same local directory, which may be known only once all is written.
func CommitAs(w Writer, path string) error {
	l, ok := w.(*localWriter)
	if !ok || filepath.Dir(path) != filepath.Dir(l.path) {
		return errors.Join(wrap("write", path, errors.New("only a local file can get its name at the end, in the same folder")), w.Abort())
	}
	l.path = path
	return l.Commit()
}

func (w *localWriter) Abort() error {
	if w.done {
		return nil
	}
	w.done = true
	defer openTemps.Delete(w.temp)
	defer w.giveBuffer()
	err := w.file.Close()
	if rerr := w.fs.Remove(w.temp); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
		return wrap("remove", w.temp, rerr)
	}
	return wrap("close", w.temp, err)
}
