package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
)

func TestImageFolder(t *testing.T) {
	dir := t.TempDir()
	at := func(parts ...string) string { return filepath.Join(append([]string{dir}, parts...)...) }
	put(t, at("potter's wheel", "a b.jpg"), picture(0))
	put(t, at("potter's wheel", "sub", "x.JPEG"), picture(1))
	put(t, at("potter's wheel", "sub.jpg"), picture(2))
	put(t, at("Ente", "ünï.png"), picture(3)) // a JPEG by its bytes
	put(t, at("Ente", "no extension"), picture(4))
	put(t, at("Ente", "notes.txt"), []byte("side"))
	put(t, at("Ente", ".hidden.jpg"), picture(5))
	put(t, at("Ente", "._x.jpg"), []byte("resource fork"))
	put(t, at("Ente", "Thumbs.db"), []byte("thumbs"))
	put(t, at("Ente", ".git", "y.jpg"), picture(5))
	put(t, at("Ente", "empty.jpg"), nil)
	put(t, at("Ente", "broken.jpg"), []byte("no image"))
	put(t, at("Ente", "bad\xff.jpg"), picture(6))
	put(t, at("loose.jpg"), picture(0))
	put(t, at("loose"), picture(1))
	put(t, at("README.md"), []byte("# read me"))
	put(t, at(".DS_Store"), []byte("x"))
	for _, link := range [][2]string{{dir, "Ente/cycle"}, {at("potter's wheel"), "Ente/zlink"}, {at("nowhere"), "Ente/dangling.jpg"}, {at("nowhere"), "Ente/dangling"}} {
		if err := os.Symlink(link[0], at(link[1])); err != nil {
			t.Fatal(err)
		}
	}
	cat, rows := scan(t, Options{}, Input{"", dir})
	if d := cmp.Diff([]string{"Ente", "potter's wheel"}, cat.Classes); d != "" {
		t.Error(d)
	}
	if cat.Layout != "imagefolder" || cat.Ignored != 2 {
		t.Errorf("layout %s, %d ignored: %v", cat.Layout, cat.Ignored, cat.IgnoredNames)
	}
	wantFailures := []premix.Failure{
		{Name: "loose", Stage: "label", Kind: "no-label", Reason: "an image outside of any class folder has no label"},
		{Name: "loose.jpg", Stage: "label", Kind: "no-label", Reason: "an image outside of any class folder has no label"},
	}
	if d := cmp.Diff(wantFailures, cat.Failures); d != "" {
		t.Error(d)
	}
	// The first links lead out of and around the class; what Walk makes of them is its matter,
	// but it must end and must not visit a folder twice.
	var direct []row
	for _, r := range rows {
		if !strings.Contains(r.Name, "cycle/") && !strings.Contains(r.Name, "zlink/") {
			direct = append(direct, r)
		}
	}
	wantRows(t, []row{
		ignored("Ente/._x.jpg"),
		ignored("Ente/.git/y.jpg"),
		ignored("Ente/.hidden.jpg"),
		ignored("Ente/Thumbs.db"),
		fault(`Ente/bad\xff.jpg`, premix.Unsupported),
		good("Ente/broken.jpg", "broken", "Ente", -1), // decoding finds it out
		ignored("Ente/dangling"),
		fault("Ente/dangling.jpg", premix.Unsupported),
		fault("Ente/empty.jpg", premix.Empty),
		good("Ente/no extension", "no extension", "Ente", -1),
		ignored("Ente/notes.txt"),
		ignored("Ente/zlink"), // the cycle has led there
		good("Ente/ünï.png", "ünï", "Ente", -1),
		good("potter's wheel/a b.jpg", "a b", "potter's wheel", -1),
		good("potter's wheel/sub.jpg", "sub", "potter's wheel", -1),
		good("potter's wheel/sub/x.JPEG", "sub/x", "potter's wheel", -1),
	}, direct)
	if len(rows) > 40 {
		t.Errorf("%d rows: a cycle was followed", len(rows))
	}

	// The size of the chunks changes nothing.
	for _, n := range []int{1, 2, 3, 5} {
		if d := cmp.Diff(rows, readAll(t, cat, Options{ChunkImages: n})); d != "" {
			t.Errorf("ChunkImages %d: %s", n, d)
		}
	}
	// A name of the input goes before all others.
	named, rows2 := scan(t, Options{}, Input{"in", dir})
	if named.Failures[0].Name != "in/loose" || rows2[0].Name != "in/Ente/._x.jpg" {
		t.Errorf("%q, %q", named.Failures[0].Name, rows2[0].Name)
	}
}

func TestSplits(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "train", "cat", "a.jpg"), picture(0))
	put(t, filepath.Join(dir, "val", "cat", "b.jpg"), picture(1))
	put(t, filepath.Join(dir, "README"), []byte("x"))
	for split, want := range map[string]string{"": "cat/a.jpg", "train": "cat/a.jpg", "validation": "cat/b.jpg", "val": "cat/b.jpg"} {
		cat, rows := scan(t, Options{Split: split}, Input{"", dir})
		if len(rows) != 1 || rows[0].Name != want || cat.Ignored != 1 {
			t.Errorf("split %q: %v, %d ignored", split, rows, cat.Ignored)
		}
	}
}

func TestOrderOfInputs(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "r1", "a", "1.jpg"), picture(0))
	put(t, filepath.Join(dir, "r1", "a.b", "1.jpg"), picture(1))
	put(t, filepath.Join(dir, "r2", "a", "2.jpg"), picture(2))
	put(t, filepath.Join(dir, "r2", "a.b", "2.jpg"), picture(3))
	x, y := Input{"x", filepath.Join(dir, "r1")}, Input{"y", filepath.Join(dir, "r2")}
	cat1, rows1 := scan(t, Options{}, x, y)
	cat2, rows2 := scan(t, Options{}, y, x)
	if d := cmp.Diff(cat1, cat2); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(rows1, rows2); d != "" {
		t.Error(d)
	}
	names := []string{}
	for _, r := range rows1 {
		names = append(names, r.Name)
	}
	if !slices.IsSorted(names) {
		t.Errorf("not in canonical order: %q", names)
	}
}

// TestChunkIdentity: the ID speaks of what is there, the Stamp of when and where.
func TestChunkIdentity(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	for i, root := range []string{one, two} {
		for k := range 60 {
			p := filepath.Join(root, "cat", string(rune('a'+k/26))+string(rune('a'+k%26))+".jpg")
			put(t, p, picture(k))
			if err := os.Chtimes(p, at0, at0.AddDate(i, 0, 0)); err != nil {
				t.Fatal(err)
			}
		}
	}
	o := Options{ChunkImages: 6}
	chunks := func(root string) []Chunk {
		cat, err := Discover(t.Context(), []Input{{"", root}}, o)
		if err != nil {
			t.Fatal(err)
		}
		list, err := Split(t.Context(), cat.Containers[0], o)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	a, b := chunks(one), chunks(two)
	if len(a) != len(b) || len(a) < 7 {
		t.Fatalf("%d and %d chunks of 60 files", len(a), len(b))
	}
	for i := range a {
		if a[i].ID != b[i].ID || a[i].Stamp == b[i].Stamp {
			t.Errorf("chunk %d: IDs %s %s, stamps %s %s", i, a[i].ID, b[i].ID, a[i].Stamp, b[i].Stamp)
		}
	}
	put(t, filepath.Join(one, "cat", "am+.jpg"), picture(0))
	ids := map[string]bool{}
	for _, c := range a {
		ids[c.ID] = true
	}
	stale := 0
	for _, c := range chunks(one) {
		if !ids[c.ID] {
			stale++
		}
	}
	if stale < 1 || stale > 2 {
		t.Errorf("one new file made %d of %d chunks stale", stale, len(a))
	}
}

// An image that is removed after the listing, which is once for a local job, is an error that says so.
func TestRemovedSinceListed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "x.jpg")
	put(t, path, picture(0))
	put(t, filepath.Join(dir, "b", "y.jpg"), picture(1))
	cat, err := Discover(t.Context(), []Input{{"", dir}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	chunks, err := Split(t.Context(), cat.Containers[0], Options{})
	if err != nil || len(chunks) != 1 {
		t.Fatalf("%d chunks, %v", len(chunks), err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	err = Read(t.Context(), chunks[0], Options{}, 1<<20, func(Entry) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "a/x.jpg") || !strings.Contains(err.Error(), "run again to list it anew") {
		t.Errorf("a file that was removed: %v", err)
	}
}
