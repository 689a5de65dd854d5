package blob

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	tempPrefix = ".tmp-"
	tempRandom = 16 // hexadecimal digits
	longest    = 255
)

// TempName returns a new hidden name for a temporary of base: .tmp-BASE-RANDOM. A long base is
// cut, so that the name is as valid as base is.
func TempName(base string) string {
	var r [tempRandom / 2]byte
	rand.Read(r[:])
	if most := longest - len(tempPrefix) - 1 - tempRandom; len(base) > most {
		base = base[:most]
	}
	return tempPrefix + base + "-" + hex.EncodeToString(r[:])
}

// IsTemp reports whether a file name is one that this package gives its temporaries. Listings leave
// them out.
func IsTemp(name string) bool {
	rest, ok := strings.CutPrefix(name, tempPrefix)
	if !ok || len(rest) < tempRandom+1 || rest[len(rest)-tempRandom-1] != '-' {
		return false
	}
	for _, c := range []byte(rest[len(rest)-tempRandom:]) {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}

// SweepDir is SweepTemp for one local directory without those below it.
func SweepDir(ctx context.Context, dirURI string, olderThan time.Duration) (removed int, err error) {
	return sweep(ctx, dirURI, olderThan, false)
}

// SweepTemp removes the temporaries below a local directory that nothing was written to for
// olderThan: what killed processes have left. If olderThan is not positive, it removes all of them,
// whatever their dates: the caller knows that nobody writes there, for example by a lock. Else a date
// more than a day ahead counts as old, since it is that of a host whose clock was wrong. It follows no
// symbolic links and returns how many it removed. Stores have no temporaries: it does nothing there, nor
// where the directory is missing.
func SweepTemp(ctx context.Context, dirURI string, olderThan time.Duration) (removed int, err error) {
	return sweep(ctx, dirURI, olderThan, true)
}

func sweep(ctx context.Context, dirURI string, olderThan time.Duration, deep bool) (removed int, err error) {
	if !IsLocal(dirURI) {
		return 0, nil
	}
	dir, err := localPath(dirURI)
	if err != nil {
		return 0, wrap("sweep", dirURI, err)
	}
	now := time.Now()
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if os.IsNotExist(err) {
				return nil
			}
			return err
		}
		if d.IsDir() && path != dir && !deep {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() || !IsTemp(d.Name()) {
			return nil
		}
		fi, err := d.Info()
		if err == nil && isOld(fi.ModTime(), now, olderThan) {
			if err = permit(ctx, path); err == nil {
				err = os.Remove(path)
			}
			if err == nil {
				removed++
			}
		}
		if os.IsNotExist(err) { // another process sweeps, or has committed
			err = nil
		}
		return err
	})
	return removed, wrap("sweep", dirURI, err)
}

// isOld reports whether a file was written so long ago, or is dated so far ahead, that SweepTemp removes it.
func isOld(written, now time.Time, olderThan time.Duration) bool {
	return olderThan <= 0 || written.Before(now.Add(-olderThan)) || written.After(now.Add(maxAhead))
}

// maxAhead is more than the clocks of hosts that share a directory differ by.
const maxAhead = 24 * time.Hour
