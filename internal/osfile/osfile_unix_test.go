//go:build unix

package osfile

import "syscall"

var meanings = map[syscall.Errno]string{
	syscall.ENOSPC: "full", syscall.EDQUOT: "full", syscall.ELOOP: "a loop", syscall.EROFS: "read-only", syscall.EIO: "",
}
