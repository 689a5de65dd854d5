package cache

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/premix/premix/io/blob"
)

// TestPruneLink: a directory of the cache that is a link keeps its files, and the others are pruned.
func TestPruneLink(t *testing.T) {
	dir, theirs := t.TempDir(), t.TempDir()
	for _, d := range []string{filepath.Join(dir, "aa"), theirs} {
		if err := os.MkdirAll(d, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d, settingsFile), []byte("{}\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(theirs, filepath.Join(dir, "0b")); err != nil {
		t.Fatal(err)
	}
	gone, err := Prune(t.Context(), dir, -time.Hour)
	if link := (*blob.LinkError)(nil); !errors.As(err, &link) || len(gone) != 1 || gone[0].Fingerprint != "aa" {
		t.Errorf("removed %v: %v", gone, err)
	}
	for _, p := range []string{filepath.Join(theirs, settingsFile), filepath.Join(dir, "0b")} {
		if _, err := os.Lstat(p); err != nil {
			t.Error(err)
		}
	}
}
