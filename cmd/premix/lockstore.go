package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
)

const (
	storeLockPrefix  = ".lock-"
	storeLockRefresh = time.Minute
	storeLockStale   = 5 * time.Minute
)

// lockStore makes sure that one run at a time works on an output in an object store. Each run
// keeps a lock object of its own there, written again every minute, and looks for others after
// it wrote its own: of two that start at once at most one goes on. A lock that was not refreshed
// for five minutes is that of a run that died; ages are compared by the store's own clock.
func lockStore(ctx context.Context, out, runID string, breakIt bool) (unlock func(), err error) {
	dir := blob.Join(out, dataset.MetaDir)
	mine := blob.Join(dir, storeLockPrefix+runID)
	host, _ := os.Hostname()
	write := func() error {
		return blob.WriteFile(ctx, mine, fmt.Appendf(nil, "process %d on %s\n", os.Getpid(), host))
	}
	if err := write(); err != nil {
		return nil, err
	}
	alive := context.WithoutCancel(ctx)
	other, err := otherLock(ctx, dir, storeLockPrefix+runID)
	if err != nil {
		return nil, errors.Join(err, blob.Remove(alive, mine))
	}
	if other != "" && !breakIt {
		who, _ := blob.ReadAll(ctx, other, 1<<12)
		err := usagef("another run works on %s (%s): wait for it, or add --break-lock if you are sure that it is gone", out, strings.TrimSpace(string(who)))
		return nil, errors.Join(err, blob.Remove(alive, mine))
	}
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(storeLockRefresh)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				// A store that cannot be written for minutes fails the job itself.
				_ = write()
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
		if err := blob.Remove(alive, mine); err != nil {
			fmt.Fprintf(os.Stderr, "premix: warning: the lock %s could not be removed (%v); it is ignored after %v\n", mine, err, storeLockStale)
		}
	}, nil
}

// otherLock returns the address of a lock of another run that is alive, or "".
func otherLock(ctx context.Context, dir, own string) (string, error) {
	list, err := blob.List(ctx, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var now time.Time
	for _, o := range list {
		if blob.Base(o.URI) == own {
			now = o.ModTime
		}
	}
	for _, o := range list {
		name := blob.Base(o.URI)
		if strings.HasPrefix(name, storeLockPrefix) && name != own && now.Sub(o.ModTime) < storeLockStale {
			return o.URI, nil
		}
	}
	return "", nil
}
