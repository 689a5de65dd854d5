package source

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLinksUpwards: a link to a folder that contains it is refused, wherever it is, and at every depth of classes.
func TestLinksUpwards(t *testing.T) {
	for _, link := range []string{"everything", "cat/self", "cat/deep/again"} {
		t.Run(strings.ReplaceAll(link, "/", "-"), func(t *testing.T) {
			dir := t.TempDir()
			for i := range 60 {
				put(t, filepath.Join(dir, []string{"cat", "dog"}[i%2], fmt.Sprintf("%d.jpg", i)), picture(i))
			}
			path := filepath.Join(dir, link)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			target := map[string]string{"everything": ".", "cat/self": ".", "cat/deep/again": "../.."}[link]
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
			for _, depth := range []int{0, 1} {
				found, err := Discover(t.Context(), []Input{{"", dir}}, Options{ClassDepth: depth})
				if err != nil {
					t.Fatal(err)
				}
				if len(found.Doubts) != 1 || found.Doubts[0].Text != "the folder "+link+" is a link to a folder that contains it" {
					t.Errorf("at depth %d: %v", depth, found.Doubts)
				}
			}
		})
	}
}

// TestUnnamedImages: a class whose images have no image's names keeps its place, whatever texts lie beside them.
func TestUnnamedImages(t *testing.T) {
	dir := t.TempDir()
	for i, class := range []string{"ash", "birch", "elm"} {
		put(t, filepath.Join(dir, class, "1.jpg"), picture(i))
	}
	for i := range 9 {
		put(t, filepath.Join(dir, "daisy", fmt.Sprintf("%d.txt", i)), []byte("a flower"))
		put(t, filepath.Join(dir, "daisy", fmt.Sprintf("%d~", i)), []byte("a copy"))
	}
	for i := range 30 {
		put(t, filepath.Join(dir, "daisy", fmt.Sprintf("x%d", i)), picture(i))
	}
	put(t, filepath.Join(dir, "lists", "train.txt"), []byte("daisy/x0"))
	found, _ := scan(t, Options{}, Input{"", dir})
	if want := []string{"ash", "birch", "daisy", "elm"}; !slices.Equal(found.Classes, want) {
		t.Errorf("classes %q, want %q", found.Classes, want)
	}
}
