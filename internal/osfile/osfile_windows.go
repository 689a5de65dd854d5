package osfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows"
)

// Flags of Open that package os does not have. They are bits that package os does not use.
const (
	// NoFollow lets Open fail where path is a symbolic link: see [IsLink].
	NoFollow = 1 << 28
	// NonBlock is for Unix: no path of Windows leads to a named pipe by accident.
	NonBlock = 0
)

var errLink = errors.New("it is a symbolic link")

// IsLink reports whether an error of Open comes from NoFollow.
func IsLink(err error) bool { return errors.Is(err, errLink) }

// IsLoop reports whether an error says that symbolic links lead in a circle.
func IsLoop(err error) bool { return errors.Is(err, windows.ERROR_CANT_RESOLVE_FILENAME) }

// IsFull reports whether an error says that a disk is full, or the share of its user.
func IsFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) || errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

// IsReadOnly reports whether an error says that nothing can be written to a disk.
func IsReadOnly(err error) bool { return errors.Is(err, windows.ERROR_WRITE_PROTECT) }

// Open is [os.OpenFile], for the flags that the callers use. While the file is open, it can be renamed, replaced
// and removed, which Windows allows only if each who opened it did so.
func Open(path string, flag int, perm fs.FileMode) (*os.File, error) {
	fail := func(err error) (*os.File, error) { return nil, &fs.PathError{Op: "open", Path: path, Err: err} }
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return fail(err)
	}
	access, create, attrs := uint32(windows.GENERIC_READ), uint32(windows.OPEN_EXISTING), uint32(windows.FILE_ATTRIBUTE_NORMAL)
	switch flag & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR) {
	case os.O_WRONLY:
		access = windows.GENERIC_WRITE
	case os.O_RDWR:
		access |= windows.GENERIC_WRITE
	default:
		attrs |= windows.FILE_FLAG_BACKUP_SEMANTICS // folders can be opened too
	}
	if flag&NoFollow != 0 {
		attrs |= windows.FILE_FLAG_OPEN_REPARSE_POINT
	}
	switch flag & (os.O_CREATE | os.O_EXCL | os.O_TRUNC | os.O_APPEND) {
	case 0:
	case os.O_CREATE | os.O_EXCL:
		create = windows.CREATE_NEW
		attrs |= windows.FILE_FLAG_OPEN_REPARSE_POINT
	default:
		return fail(windows.ERROR_INVALID_PARAMETER)
	}
	share := uint32(windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE)
	h, err := windows.CreateFile(name, access, share, nil, create, attrs, 0)
	if err != nil {
		return fail(err)
	}
	f := os.NewFile(uintptr(h), path)
	if flag&NoFollow != 0 {
		if fi, err := f.Stat(); err == nil && fi.Mode()&fs.ModeSymlink != 0 {
			f.Close()
			return fail(errLink)
		}
	}
	return f, nil
}

// patience is how long Rename waits for programs that look at new files, such as virus scanners.
const patience = 2 * time.Second

// Rename is [os.Rename] within one directory. It replaces a file that is open, if Open or another program that
// allows it has opened it; for others it waits a moment.
func Rename(from, to string) error {
	if filepath.Dir(from) != filepath.Dir(to) {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: windows.ERROR_NOT_SAME_DEVICE}
	}
	root, err := os.OpenRoot(filepath.Dir(to)) // its Rename has the semantics of POSIX
	if err != nil {
		return err
	}
	defer root.Close()
	for wait, waited := time.Millisecond, time.Duration(0); ; wait *= 2 {
		err := root.Rename(filepath.Base(from), filepath.Base(to))
		busy := errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
		if err == nil || !busy || waited > patience {
			return err
		}
		time.Sleep(wait)
		waited += wait
	}
}

// SyncDir is for Unix: NTFS has names in its journal.
func SyncDir(string) error { return nil }

// lockedByte is the place of the byte that stands for the file. Windows keeps others from reading what is
// locked, so it is far behind any content.
const lockedByte = 1 << 30

// TryLock locks an open file until it is closed, for its holder alone or shared with others. It does not wait:
// locked is false if another holder has the file. Who does not ask for the lock is not kept from the file.
func TryLock(f *os.File, shared bool) (locked bool, err error) {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if !shared {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	at := windows.Overlapped{OffsetHigh: lockedByte}
	err = windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}

// IDOf returns the ID of the file at path, which [os.Stat] described by fi.
func IDOf(path string, _ fs.FileInfo) (id ID, ok bool) {
	f, err := Open(path, os.O_RDONLY, 0)
	if err != nil {
		return ID{}, false
	}
	defer f.Close()
	id, err = IDOfOpen(f)
	return id, err == nil
}

// IDOfOpen returns the ID of an open file.
func IDOfOpen(f *os.File) (ID, error) {
	var i windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &i); err != nil {
		return ID{}, &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	return ID{uint64(i.VolumeSerialNumber), uint64(i.FileIndexHigh)<<32 | uint64(i.FileIndexLow)}, nil
}

// Escapes reports whether a terminal obeys escape sequences, and lets it if it can.
func Escapes(f *os.File) bool {
	var mode uint32
	h := windows.Handle(f.Fd())
	if windows.GetConsoleMode(h, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(h, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

// Writable is for Unix: what the lists of access of Windows allow, the first write shows.
func Writable(string) error { return nil }

// Free returns the bytes that may still be written at path, which exists.
func Free(path string) (int64, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	var free uint64
	err = windows.GetDiskFreeSpaceEx(name, &free, nil, nil)
	return int64(free), err
}
