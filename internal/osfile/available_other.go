//go:build !linux

package osfile

// Available is how much memory, in bytes, this process may still take before the system swaps or kills; 0: unknown.
func Available() int64 { return 0 }
