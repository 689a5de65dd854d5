package osfile

import (
	"testing"
	"testing/fstest"
)

// TestAvailable reads the files of machines and containers.
func TestAvailable(t *testing.T) {
	const info = "MemTotal:       24000000 kB\nMemFree:  1000 kB\nMemAvailable:   16000000 kB\n"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"nothing is known", nil, 0},
		{"old kernel", map[string]string{"proc/meminfo": "MemTotal: 1 kB\nMemFree: 1 kB\n"}, 0},
		{"damaged", map[string]string{"proc/meminfo": "MemAvailable: many kB\nMemAvailable:\n"}, 0},
		{"no groups", map[string]string{"proc/meminfo": info}, 16000000 << 10},
		{"version 2 without a limit", map[string]string{"proc/meminfo": info, "proc/self/cgroup": "0::/user/a\n",
			"sys/fs/cgroup/user/a/memory.max": "max\n", "sys/fs/cgroup/user/a/memory.current": "5\n"}, 16000000 << 10},
		{"version 2, the group above", map[string]string{"proc/meminfo": info, "proc/self/cgroup": "0::/user/a\n",
			"sys/fs/cgroup/user/a/memory.max": "9000000\n", "sys/fs/cgroup/user/a/memory.current": "1000\n",
			"sys/fs/cgroup/user/memory.max": "8000000\n", "sys/fs/cgroup/user/memory.current": "5000000\n",
			"sys/fs/cgroup/user/memory.stat": "anon 17\ninactive_file 70\nactive_file 6\n"}, 3000070},
		{"version 2 in a container", map[string]string{"proc/meminfo": info, "proc/self/cgroup": "0::/docker/1234\n",
			"sys/fs/cgroup/memory.max": "4000\n", "sys/fs/cgroup/memory.current": "5000\n", "sys/fs/cgroup/memory.stat": "inactive_file 2000\n"}, 1000},
		{"version 2, more is used", map[string]string{"proc/meminfo": info, "proc/self/cgroup": "0::/\n",
			"sys/fs/cgroup/memory.max": "4000\n", "sys/fs/cgroup/memory.current": "5000\n"}, 0},
		{"version 1", map[string]string{"proc/meminfo": info, "proc/self/cgroup": "8:pids:/\n4:memory:/x\n1:cpu,cpuacct:/x\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n", "sys/fs/cgroup/memory/memory.usage_in_bytes": "7\n",
			"sys/fs/cgroup/memory/x/memory.limit_in_bytes": "4000\n", "sys/fs/cgroup/memory/x/memory.usage_in_bytes": "1000\n",
			"sys/fs/cgroup/memory/x/memory.stat": "inactive_file 1\ntotal_inactive_file 30\n"}, 3030},
		{"a path that leads out", map[string]string{"proc/meminfo": info, "proc/self/cgroup": "0::/../../..\nx\n", "sys/fs/cgroup/memory.max": "10\n",
			"sys/fs/cgroup/memory.current": "3\n"}, 7},
	} {
		fsys := fstest.MapFS{}
		for name, text := range tt.files {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		if got := available(fsys); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
	if Available() <= 0 {
		t.Error("the memory of this machine is unknown")
	}
}
