package launch

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

// A storeLock is the lock of a run on an output in an object store: an object that the run writes again
// every minute.
type storeLock struct {
	out, dir, uri string
	content       []byte
	now           func() time.Time
	written       time.Time            // when it was written last, by now
	known         map[string]bool      // locks of others that were broken
	seen          map[string]time.Time // locks of others at the last look
}

// takeStore locks an output in an object store. Each run writes a lock object of its own and then looks
// for those of others, so that of two runs that start at once at most one goes on. A lock that was not
// refreshed for five minutes belongs to a run that died; the store's clock decides. A run loses its lock
// if it cannot refresh it for that long, because its process or host was suspended, or if another run
// breaks it.
func (o Lock) takeStore(ctx context.Context, out string) (unlock func(), err error) {
	dir := blob.Join(out, dataset.MetaDir)
	host, _ := os.Hostname()
	l := &storeLock{
		out: out, dir: dir, uri: blob.Join(dir, storeLockPrefix+o.RunID),
		content: fmt.Appendf(nil, "process %d on %s\n", os.Getpid(), host), known: map[string]bool{},
		now: func() time.Time { return time.Now().Round(0) }, // by the wall: other clocks stop with the host
	}
	if err := l.write(ctx); err != nil {
		return nil, err
	}
	alive := context.WithoutCancel(ctx)
	other, err := otherLock(ctx, dir, storeLockPrefix+o.RunID)
	if err != nil {
		return nil, errors.Join(err, blob.Remove(alive, l.uri))
	}
	if other != "" && !o.Break {
		who, _ := blob.ReadAll(ctx, other, 1<<12)
		err := usagef("another run works on %s (%s): wait for it, or add --break-lock if you are sure that it is gone", out, strings.TrimSpace(string(who)))
		return nil, errors.Join(err, blob.Remove(alive, l.uri))
	}
	if l.seen, err = l.others(ctx); err != nil {
		return nil, errors.Join(err, blob.Remove(alive, l.uri))
	}
	for uri := range l.seen {
		l.known[uri] = true
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
				if err := l.refresh(ctx); err != nil && o.Lost != nil {
					o.Lost(err)
					return
				}
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
		if err := blob.Remove(alive, l.uri); err != nil && o.Warn != nil {
			o.Warn("the lock %s could not be removed (%v); it is ignored after %v", l.uri, err, storeLockStale)
		}
	}, nil
}

func (l *storeLock) write(ctx context.Context) error {
	at := l.now()
	err := blob.WriteFile(ctx, l.uri, l.content)
	if err == nil {
		l.written = at
	}
	return err
}

// refresh writes the lock again. It returns an error if the lock is lost. A lock of another run counts
// only if it was refreshed since the last look: a new one may belong to a run that is about to see this
// lock and end.
func (l *storeLock) refresh(ctx context.Context) error {
	age := l.now().Sub(l.written)
	err := l.write(ctx)
	if age >= storeLockStale {
		if err == nil {
			err = errors.New("the host or the process may have been suspended")
		}
		return l.lostf("it was not refreshed for %v (%v)", age.Round(time.Second), err)
	}
	others, err := l.others(ctx)
	if err != nil {
		return nil // it is looked again in a minute
	}
	for uri, at := range others {
		if was, ok := l.seen[uri]; ok && !l.known[uri] && at.After(was) {
			return l.lostf("another run holds %s", uri)
		}
	}
	l.seen = others
	return nil
}

func (l *storeLock) lostf(format string, args ...any) error {
	return &LostLockError{l.out, fmt.Sprintf(format, args...)}
}

// others are the locks of other runs, and when they were written.
func (l *storeLock) others(ctx context.Context) (map[string]time.Time, error) {
	list, err := blob.List(ctx, l.dir)
	if err != nil {
		return nil, err
	}
	found := map[string]time.Time{}
	for _, o := range list {
		if strings.HasPrefix(blob.Base(o.URI), storeLockPrefix) && o.URI != l.uri {
			found[o.URI] = o.ModTime
		}
	}
	return found, nil
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
