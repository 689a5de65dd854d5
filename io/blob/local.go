package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/premix/premix/internal/osfile"
	"github.com/premix/premix/internal/reuse"
)

// A localStore is the file system, by package os: the names are bytes, not text, so that folders
// with Latin-1 names can be read.
type localStore struct{}

func (localStore) list(ctx context.Context, dir string) ([]Object, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, err
	}
	at, err := osfile.OpenFolder(dir) // to look at a name in it takes less time than at a path
	if err != nil {
		return nil, err
	}
	defer at.Close()
	list := make([]Object, 0, len(entries))
	below := strings.TrimSuffix(Join(dir, "x"), "x")
	for i, e := range entries {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if IsTemp(e.Name()) {
			continue
		}
		path := below + e.Name()
		fi, err := at.Look(e.Name())
		if os.IsNotExist(err) {
			continue // removed since the directory was read
		}
		if err != nil {
			return nil, err
		}
		if fi.Type&fs.ModeSymlink != 0 {
			target, err := os.Stat(path)
			if err != nil && !leadsNowhere(err) {
				return nil, err
			}
			if err != nil {
				list = append(list, Object{URI: path, Size: -1, ModTime: fi.ModTime, Special: "dangling symbolic link"})
				continue
			}
			fi = entryOf(target)
		}
		list = append(list, localObject(path, fi))
	}
	return list, nil
}

func entryOf(fi fs.FileInfo) osfile.Entry {
	return osfile.Entry{Type: fi.Mode().Type(), Size: fi.Size(), ModTime: fi.ModTime()}
}

func localObject(path string, e osfile.Entry) Object {
	o := Object{URI: path, Size: e.Size, ModTime: e.ModTime}
	switch mode := e.Type; {
	case mode.IsDir():
		o.Dir, o.Size = true, 0
	case mode.IsRegular():
	case mode&fs.ModeNamedPipe != 0:
		o.Special = "named pipe"
	case mode&fs.ModeSocket != 0:
		o.Special = "socket"
	case mode&fs.ModeDevice != 0:
		o.Special = "device"
	default:
		o.Special = "irregular file"
	}
	if o.Special != "" {
		o.Size = -1
	}
	return o
}

func (localStore) stat(_ context.Context, path string) (Object, error) {
	fi, err := os.Stat(path)
	if err != nil {
		return Object{}, err
	}
	return localObject(path, entryOf(fi)), nil
}

// openLocal opens a file for reading. A named pipe is not waited for: one in the place of a file is empty, as
// long as nobody writes into it.
func openLocal(path string) (*os.File, error) {
	return osfile.Open(path, os.O_RDONLY|osfile.NonBlock, 0)
}

func (localStore) open(_ context.Context, path string, off, n int64) (io.ReadCloser, error) {
	f, err := openLocal(path)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil && fi.IsDir() {
		err = errIsDir
	}
	if err == nil && (off > 0 || n >= 0) {
		err = checkRange(off, n, fi.Size())
	}
	if err == nil && off > 0 {
		_, err = f.Seek(off, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	r := &stream{r: f, c: f, uri: path, left: -1}
	if n >= 0 {
		r.left = n
	}
	return r, nil
}

func (localStore) readRange(ctx context.Context, dst []byte, path string, off, n int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if off == 0 { // most often a whole file, which is read once: keep no handle of it
		return readStart(dst, path, n)
	}
	fi, err := statRegular(path)
	if err != nil {
		return nil, err
	}
	if err := checkRange(off, n, fi.Size()); err != nil {
		return nil, err
	}
	if n < 0 {
		n = fi.Size() - off
	}
	h, err := handles.acquire(path, fi)
	if err != nil {
		return nil, err
	}
	defer handles.release(h)
	return readAt(h.f, reuse.Slice(dst, n), off)
}

// mostUnseen is how much memory is taken for a part of a file that nobody has looked at: the size wanted may be wrong.
const mostUnseen = 4 << 20

// readStart reads the first n bytes of a file; n < 0 means all.
func readStart(dst []byte, path string, n int64) ([]byte, error) {
	f, err := osfile.OpenOnce(path)
	if err != nil {
		return nil, special(path, err)
	}
	defer f.Close()
	if n > 0 && n <= mostUnseen {
		dst = reuse.Slice(dst, n)
		if k, _ := f.ReadAt(dst, 0); int64(k) == n { // as nearly always: then there is no need to look
			return dst, nil
		}
	}
	size, err := sizeOf(f, path)
	if err != nil {
		return nil, err
	}
	if err := checkRange(0, n, size); err != nil {
		return nil, err
	}
	if n < 0 {
		n = size
	}
	return readAt(f, reuse.Slice(dst, n), 0)
}

// sizeOf returns the size of a regular file. All else is an error.
func sizeOf(f *osfile.Once, path string) (int64, error) {
	size, regular, err := f.Look()
	if err == nil && !regular {
		err = special(path, errors.New("not a regular file"))
	}
	return size, err
}

// special returns the error that a look at a path gives, which says what is there instead of a file; err if it is one.
func special(path string, err error) error {
	if _, serr := statRegular(path); serr != nil {
		return serr
	}
	return err
}

func statRegular(path string) (fs.FileInfo, error) {
	fi, err := os.Stat(path)
	if err == nil {
		err = regular(path, fi)
	}
	return fi, err
}

// regular is nil for a regular file, and says what is there otherwise.
func regular(path string, fi fs.FileInfo) error {
	switch {
	case fi.IsDir():
		return errIsDir
	case !fi.Mode().IsRegular():
		return fmt.Errorf("not a regular file but a %s", localObject(path, entryOf(fi)).Special)
	}
	return nil
}

// readAt fills p from offset off.
func readAt(r io.ReaderAt, p []byte, off int64) ([]byte, error) {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return p, nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // the file has shrunk since it was looked at
	}
	return nil, err
}

// checkRange checks that n bytes from off are in size bytes; n < 0 means the rest.
func checkRange(off, n, size int64) error {
	if off > size || n > size-off {
		if n < 0 {
			return fmt.Errorf("from byte %d of %d: %w", off, size, io.ErrUnexpectedEOF)
		}
		return fmt.Errorf("%d bytes from byte %d of %d: %w", n, off, size, io.ErrUnexpectedEOF)
	}
	return nil
}

type localAt struct {
	*os.File
	size int64
}

func (f *localAt) Size() int64 { return f.size }

func (localStore) openAt(_ context.Context, path string) (ReaderAt, error) {
	f, err := openLocal(path)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err == nil {
		err = regular(path, fi)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &localAt{f, fi.Size()}, nil
}

func (localStore) openOnce(_ context.Context, path string) (ReaderAt, error) {
	f, err := osfile.OpenOnce(path)
	if err != nil {
		return nil, special(path, err)
	}
	size, err := sizeOf(f, path)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &onceAt{f, size}, nil
}

type onceAt struct {
	*osfile.Once
	size int64
}

func (f *onceAt) Size() int64 { return f.size }

func (localStore) remove(_ context.Context, path string) error {
	fi, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if fi.IsDir() {
		return errIsDir
	}
	return os.Remove(path)
}

func (localStore) removeAll(_ context.Context, dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if abs == filepath.Dir(abs) {
		return fmt.Errorf("refused: this is the root of the file system")
	}
	if fi, err := os.Lstat(dir); err == nil && fi.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("refused: this is a symbolic link; remove it yourself, or put a folder in its place")
	}
	return os.RemoveAll(dir) // follows no links below
}
