package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
)

// lockOutput makes sure that one run at a time works on an output. On a local disk the lock ends
// with its process, however that ends; a folder that several hosts mount needs a file system that
// locks across them.
func lockOutput(ctx context.Context, out, runID string, breakIt bool) (unlock func(), err error) {
	if !blob.IsLocal(out) {
		return lockStore(ctx, out, runID, breakIt)
	}
	dir := filepath.Join(out, dataset.MetaDir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, ".lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if !errors.Is(err, syscall.EWOULDBLOCK) || breakIt {
			if breakIt {
				return func() { f.Close() }, nil
			}
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		who, _ := os.ReadFile(path)
		f.Close()
		return nil, usagef("another run works on %s (%s): wait for it, or add --break-lock if you are sure that it is gone", out, strings.TrimSpace(string(who)))
	}
	host, _ := os.Hostname()
	if err := f.Truncate(0); err == nil {
		fmt.Fprintf(f, "process %d on %s\n", os.Getpid(), host)
	}
	return func() {
		os.Remove(path)
		f.Close()
	}, nil
}
