package synth

import (
	"os"
	"path/filepath"
	"testing"
)

// TestWriteLink: an image in whose place a link is does not go into the file that it leads to.
func TestWriteLink(t *testing.T) {
	for _, format := range Formats() {
		dir := t.TempDir()
		theirs, out := filepath.Join(dir, "theirs"), filepath.Join(dir, "out")
		if err := Write(t.Context(), out, format, 2); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(theirs, []byte("theirs"), 0o666); err != nil {
			t.Fatal(err)
		}
		files := 0
		for _, pattern := range []string{"*", "*/*", "*/*/*"} {
			list, err := filepath.Glob(filepath.Join(out, pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range list {
				if fi, err := os.Stat(p); err != nil || fi.IsDir() {
					continue
				}
				if err := os.Remove(p); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(theirs, p); err != nil {
					t.Fatal(err)
				}
				files++
			}
		}
		if err := Write(t.Context(), out, format, 2); err != nil || files == 0 {
			t.Errorf("%s: %d files: %v", format, files, err)
		}
		if text, err := os.ReadFile(theirs); err != nil || string(text) != "theirs" {
			t.Errorf("%s: their file has become %d bytes: %v", format, len(text), err)
		}
	}
}
