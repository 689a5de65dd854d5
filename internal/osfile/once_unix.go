//go:build unix

package osfile

import (
	"io"
	"io/fs"
	"syscall"
)

// A Once is an open file that one goroutine reads and closes at once. Of an [os.File] it lacks what costs system calls
// and memory for each file: the poller, which refuses regular files, and what closes a file that was forgotten.
type Once struct {
	fd   int
	path string
}

// OpenOnce opens a file for reading. It does not wait for a named pipe.
func OpenOnce(path string) (*Once, error) {
	f := &Once{path: path}
	err := again(func() (err error) {
		f.fd, err = syscall.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, f.error("open", err)
	}
	return f, nil
}

// Look returns the size of the file, and whether it is a file, and no folder, pipe or device.
func (f *Once) Look() (size int64, regular bool, err error) {
	var st syscall.Stat_t
	if err := again(func() error { return syscall.Fstat(f.fd, &st) }); err != nil {
		return 0, false, f.error("stat", err)
	}
	return st.Size, st.Mode&syscall.S_IFMT == syscall.S_IFREG, nil
}

// ReadAt is that of [io.ReaderAt], for one call at a time.
func (f *Once) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		k := 0
		err := again(func() (err error) {
			k, err = syscall.Pread(f.fd, p[n:min(len(p), n+1<<30)], off+int64(n))
			return err
		})
		if err != nil {
			return n, f.error("read", err)
		}
		if k == 0 {
			return n, io.EOF
		}
		n += k
	}
	return n, nil
}

// Close closes the file. It must not be called twice.
func (f *Once) Close() error {
	if err := syscall.Close(f.fd); err != nil {
		return f.error("close", err)
	}
	return nil
}

func (f *Once) error(op string, err error) error {
	return &fs.PathError{Op: op, Path: f.path, Err: err}
}

// again calls f as long as signals interrupt it.
func again(f func() error) error {
	for {
		if err := f(); err != syscall.EINTR {
			return err
		}
	}
}
