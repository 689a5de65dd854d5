package osfile

import (
	"syscall"

	"golang.org/x/sys/windows"
)

var meanings = map[syscall.Errno]string{
	windows.ERROR_DISK_FULL: "full", windows.ERROR_HANDLE_DISK_FULL: "full", windows.ERROR_DISK_QUOTA_EXCEEDED: "full",
	windows.ERROR_CANT_RESOLVE_FILENAME: "a loop", windows.ERROR_WRITE_PROTECT: "read-only", windows.ERROR_ACCESS_DENIED: "",
}
