package osfile

import "os"

// A Once is an open file that one goroutine reads and closes at once.
type Once struct{ *os.File }

// OpenOnce opens a file for reading.
func OpenOnce(path string) (*Once, error) {
	f, err := Open(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	return &Once{f}, nil
}

// Look returns the size of the file, and whether it is a file, and no folder, pipe or device.
func (f *Once) Look() (size int64, regular bool, err error) {
	fi, err := f.Stat()
	if err != nil {
		return 0, false, err
	}
	return fi.Size(), fi.Mode().IsRegular(), nil
}
