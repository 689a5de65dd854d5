package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image/color"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"premix": faultyMain, "premix-attack": attackMain})
}

// TestScripts runs the stories in testdata/script. Besides testscript's own commands there are
//
//	code N premix args…        runs and wants exit code N
//	same DIR DIR…              wants equal outputs, but for run.json, inputs.json and report.html
//	differ DIR DIR             wants unequal outputs
//	killat GLOB N premix args…   runs and kills (SIGKILL) as soon as N files match GLOB
//	interrupt GLOB N premix …  the same with SIGINT, and wants exit code 130
//	count GLOB N               wants N files
//	notemp DIR                 wants no temporary file left
//	png FILE                   wants a picture of 100 colours or more
//
// and those of inputCmds, damageCmds, faultCmds and parquetCmds. $PRISMPORT stands after every --runner prism. The condition [mount] says that file systems can be mounted.
func TestScripts(t *testing.T) {
	cmds := map[string]func(*testscript.TestScript, bool, []string){
		"code": cmdCode, "same": cmdSame, "differ": cmdDiffer, "killat": cmdKill, "interrupt": cmdInterrupt,
		"count": cmdCount, "notemp": cmdNoTemp, "flipbyte": cmdFlip, "truncate": cmdTruncate, "png": cmdPNG,
	}
	maps.Copy(cmds, inputCmds)
	maps.Copy(cmds, damageCmds)
	maps.Copy(cmds, faultCmds)
	maps.Copy(cmds, parquetCmds)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, ".cache"))
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("PRISMPORT", prismPort())
			return nil
		},
		Cmds: cmds,
		Condition: func(cond string) (bool, error) {
			if cond == "mount" {
				return canMount(), nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
	})
}

func cmdCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command args…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !asExit(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func asExit(err error, target **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*target = e
	return ok
}

// promised hashes the files of an output that are promised to be the same in every run.
func promised(dir string) (map[string]string, error) {
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if slices.Contains([]string{"run.json", "inputs.json", "report.html"}, d.Name()) {
			return nil
		}
		text, err := os.ReadFile(path)
		files[rel] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	})
	return files, err
}

// difference names a file in which two outputs differ, or "".
func difference(ts *testscript.TestScript, a, b string) string {
	x, err := promised(ts.MkAbs(a))
	ts.Check(err)
	y, err := promised(ts.MkAbs(b))
	ts.Check(err)
	if len(x) == 0 {
		ts.Fatalf("%s is empty", a)
	}
	names := map[string]bool{}
	for n := range x {
		names[n] = true
	}
	for n := range y {
		names[n] = true
	}
	var list []string
	for n := range names {
		if x[n] != y[n] {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	if len(list) == 0 {
		return ""
	}
	return fmt.Sprintf("%s (and %d more of %d files)", list[0], len(list)-1, len(names))
}

func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	for _, b := range args[1:] {
		if d := difference(ts, args[0], b); d != "" {
			ts.Fatalf("%s and %s differ in %s", args[0], b, d)
		}
	}
}

func cmdDiffer(ts *testscript.TestScript, neg bool, args []string) {
	if difference(ts, args[0], args[1]) == "" {
		ts.Fatalf("%s and %s are the same", args[0], args[1])
	}
}

// signalAt starts a command, and sends it a signal as soon as n files match a pattern.
func signalAt(ts *testscript.TestScript, sig os.Signal, args []string) error {
	if len(args) < 3 {
		ts.Fatalf("usage: killat GLOB N premix args…")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	path, err := exec.LookPath(args[2])
	if err != nil {
		path = filepath.Join(filepath.Dir(os.Args[0]), args[2])
	}
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if p := filepath.Join(dir, args[2]); fileExists(p) {
			path = p
			break
		}
	}
	cmd := exec.Command(path, args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"), "XDG_CACHE_HOME="+ts.Getenv("XDG_CACHE_HOME"), "PATH="+ts.Getenv("PATH"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	ts.Check(cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	sent := false
	for {
		select {
		case err := <-done:
			ts.Logf("%s", out.String())
			if !sent {
				ts.Fatalf("the command ended before %d files matched %s: %v", n, args[0], err)
			}
			return err
		case <-tick.C:
			list, err := filepath.Glob(ts.MkAbs(args[0]))
			ts.Check(err)
			if !sent && len(list) >= n {
				ts.Check(cmd.Process.Signal(sig))
				sent = true
			}
		}
	}
}

func fileExists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}

func cmdKill(ts *testscript.TestScript, neg bool, args []string) {
	if err := signalAt(ts, syscall.SIGKILL, args); err == nil {
		ts.Fatalf("the command finished although it was killed")
	}
}

func cmdInterrupt(ts *testscript.TestScript, neg bool, args []string) {
	err := signalAt(ts, os.Interrupt, args)
	var exit *exec.ExitError
	if !asExit(err, &exit) || exit.ExitCode() != exitInterrupted {
		ts.Fatalf("%v, want exit code %d", err, exitInterrupted)
	}
}

func cmdCount(ts *testscript.TestScript, neg bool, args []string) {
	list, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if n, _ := strconv.Atoi(args[1]); len(list) != n {
		ts.Fatalf("%d files match %s, want %d: %v", len(list), args[0], n, list)
	}
}

func cmdNoTemp(ts *testscript.TestScript, neg bool, args []string) {
	err := filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), ".") && path != ts.MkAbs(args[0]) {
			return fmt.Errorf("%s was left behind", path)
		}
		return err
	})
	ts.Check(err)
}

func cmdFlip(ts *testscript.TestScript, neg bool, args []string) {
	path := ts.MkAbs(args[0])
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	text, err := os.ReadFile(path)
	ts.Check(err)
	text[at] ^= 0x55
	ts.Check(os.Chmod(path, 0o644))
	ts.Check(os.WriteFile(path, text, 0o644))
}

func cmdTruncate(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

func cmdPNG(ts *testscript.TestScript, neg bool, args []string) {
	f, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	m, err := png.Decode(f)
	ts.Check(err)
	colours := map[color.Color]bool{}
	for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y++ {
		for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x++ {
			colours[m.At(x, y)] = true
		}
	}
	if len(colours) < 100 {
		ts.Fatalf("%s of %v has %d colours", args[0], m.Bounds(), len(colours))
	}
}
