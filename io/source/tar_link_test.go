package source

import (
	"archive/tar"
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
)

// linkTar is a tar of samples, one of which has a hard link for its image and one a symbolic link.
func linkTar(t *testing.T, labelled bool) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	add := func(h tar.Header, data []byte) {
		h.Size, h.Mode = int64(len(data)), 0o444
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	add(tar.Header{Typeflag: tar.TypeDir, Name: "x.jpg/"}, nil)
	for i, h := range []tar.Header{
		{Typeflag: tar.TypeReg, Name: "a.jpg"},
		{Typeflag: tar.TypeLink, Name: "b.jpg", Linkname: "a.jpg"},
		{Typeflag: tar.TypeSymlink, Name: "c.jpg", Linkname: "../a.jpg"},
		{Typeflag: tar.TypeReg, Name: "d.jpg"},
	} {
		var data []byte
		if h.Typeflag == tar.TypeReg {
			data = picture(i)
		}
		add(h, data)
		if labelled {
			add(tar.Header{Typeflag: tar.TypeReg, Name: h.Name[:1] + ".cls"}, []byte("1"))
		}
	}
	if labelled {
		add(tar.Header{Typeflag: tar.TypeReg, Name: "e.jpg"}, picture(5))
		add(tar.Header{Typeflag: tar.TypeLink, Name: "e.cls", Linkname: "a.cls"}, nil)
	}
	add(tar.Header{Typeflag: tar.TypeLink, Name: "notes", Linkname: "a.jpg"}, nil)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// TestTarLinks: an image that is only a link is a failure and not a side file.
func TestTarLinks(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.tar"), linkTar(t, true))
	cat, rows := scan(t, Options{}, Input{"", dir})
	wantRows(t, []row{
		ignored("x.tar/x.jpg"), good("x.tar/a.jpg", "a", "", 1), fault("x.tar/b.jpg", premix.Unsupported), fault("x.tar/c.jpg", premix.Unsupported),
		good("x.tar/d.jpg", "d", "", 1), ignored("x.tar/notes"), fault("x.tar/e.jpg", premix.BadLabel),
	}, rows)
	why := reasons(t, cat, Options{})
	for _, want := range []string{`a hard link to "a.jpg": write the archive with the file itself`, `a symbolic link to "../a.jpg"`, "the cls member is a hard link"} {
		if !strings.Contains(why, want) {
			t.Errorf("%s does not say %q", why, want)
		}
	}
	if d := cmp.Diff(rows, readAll(t, cat, Options{ChunkImages: 1})); d != "" {
		t.Errorf("ChunkImages 1: %s", d)
	}

	dir = t.TempDir()
	put(t, filepath.Join(dir, "n01440764.tar"), linkTar(t, false))
	cat, rows = scan(t, Options{Format: "ilsvrc"}, Input{"", dir})
	wantRows(t, []row{
		ignored("n01440764.tar/x.jpg"), good("n01440764.tar/a.jpg", "a", "n01440764", -1), fault("n01440764.tar/b.jpg", premix.Unsupported), fault("n01440764.tar/c.jpg", premix.Unsupported),
		good("n01440764.tar/d.jpg", "d", "n01440764", -1), ignored("n01440764.tar/notes"),
	}, rows)
	if d := cmp.Diff(rows, readAll(t, cat, Options{ChunkImages: 1})); d != "" {
		t.Errorf("ChunkImages 1: %s", d)
	}
}
