package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/premix/premix/internal/faultfs"
)

// faultVar names the environment variable by which a script lets the local writes of premix fail:
//
//	KIND OP PATH N
//
// From the Nth operation OP (of package faultfs) on whose path holds PATH, KIND happens: nospace and
// readonly fail as a full or a read-only disk does, kill ends the process as a crash does, and hold
// waits at the Nth until the script releases it.
const faultVar = "PREMIX_TEST_FAULT"

// holdVar names a folder: a run that is held makes the file held in it, and waits for the file go.
const holdVar = "PREMIX_TEST_HOLD"

// faultCmds are the commands that need faults:
//
//	crash OP PATH N premix args…   runs and dies at the Nth operation OP on a path that holds PATH
//	hold NAME premix args…         runs in the background up to the last file, the manifest
//	release NAME                   lets it end, and wants success
//	tmpfs DIR SIZE                 mounts a file system of that size, or changes its size
//	readonly DIR                   makes it read-only
//	ahead GLOB                     dates files two days ahead, as a host with a wrong clock does; wants one
var faultCmds = map[string]func(*testscript.TestScript, bool, []string){
	"crash": cmdCrash, "hold": cmdHold, "release": cmdRelease, "tmpfs": cmdTmpfs, "readonly": cmdReadonly, "ahead": cmdAhead,
}

// faultyMain is main with the faults that a script asked for.
func faultyMain() {
	if spec := os.Getenv(faultVar); spec != "" {
		fail, err := faultOf(spec)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(99)
		}
		faultfs.Inject(noTest{}, fail)
	}
	main()
}

func faultOf(spec string) (func(faultfs.Op) error, error) {
	f := strings.Fields(spec)
	if len(f) != 4 {
		return nil, fmt.Errorf("%s=%q: want KIND OP PATH N", faultVar, spec)
	}
	n, err := strconv.ParseInt(f[3], 10, 64)
	if err != nil {
		return nil, err
	}
	kinds := map[string]error{"nospace": syscall.ENOSPC, "readonly": syscall.EROFS, "kill": nil, "hold": nil}
	cause, known := kinds[f[0]]
	if !known {
		return nil, fmt.Errorf("%s=%q: no such kind", faultVar, spec)
	}
	var seen atomic.Int64
	return func(o faultfs.Op) error {
		if o.Name != f[1] || !strings.Contains(o.Path, f[2]) || seen.Add(1) < n {
			return nil
		}
		switch f[0] {
		case "hold":
			hold(os.Getenv(holdVar))
			return nil
		case "kill":
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until the signal is there
		}
		return cause
	}, nil
}

// patience ends waits for another process that will not answer any more: it is longer than any run of
// a script takes on a busy machine, and shorter than the test's own limit, which would say less.
const patience = 5 * time.Minute

// hold says that the process waits, and waits.
func hold(dir string) {
	if err := os.WriteFile(filepath.Join(dir, "held"), nil, 0o666); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	for until := time.Now().Add(patience); !fileExists(filepath.Join(dir, "go")); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			fmt.Fprintln(os.Stderr, "nobody let this run go on")
			os.Exit(99)
		}
	}
}

// noTest stands in for a test that ends with the process.
type noTest struct{ testing.TB }

func (noTest) Helper()        {}
func (noTest) Cleanup(func()) {}

func cmdCrash(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 5 {
		ts.Fatalf("usage: crash OP PATH N premix args…")
	}
	ts.Setenv(faultVar, "kill "+strings.Join(args[:3], " "))
	err := ts.Exec(args[3], args[4:]...)
	ts.Setenv(faultVar, "")
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		ts.Fatalf("the command did not get to %s of %s", args[0], args[1])
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		ts.Fatalf("%v, want a killed process", err)
	}
}

// holding are the commands in the background of each script.
var holding sync.Map // folder → *exec.Cmd

func cmdHold(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(".hold-" + args[0])
	ts.Check(os.Mkdir(dir, 0o777))
	path := args[1]
	for _, d := range filepath.SplitList(ts.Getenv("PATH")) {
		if p := filepath.Join(d, args[1]); fileExists(p) {
			path = p
			break
		}
	}
	cmd := exec.Command(path, args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"), "XDG_CACHE_HOME="+ts.Getenv("XDG_CACHE_HOME"), "PATH="+ts.Getenv("PATH"),
		faultVar+"=hold rename manifest.json 1", holdVar+"="+dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	ts.Defer(func() { cmd.Process.Kill() })
	holding.Store(dir, ended)
	late := time.After(patience)
	for !fileExists(filepath.Join(dir, "held")) {
		select {
		case <-late:
			ts.Fatalf("it did not come to be held")
		case err := <-ended:
			ts.Fatalf("%v before it could be held\n%s", err, out.String())
		case <-time.After(time.Millisecond):
		}
	}
}

func cmdRelease(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(".hold-" + args[0])
	ended, ok := holding.LoadAndDelete(dir)
	if !ok {
		ts.Fatalf("%s is not held", args[0])
	}
	ts.Check(os.WriteFile(filepath.Join(dir, "go"), nil, 0o666))
	select {
	case err := <-ended.(chan error):
		ts.Check(err)
	case <-time.After(patience):
		ts.Fatalf("%s was released and did not end", args[0])
	}
}

func cmdAhead(ts *testscript.TestScript, neg bool, args []string) {
	list, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(list) == 0 {
		ts.Fatalf("no file matches %s", args[0])
	}
	at := time.Now().Add(48 * time.Hour)
	for _, path := range list {
		ts.Check(os.Chtimes(path, at, at))
	}
}
