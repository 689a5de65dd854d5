package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A Step is what a part of a job took.
type Step struct {
	Name     string
	CPU      float64 // seconds of this process, or of all processes of the job
	Seconds  float64
	Requests Requests
	Elements int64 // that it gave to the next one
	Bytes    int64 // of them
	Memory   int64 // the most that this process held, bytes
	Before   int64 // what it held before
}

// cpu is the CPU time of this process so far.
func cpu() float64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// step measures a part of a job.
func step(name string, st *store, work func(*Step) error) (s Step, err error) {
	s.Name = name
	var before, after Requests
	if st != nil {
		if before, err = st.requests(); err != nil {
			return s, err
		}
	}
	release()
	s.Before = status(os.Getpid(), "VmRSS")
	os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // VmHWM begins anew
	start, used := time.Now(), cpu()
	if err := work(&s); err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	s.CPU, s.Seconds = round(cpu()-used), round(time.Since(start).Seconds())
	s.Memory = status(os.Getpid(), "VmHWM")
	if st != nil {
		if after, err = st.requests(); err != nil {
			return s, err
		}
		s.Requests = after.minus(before)
	}
	fmt.Fprintf(os.Stderr, "%-12s %8.1f CPU-s %8.1f s  %+v  %d elements, %d bytes  %d MiB (%d before)\n",
		s.Name, s.CPU, s.Seconds, s.Requests, s.Elements, s.Bytes, s.Memory>>20, s.Before>>20)
	return s, nil
}

func round(x float64) float64 { return float64(int64(x*1000+0.5)) / 1000 }

// status reads a size from the status of a process; 0 if it is gone.
func status(pid int, field string) int64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if v, ok := strings.CutPrefix(lines.Text(), field+":"); ok {
			n, _ := strconv.ParseInt(strings.Fields(v)[0], 10, 64)
			return n << 10
		}
	}
	return 0
}

// A watch looks at the processes of a cluster: workers are those of this very program, and the others are Java's.
type watch struct {
	mu             sync.Mutex
	workers, javas map[int]int64   // the most memory of each process
	cpus           map[int]float64 // of workers, seconds
}

func watchCluster(ctx context.Context) *watch {
	w := &watch{workers: map[int]int64{}, javas: map[int]int64{}, cpus: map[int]float64{}}
	own, _ := os.Executable()
	go func() {
		for ctx.Err() == nil {
			w.look(own)
			time.Sleep(200 * time.Millisecond)
		}
	}()
	return w
}

func (w *watch) look(own string) {
	processes, _ := filepath.Glob("/proc/[0-9]*/exe")
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range processes {
		exe, err := os.Readlink(p)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(p)))
		if err != nil || pid == os.Getpid() {
			continue
		}
		args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		switch {
		case exe == own && strings.Contains(string(args), "provision_endpoint"):
			w.workers[pid] = max(w.workers[pid], status(pid, "VmHWM"))
			w.cpus[pid] = cpuOf(pid)
		case strings.HasPrefix(filepath.Base(exe), "java") && strings.Contains(string(args), "TaskManager"):
			w.javas[pid] = max(w.javas[pid], status(pid, "VmHWM"))
		}
	}
}

// cpuOf is the CPU time of another process.
func cpuOf(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var ticks float64
	for _, f := range fields[11:13] {
		n, _ := strconv.ParseFloat(f, 64)
		ticks += n
	}
	return ticks / 100
}

// most is the memory of the fullest worker and of the fullest TaskManager, and the CPU time of all workers.
func (w *watch) most() (worker, java int64, cpu float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.workers {
		worker = max(worker, m)
	}
	for _, m := range w.javas {
		java = max(java, m)
	}
	for _, c := range w.cpus {
		cpu += c
	}
	return worker, java, cpu
}
