package osfile

import (
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
)

// Available is how much memory, in bytes, this process may still take before the system swaps or kills: the kernel's own
// estimate (MemAvailable), and less where a control group allows less. 0: unknown.
func Available() int64 { return available(os.DirFS("/")) }

func available(root fs.FS) int64 {
	most := fields(root, "proc/meminfo")["MemAvailable:"] << 10 // kB
	if most <= 0 {
		return 0
	}
	text, _ := fs.ReadFile(root, "proc/self/cgroup") // a system without control groups sets no limits by them
	for line := range strings.Lines(string(text)) {
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(part) != 3:
		case part[1] == "": // version 2
			most = min(most, groups(root, "sys/fs/cgroup", part[2], "memory.max", "memory.current", "inactive_file"))
		case part[1] == "memory":
			most = min(most, groups(root, "sys/fs/cgroup/memory", part[2], "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"))
		}
	}
	return max(most, 0)
}

// groups is what a control group and those above it leave. In a container its path may be that of the host, which is not
// there; its own limit is in the top folder then.
func groups(root fs.FS, top, group, limit, usage, cached string) int64 {
	most := int64(math.MaxInt64)
	for dir := path.Join(top, path.Clean("/"+group)); ; dir = path.Dir(dir) {
		l, ok := number(root, path.Join(dir, limit)) // "max" in version 2: none
		u, known := number(root, path.Join(dir, usage))
		if ok && known {
			most = min(most, l-max(u-fields(root, path.Join(dir, "memory.stat"))[cached], 0))
		}
		if dir == top || dir == "." {
			return most
		}
	}
}

func number(root fs.FS, name string) (int64, bool) {
	text, err := fs.ReadFile(root, name)
	n, err2 := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil && err2 == nil && n >= 0
}

// fields are the numbers of a file of lines "name number"; none if it cannot be read.
func fields(root fs.FS, name string) map[string]int64 {
	text, _ := fs.ReadFile(root, name)
	m := map[string]int64{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) >= 2 {
			if n, err := strconv.ParseInt(f[1], 10, 64); err == nil && n >= 0 {
				m[f[0]] = n
			}
		}
	}
	return m
}
