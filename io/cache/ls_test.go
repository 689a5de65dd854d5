package cache

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix/internal/faultfs"
	"github.com/premix/premix/io/blob"
)

func TestCaches(t *testing.T) {
	ctx := context.Background()
	for _, root := range []string{filepath.Join(t.TempDir(), "peaks"), "mem://caches/peaks"} {
		if infos, err := Caches(ctx, root); err != nil || infos != nil {
			t.Errorf("no cache: %v, %v", infos, err)
		}
		if removed, err := Prune(ctx, root, 0); err != nil || removed != nil {
			t.Errorf("no cache: %v, %v", removed, err)
		}
		if list, err := Open(root, "f1", nil).List(ctx); err != nil || list != nil {
			t.Errorf("no store: %v, %v", list, err)
		}
		var bytes int64
		for _, f := range []string{"f2", "f1"} {
			s := Open(root, f, []byte(`{"fingerprint": "`+f+`"}`))
			for _, id := range []string{"c2", "c1"} {
				m, c := whole(10)
				save(t, s, id, m, c)
			}
			list, err := s.List(ctx)
			if err != nil || len(list) != 2 || list[0].ID != "c1" || list[1].ID != "c2" || list[0].Bytes == 0 || list[0].ModTime.IsZero() {
				t.Errorf("%+v, %v", list, err)
			}
			bytes = 2 * list[0].Bytes
		}
		// What is not of the cache stays out of it.
		for _, f := range []string{"f2/notes.txt", "f2/x y.parquet", "users/data.parquet", "f1/damaged.parquet"} {
			if err := blob.WriteFile(ctx, blob.Join(root, f), []byte("mine")); err != nil {
				t.Fatal(err)
			}
		}
		infos, err := Caches(ctx, root)
		if err != nil || len(infos) != 2 {
			t.Fatalf("%+v, %v", infos, err)
		}
		i := infos[1]
		if i.Used.IsZero() || i.Written.IsZero() {
			t.Errorf("times: %+v", i)
		}
		i.Used, i.Written = time.Time{}, time.Time{}
		want := Info{Fingerprint: "f2", URI: blob.Join(root, "f2"), Settings: []byte("{\"fingerprint\": \"f2\"}\n"), Chunks: 2, Rows: 40, Bytes: bytes}
		if d := cmp.Diff(want, i); d != "" {
			t.Error(d)
		}
		if i := infos[0]; i.Damaged != 1 || i.Chunks != 3 || i.Rows != 40 {
			t.Errorf("a damaged chunk: %+v", i)
		}
		for _, tt := range []struct {
			age  time.Duration
			keep []string
			want []string
		}{
			{time.Hour, nil, nil},
			{-time.Hour, []string{"f1", "f2"}, nil},
			{-time.Hour, []string{"f1"}, []string{"f2"}},
			{-time.Hour, nil, []string{"f1"}},
			{-time.Hour, nil, nil},
		} {
			removed, err := Prune(ctx, root, tt.age, tt.keep...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range removed {
				got = append(got, r.Fingerprint)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("%v, keep %v: %s", tt.age, tt.keep, d)
			}
		}
		var left []string
		for o, err := range blob.Walk(ctx, root) {
			if err != nil {
				t.Fatal(err)
			}
			rel, _ := blob.Rel(root, o.URI)
			left = append(left, rel)
		}
		if d := cmp.Diff([]string{"f2/notes.txt", "f2/x y.parquet", "users/data.parquet"}, left); d != "" {
			t.Errorf("%s: left are %s", root, d)
		}
	}
}

// TestWithoutSettings prunes as an earlier version does, which removes the files that it knows, the settings among
// them: the others are listed, and pruned, all the same.
func TestWithoutSettings(t *testing.T) {
	dir := t.TempDir()
	m, c := whole(5)
	paths := save(t, Open(dir, "f", []byte("{}")), "c", m, c)
	earlier := func(name string) bool { // as it tells its files
		id, ok := strings.CutSuffix(name, ".parquet")
		return ok && validName(id) || name == settingsFile
	}
	list, err := os.ReadDir(filepath.Join(dir, "f"))
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	for _, e := range list {
		if earlier(e.Name()) {
			if err := os.Remove(filepath.Join(dir, "f", e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := os.Stat(paths[0]); err != nil {
		t.Fatal(err)
	}
	infos, err := Caches(t.Context(), dir)
	if err != nil || len(infos) != 1 || infos[0].Settings != nil || infos[0].Rows != 10 {
		t.Errorf("%+v, %v", infos, err)
	}
	if gone, err := Prune(t.Context(), dir, -time.Hour); err != nil || len(gone) != 1 {
		t.Errorf("%v, %v", gone, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "f")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left after prune: %v", err)
	}
}

// The settings keep the time of the last use.
func TestUsed(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	m, c := whole(1)
	save(t, Open(dir, "f", []byte("{}")), "c", m, c)
	path := filepath.Join(dir, "f", settingsFile)
	var past time.Time
	used := func() time.Time {
		infos, err := Caches(ctx, dir)
		if err != nil || len(infos) != 1 {
			t.Fatal(infos, err)
		}
		return infos[0].Used
	}
	for _, tt := range []struct {
		age    time.Duration
		writes bool
	}{{100 * 24 * time.Hour, true}, {time.Hour, false}} {
		past = time.Now().Add(-tt.age)
		if err := os.Chtimes(path, past, past); err != nil {
			t.Fatal(err)
		}
		before := used()
		if _, err := load(ctx, Open(dir, "f", []byte("{}")), "c"); err != nil {
			t.Fatal(err)
		}
		if got := !used().Equal(before); got != tt.writes {
			t.Errorf("used %v ago: time written again: %v", tt.age, got)
		}
	}
	// Who has no settings changes none.
	past = time.Now().Add(-100 * 24 * time.Hour)
	if err := os.WriteFile(path, []byte("{\"size\": 224}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, past, past); err != nil {
		t.Fatal(err)
	}
	look := Open(dir, "f", nil)
	if _, err := load(ctx, look, "c"); err != nil {
		t.Fatal(err)
	}
	save(t, Open(dir, "f", nil), "c", m, c)
	if text, err := os.ReadFile(path); err != nil || string(text) != "{\"size\": 224}\n" {
		t.Errorf("settings %q, %v", text, err)
	}
	// A cache that cannot be written is read all the same.
	past = time.Now().Add(-100 * 24 * time.Hour)
	if err := os.Chtimes(path, past, past); err != nil {
		t.Fatal(err)
	}
	faultfs.Inject(t, faultfs.On(faultfs.Create, dir, syscall.EROFS))
	if _, err := load(ctx, Open(dir, "f", []byte("{}")), "c"); err != nil {
		t.Error(err)
	}
}

// A cache that cannot be written names the place and the flag.
func TestCannotWrite(t *testing.T) {
	ctx := context.Background()
	m, c := whole(1)
	for _, tt := range []struct {
		op  string
		err error
	}{{faultfs.MkdirAll, syscall.EACCES}, {faultfs.Create, syscall.EROFS}, {faultfs.Write, syscall.ENOSPC}, {faultfs.Rename, syscall.EIO}} {
		dir := t.TempDir()
		faultfs.Inject(t, faultfs.On(tt.op, dir, tt.err))
		_, err := Open(dir, "f", nil).Save(ctx, "c", m, c)
		if !errors.Is(err, tt.err) || !strings.Contains(err.Error(), filepath.Join(dir, "f", dataName("c", ContentOf(c), 0, 1))) ||
			!strings.HasSuffix(err.Error(), "(the cache is "+dir+": choose another place with --cache DIR, or --cache none)") {
			t.Errorf("%s: %v", tt.op, err)
		}
		if _, err := load(ctx, Open(dir, "f", nil), "c"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", tt.op, err)
		}
	}
	cctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Open(t.TempDir(), "f", nil).Save(cctx, "c", m, c); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "--cache") {
		t.Errorf("cancelled: %v", err)
	}
	bad := *c
	bad.Rows = slices.Clone(c.Rows)
	bad.Rows[1].Width = 1 << 40
	if _, err := Open(t.TempDir(), "f", nil).Save(ctx, "c", m, &bad); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("a width of 2^40: %v", err)
	}
}

func TestDefaultDir(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/x/cache")
	if dir, err := DefaultDir(); err != nil || dir != "/x/cache/premix/peaks" {
		t.Errorf("%q, %v", dir, err)
	}
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	if _, err := DefaultDir(); err == nil || !strings.Contains(err.Error(), "--cache") {
		t.Error(err)
	}
}
