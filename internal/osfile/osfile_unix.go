//go:build unix

package osfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Flags of Open that package os does not have.
const (
	// NoFollow lets Open fail where path is a symbolic link: see [IsLink].
	NoFollow = syscall.O_NOFOLLOW
	// NonBlock lets Open return at once where path is a named pipe.
	NonBlock = syscall.O_NONBLOCK
)

// IsLink reports whether an error of Open comes from NoFollow.
func IsLink(err error) bool { return errors.Is(err, syscall.ELOOP) }

// IsLoop reports whether an error says that symbolic links lead in a circle.
func IsLoop(err error) bool { return errors.Is(err, syscall.ELOOP) }

// IsFull reports whether an error says that a disk is full, or the share of its user.
func IsFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

// IsReadOnly reports whether an error says that nothing can be written to a disk.
func IsReadOnly(err error) bool { return errors.Is(err, syscall.EROFS) }

// Open is [os.OpenFile]. While the file is open, it can be renamed, replaced and removed.
func Open(path string, flag int, perm fs.FileMode) (*os.File, error) {
	return os.OpenFile(path, flag, perm)
}

// Rename is [os.Rename]. It replaces a file that is open.
func Rename(from, to string) error { return os.Rename(from, to) }

// SyncDir makes the names in a directory durable. File systems that cannot sync a directory (some that are
// mounted over a network) are taken as they are.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

// TryLock locks an open file until it is closed, for its holder alone or shared with others. It does not wait:
// locked is false if another holder has the file. Who does not ask for the lock is not kept from the file.
func TryLock(f *os.File, shared bool) (locked bool, err error) {
	how := syscall.LOCK_EX
	if shared {
		how = syscall.LOCK_SH
	}
	err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// IDOf returns the ID of the file at path, which [os.Stat] described by fi.
func IDOf(_ string, fi fs.FileInfo) (id ID, ok bool) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return ID{}, false
	}
	return ID{uint64(st.Dev), st.Ino}, true
}

// IDOfOpen returns the ID of an open file.
func IDOfOpen(f *os.File) (ID, error) {
	fi, err := f.Stat()
	if err != nil {
		return ID{}, err
	}
	id, ok := IDOf(f.Name(), fi)
	if !ok {
		return ID{}, fmt.Errorf("%s: its file system does not tell files apart", f.Name())
	}
	return id, nil
}

// Escapes reports whether a terminal obeys escape sequences.
func Escapes(*os.File) bool { return true }

// Writable returns an error if files cannot be made in a directory, as far as its mode and the mount tell.
func Writable(dir string) error {
	const write, search = 2, 1
	return syscall.Access(dir, write|search)
}

// Free returns the bytes that may still be written at path, which exists.
func Free(path string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}
