package blob

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestLinks: nothing is removed behind a link below a folder.
func TestLinks(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	theirs, out, named := filepath.Join(dir, "theirs"), filepath.Join(dir, "out"), filepath.Join(dir, "named")
	file := filepath.Join(theirs, "file")
	for _, d := range []string{theirs, filepath.Join(out, "real")} {
		if err := os.MkdirAll(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{filepath.Join(out, "linked"): theirs, filepath.Join(out, "alias"): file, named: out} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []string{file, filepath.Join(out, "real", "file")} {
		if err := os.WriteFile(p, []byte("theirs"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	link := (*LinkError)(nil)
	if err := RemoveBelow(ctx, out, filepath.Join(out, "linked", "file")); !errors.As(err, &link) || link.Link != filepath.Join(out, "linked") {
		t.Errorf("a file behind a link: %v", err)
	}
	if err := RemoveBelow(ctx, out, filepath.Join(out, "linked", "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file behind a link: %v", err)
	}
	if err := RemoveAll(ctx, filepath.Join(out, "linked")); err == nil {
		t.Error("a link was removed as a folder")
	}
	RemoveEmpty(ctx, filepath.Join(out, "linked"))
	for _, p := range []string{file, filepath.Join(out, "linked")} {
		if _, err := os.Lstat(p); err != nil {
			t.Error(err)
		}
	}
	if err := WriteFile(ctx, filepath.Join(out, "alias"), []byte("ours")); err != nil {
		t.Error(err)
	}
	if err := WriteQuick(ctx, filepath.Join(out, "linked", "ours"), []byte("ours")); err != nil {
		t.Errorf("a folder behind a link cannot be written: %v", err)
	}
	if err := RemoveBelow(ctx, named, filepath.Join(named, "real", "file")); err != nil {
		t.Errorf("the folder itself may be a link: %v", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "theirs" {
		t.Errorf("their file has become %q: %v", text, err)
	}
}

// TestGuard: a change below the folder of a guard is made if the guard permits it, and as the last step.
func TestGuard(t *testing.T) {
	for name, root := range map[string]string{"local": t.TempDir(), "store": "mem://guard"} {
		no, refusal := false, errors.New("no")
		ctx := WithGuard(context.Background(), Join(root, "out"), func(context.Context) error {
			if no {
				return refusal
			}
			return nil
		})
		uri := Join(root, "out", "file")
		if err := WriteFile(ctx, uri, []byte("old")); err != nil {
			t.Fatal(err)
		}
		w, err := Create(ctx, uri)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("new")); err != nil {
			t.Fatal(err)
		}
		no = true
		if err := w.Commit(); err != refusal {
			t.Errorf("%s: commit: %v", name, err)
		}
		for what, err := range map[string]error{"write": WriteFile(ctx, uri, nil), "remove": Remove(ctx, uri), "remove all": RemoveAll(ctx, Join(root, "out"))} {
			if err != refusal {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		if err := WriteFile(ctx, Join(root, "outside"), nil); err != nil {
			t.Errorf("%s: outside: %v", name, err)
		}
		if text, err := ReadAll(ctx, uri, 9); err != nil || string(text) != "old" {
			t.Errorf("%s: it has become %q: %v", name, text, err)
		}
		if name == "local" {
			if entries, err := os.ReadDir(Join(root, "out")); err != nil || len(entries) != 1 {
				t.Errorf("left behind: %v %v", entries, err)
			}
		}
	}
}

// TestDiscardOpen: what a process that ends was writing goes, and cannot be committed any more.
func TestDiscardOpen(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(context.Background(), filepath.Join(dir, "file"))
	if err != nil {
		t.Fatal(err)
	}
	DiscardOpen(dir)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v %v", entries, err)
	}
	if err := w.Commit(); err == nil {
		t.Error("it was committed")
	}
}
