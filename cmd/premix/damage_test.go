package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/premix/premix/io/blob"
)

// damageCmds are the commands that damage files, besides flipbyte and truncate:
//
//	zeropage FILE N   zeroes page N of 4096 bytes, and keeps the size
//	otherhash FILE    changes a digit of the first sha256 in a JSON file
var damageCmds = map[string]func(*testscript.TestScript, bool, []string){"zeropage": cmdZeroPage, "otherhash": cmdOtherHash}

func cmdZeroPage(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	editFile(ts, args[0], func(text []byte) []byte {
		if n*4096 >= len(text) {
			ts.Fatalf("%s has %d bytes, and no page %d", args[0], len(text), n)
		}
		return zeroPage(text, n)
	})
}

func zeroPage(text []byte, n int) []byte {
	clear(text[n*4096 : min((n+1)*4096, len(text))])
	return text
}

func cmdOtherHash(ts *testscript.TestScript, neg bool, args []string) {
	hash := regexp.MustCompile(`"sha256": "[0-9a-f]`)
	editFile(ts, args[0], func(text []byte) []byte {
		at := hash.FindIndex(text)
		digit := &text[at[1]-1]
		if *digit == '0' {
			*digit = '1'
		} else {
			*digit = '0'
		}
		return text
	})
}

func editFile(ts *testscript.TestScript, file string, change func([]byte) []byte) {
	path := ts.MkAbs(file)
	text, err := os.ReadFile(path)
	ts.Check(err)
	ts.Check(os.Chmod(path, 0o644))
	ts.Check(os.WriteFile(path, change(text), 0o644))
}

// TestDamagedInStore damages a shard of an unfinished output in a store.
func TestDamagedInStore(t *testing.T) {
	ctx := context.Background()
	dir, store := t.TempDir(), gcs(t)
	local, to := filepath.Join(dir, "out"), blob.Join(store, "out")
	args := []string{"mix", "--in", "synth:24", "--size", "64", "--shards", "2", "--cache", filepath.Join(dir, "c"), "--out"}
	premix(t, append(args, local)...)
	copyTree(t, local, to)
	if err := blob.Remove(ctx, blob.Join(to, "__premix__/train/manifest.json")); err != nil {
		t.Fatal(err)
	}
	shard, err := os.ReadFile(filepath.Join(local, "premix-train-000000.tar"))
	if err == nil {
		err = blob.WriteFile(ctx, blob.Join(to, "premix-train-000000.tar"), zeroPage(shard, 1))
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("premix", append(args, to)...).CombinedOutput()
	var exit *exec.ExitError
	if !asExit(err, &exit) || exit.ExitCode() != exitFailed || !strings.Contains(string(text), "run the same command again") {
		t.Fatalf("%v: %s", err, text)
	}
	premix(t, append(args, to)...)
	sameTree(t, local, to)
}
