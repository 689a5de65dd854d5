// Package osfile has what operating systems do with open files in different ways: locks, the identity of a
// file, names that change under an open file, and what the errors mean. Each function does on Windows what its callers know from
// Unix, as far as Windows can.
package osfile

import (
	"io/fs"
	"time"
)

// An ID tells the files of this machine apart, under whatever paths they are reached.
type ID struct{ Dev, Ino uint64 }

// An Entry is what a look at a name in a folder tells.
type Entry struct {
	Type    fs.FileMode // without permissions; 0 for a regular file
	Size    int64
	ModTime time.Time
}
