package launch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/transforms/stage"
)

const (
	storeLockPrefix  = dataset.StoreLockPrefix
	storeLockRefresh = time.Minute
	storeLockStale   = dataset.StoreLockStale
)

// beat is how long each request of a heartbeat may take. Others wait up to five minutes for a busy store;
// a heartbeat that did so would come too late, and the next one is as good.
var beat = 30 * time.Second

// How long the lock is tried to be removed at the end of a run, and at that of one that was interrupted.
var (
	removeWithin      = 30 * time.Second
	removeInterrupted = time.Second
)

// storeLockSettle is longer than a run needs to write its lock again.
var storeLockSettle = 2 * time.Second

// A storeLock is the lock of a run on an output in an object store: an object that the run writes again
// every minute.
type storeLock struct {
	out, dir, uri string
	content       []byte
	now           func() time.Time
	written       time.Time            // when it was written last, by now
	broken        map[string]bool      // locks of others that this run has taken over
	seen          map[string]time.Time // locks of others at the last look
}

// takeStore locks an output in an object store. Each run writes a lock object of its own and then looks
// for those of others, so that of two runs that start at once at most one goes on. A lock that was not
// refreshed for five minutes belongs to a run that died; the store's clock decides. Locks that are broken,
// or of runs that died, are removed: their run, should it go on, loses its lock at its next change of the
// output. A run also loses its lock if it cannot refresh it for that long, because its process or host
// was suspended.
func (o Lock) takeStore(ctx context.Context, out string) (held *stage.HeldLock, unlock func(), err error) {
	dir := blob.Join(out, dataset.MetaDir)
	l := &storeLock{
		out: out, dir: dir, uri: blob.Join(dir, storeLockPrefix+o.RunID), content: []byte(o.text()), broken: map[string]bool{},
		now: func() time.Time { return time.Now().Round(0) }, // by the wall: other clocks stop with the host
	}
	if err := l.first(ctx); err != nil {
		return nil, nil, err
	}
	if err := l.takeOver(ctx, o.Break); err != nil {
		return nil, nil, errors.Join(err, l.remove(ctx))
	}
	stop := l.keep(ctx, o.Lost)
	return l.held(), func() {
		stop()
		if err := l.remove(ctx); err != nil && !errors.Is(err, fs.ErrNotExist) && o.Warn != nil {
			o.Warn("the lock %s could not be removed (%v); it is ignored after %v", l.uri, err, storeLockStale)
		}
	}, nil
}

// remove removes the lock, also if ctx is cancelled: but who interrupts a run does not want to wait for a
// store that is busy.
func (l *storeLock) remove(ctx context.Context) error {
	within := removeWithin
	if ctx.Err() != nil {
		within = removeInterrupted
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer stop()
	return blob.Remove(ctx, l.uri)
}

// held is what workers compare.
func (l *storeLock) held() *stage.HeldLock {
	return &stage.HeldLock{Dir: l.out, URI: l.uri, Text: string(l.content)}
}

// takeOver removes the locks of others: those of runs that died, and all if they are to be broken. Else a
// lock of another run that is alive is an error.
func (l *storeLock) takeOver(ctx context.Context, breakAll bool) error {
	others, alive, err := l.look(ctx)
	if err != nil {
		return err
	}
	if alive != "" && !breakAll {
		who, _ := blob.ReadAll(ctx, alive, 1<<12)
		return usagef("another run uses %s (%s): wait for it, or add --break-lock if you are sure that it has ended", l.out, strings.TrimSpace(string(who)))
	}
	for uri := range others {
		l.broken[uri] = true
	}
	if err := l.removeBroken(ctx, others); err != nil || alive == "" {
		return err
	}
	// The other run may just have been writing its lock again.
	select {
	case <-time.After(storeLockSettle):
	case <-ctx.Done():
		return ctx.Err()
	}
	return l.removeBroken(ctx, others)
}

// removeBroken removes locks that this run has taken over: also later, as their run may have been about
// to write its own again.
func (l *storeLock) removeBroken(ctx context.Context, others map[string]time.Time) error {
	for uri := range others {
		if l.broken[uri] {
			if err := blob.Remove(ctx, uri); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// keep refreshes the lock every minute, until stop.
func (l *storeLock) keep(ctx context.Context, lost func(error)) (stop func()) {
	done := make(chan struct{})
	stopped := make(chan struct{})
	ctx, quit := context.WithCancel(ctx)
	go func() {
		defer close(stopped)
		tick := time.NewTicker(storeLockRefresh)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if err := l.refresh(ctx); err != nil && ctx.Err() == nil {
					if lost != nil {
						lost(err)
					}
					return
				}
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		quit()
		<-stopped
	}
}

// first writes the lock for the first time. It waits for a busy store as other requests do.
func (l *storeLock) first(ctx context.Context) error {
	until := l.now().Add(storeLockStale)
	for {
		from := l.now()
		err := l.write(ctx)
		if err == nil || ctx.Err() != nil || l.now().Sub(from) < beat || l.now().After(until) {
			return err
		}
	}
}

// write writes the lock, within the time of a heartbeat.
func (l *storeLock) write(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, beat)
	defer stop()
	at := l.now()
	err := blob.WriteFile(ctx, l.uri, l.content)
	if err == nil {
		l.written = at
	}
	return err
}

// refresh writes the lock again. It returns an error if the lock is lost: if it is not there any more, or
// is too old. A lock of another run counts only if it was refreshed since the last look: a new one may
// belong to a run that is about to see this lock and end.
func (l *storeLock) refresh(ctx context.Context) error {
	age := l.now().Sub(l.written)
	short, stop := context.WithTimeout(ctx, beat)
	defer stop()
	if err := l.held().Check(short); err != nil && errors.As(err, new(*LostLockError)) {
		return err
	}
	err := l.write(ctx)
	if age >= storeLockStale {
		if err == nil {
			err = errors.New("the host or the process may have been suspended")
		}
		return l.lostf("it was not refreshed for %v (%v)", age.Round(time.Second), err)
	}
	short, stop = context.WithTimeout(ctx, beat)
	defer stop()
	others, _, err := l.look(short)
	if err == nil {
		err = l.removeBroken(short, others)
	}
	if err != nil {
		return nil // it is looked again in a minute
	}
	for uri, at := range others {
		if was, ok := l.seen[uri]; ok && !l.broken[uri] && at.After(was) {
			return l.lostf("another run holds %s", uri)
		}
	}
	l.seen = others
	return nil
}

func (l *storeLock) lostf(format string, args ...any) error {
	return &LostLockError{Out: l.out, Reason: fmt.Sprintf(format, args...)}
}

// look returns the locks of other runs and when they were written, and the address of one that is alive,
// or "".
func (l *storeLock) look(ctx context.Context) (others map[string]time.Time, alive string, err error) {
	list, err := blob.List(ctx, l.dir)
	if err != nil {
		return nil, "", err
	}
	var now time.Time
	others = map[string]time.Time{}
	for _, o := range list {
		switch {
		case o.URI == l.uri:
			now = o.ModTime
		case strings.HasPrefix(blob.Base(o.URI), storeLockPrefix):
			others[o.URI] = o.ModTime
		}
	}
	for uri, at := range others {
		if now.Sub(at) < storeLockStale {
			alive = uri
		}
	}
	return others, alive, nil
}
