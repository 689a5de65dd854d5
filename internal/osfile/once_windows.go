package osfile

import "os"

// A Once is an open file that one goroutine reads and closes at once.
type Once struct {
	*os.File
	size    int64
	regular bool
}

// OpenOnce opens a file for reading.
func OpenOnce(path string) (*Once, error) {
	f, err := Open(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Once{f, fi.Size(), fi.Mode().IsRegular()}, nil
}

// Size is that of the file when it was opened.
func (f *Once) Size() int64 { return f.size }

// Regular says whether it is a file, and no folder, pipe or device.
func (f *Once) Regular() bool { return f.regular }
