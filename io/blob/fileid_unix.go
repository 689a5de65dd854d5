//go:build unix

package blob

import (
	"io/fs"
	"syscall"
)

// A fileID tells files of this machine apart, under whatever paths they are reached.
type fileID struct{ dev, ino uint64 }

func idOf(fi fs.FileInfo) (fileID, bool) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return fileID{}, false
	}
	return fileID{uint64(st.Dev), st.Ino}, true
}
