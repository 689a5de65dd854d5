package blob

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// names returns the addresses of a listing below dir, directories with a slash.
func names(t *testing.T, dir string, list []Object) []string {
	t.Helper()
	n := []string{}
	for _, o := range list {
		rel, ok := Rel(dir, o.URI)
		if !ok {
			t.Fatalf("%s is not below %s", o.URI, dir)
		}
		if o.Dir {
			rel += "/"
		}
		n = append(n, rel)
	}
	return n
}

// Trap 7: keys with any characters are fine, those among them that some file systems could not hold.
func testNames(t *testing.T, h *harness) {
	keys := []string{"a b", "é日本", "#?%41&=+", `"q"'`, "a\nb", "back\\slash", "[1]*{a,b}", "a", "x..y", ".tmp-x", "%2F"}
	if h.local {
		keys = append(keys, "d/b")
	} else {
		keys = append(keys, "a/b") // beside a
	}
	for _, k := range keys {
		if err := WriteFile(ctx, h.root+"/odd/"+k, []byte(k)); err != nil {
			t.Fatalf("%q: %v", k, err)
		}
	}
	for _, k := range keys {
		holds(t, h.root+"/odd/"+k, []byte(k))
		o, err := Stat(ctx, h.root+"/odd/"+k)
		if err != nil || o.Size != int64(len(k)) || o.Dir {
			t.Errorf("%q: %+v, %v", k, o, err)
		}
	}
	var got []string
	for o, err := range Walk(ctx, h.root+"/odd") {
		if err != nil {
			t.Fatal(err)
		}
		rel, _ := Rel(h.root+"/odd", o.URI)
		got = append(got, rel)
	}
	slices.Sort(keys)
	if d := cmp.Diff(keys, got); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{h.root, h.root + "/", h.root + "/dir/"} {
		if err := WriteFile(ctx, bad, nil); err == nil {
			t.Errorf("%q was written", bad)
		}
	}
}

// Trap 9: not every store lists in the order of bytes.
func testListOrder(t *testing.T, h *harness) {
	keys := []string{"b", "a/x", "a-b", "a.txt", "B", "é", "a/c/d", "0", "aa", "a0/q"}
	for _, k := range keys {
		if err := WriteFile(ctx, h.root+"/order/"+k, []byte(k)); err != nil {
			t.Fatal(err)
		}
	}
	list, err := List(ctx, h.root+"/order")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"0", "B", "a/", "a-b", "a.txt", "a0/", "aa", "b", "é"}
	if d := cmp.Diff(want, names(t, h.root+"/order", list)); d != "" {
		t.Error(d)
	}
	if l2, err := List(ctx, h.root+"/order/"); err != nil || len(l2) != len(list) {
		t.Errorf("with a trailing slash: %v, %v", l2, err)
	}
	var walked []Object
	for o, err := range Walk(ctx, h.root+"/order") {
		if err != nil {
			t.Fatal(err)
		}
		walked = append(walked, o)
	}
	slices.Sort(keys)
	if d := cmp.Diff(keys, names(t, h.root+"/order", walked)); d != "" {
		t.Error(d)
	}
	// Size, time and tag agree with Stat, so that either can say that nothing has changed.
	for _, o := range walked {
		st, err := Stat(ctx, o.URI)
		if err != nil || st.Size != o.Size || !st.ModTime.Equal(o.ModTime) && st.ModTime.Unix() != o.ModTime.Unix() || h.tags && (st.ETag == "" || st.ETag != o.ETag) {
			t.Errorf("list %+v\nstat %+v, %v", o, st, err)
		}
	}
	if _, err := List(ctx, h.root+"/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}
	if o, err := Stat(ctx, h.root+"/order/a"); err != nil || !o.Dir {
		t.Errorf("directory: %+v, %v", o, err)
	}
	if o, err := Stat(ctx, h.root); err != nil || !o.Dir {
		t.Errorf("bucket: %+v, %v", o, err)
	}
}

// A listing has many pages.
func testListPages(t *testing.T, h *harness) {
	pageSize = 10
	defer func() { pageSize = 1000 }()
	const n = 45
	for i := range n {
		if err := WriteFile(ctx, fmt.Sprintf("%s/pages/%05d", h.root, i*7%n), nil); err != nil {
			t.Fatal(err)
		}
	}
	list, err := List(ctx, h.root+"/pages")
	if err != nil || len(list) != n {
		t.Fatalf("%d entries, %v", len(list), err)
	}
	for i, o := range list {
		if Base(o.URI) != fmt.Sprintf("%05d", i) {
			t.Fatalf("entry %d is %s", i, o.URI)
		}
	}
	if err := RemoveAll(ctx, h.root+"/pages"); err != nil {
		t.Fatal(err)
	}
	if list, err := List(ctx, h.root+"/pages"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after RemoveAll: %d, %v", len(list), err)
	}
}

// Sizes and NamesWith look at some names of one directory, over several pages.
func testSizes(t *testing.T, h *harness) {
	pageSize = 10
	defer func() { pageSize = 1000 }()
	var names []string
	for i := range 45 {
		name := fmt.Sprintf("r%03d.tar", i)
		names = append(names, name)
		if i%9 == 4 {
			continue // missing
		}
		if err := WriteFile(ctx, h.root+"/sizes/"+name, make([]byte, i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []string{"sizes/r013.tar/x", "sizes/r0/x", "sizes/q", "sizes/r012.tar.bak"} {
		if h.local && other == "sizes/r013.tar/x" {
			continue // there is a file r013.tar
		}
		if err := WriteFile(ctx, h.root+"/"+other, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	sizes, err := Sizes(ctx, h.root+"/sizes", append(names, "r0"))
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range sizes {
		want := int64(i)
		if i%9 == 4 || i == 45 { // the last is a directory
			want = -1
		}
		if got != want {
			t.Errorf("%d is %d bytes long and not %d", i, got, want)
		}
	}
	if sizes, err := Sizes(ctx, h.root+"/none", names[:1]); err != nil || sizes[0] != -1 {
		t.Errorf("in a missing directory: %v, %v", sizes, err)
	}
	got := map[string]bool{}
	for name, err := range NamesWith(ctx, h.root+"/sizes", "r01") {
		if err != nil {
			t.Fatal(err)
		}
		got[name] = true
	}
	want := map[string]bool{"r012.tar.bak": true}
	for _, i := range []int{10, 11, 12, 14, 15, 16, 17, 18, 19} {
		want[names[i]] = true
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for range NamesWith(ctx, h.root+"/sizes", "") {
		break // a reader may stop
	}
	for name, err := range NamesWith(ctx, h.root+"/none", "") {
		t.Errorf("in a missing directory: %q, %v", name, err)
	}
}

// Remove takes one object, RemoveAll all below a directory.
func testRemove(t *testing.T, h *harness) {
	for _, k := range []string{"a/b/c", "a/d", "e"} {
		if err := WriteFile(ctx, h.root+"/"+k, []byte(k)); err != nil {
			t.Fatal(err)
		}
	}
	if err := Remove(ctx, h.root+"/a"); err == nil {
		t.Error("Remove of a directory")
	}
	if err := Remove(ctx, h.root+"/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := Remove(ctx, h.root+"/e"); err != nil {
		t.Error(err)
	}
	if err := RemoveAll(ctx, h.root+"/a"); err != nil {
		t.Error(err)
	}
	if err := RemoveAll(ctx, h.root+"/a"); err != nil {
		t.Errorf("nothing to remove: %v", err)
	}
	for o, err := range Walk(ctx, h.root) {
		t.Errorf("%s is left, %v", o.URI, err)
	}
}
