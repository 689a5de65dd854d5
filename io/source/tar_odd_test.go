package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/sharedtest"
)

func TestRealWebDataset(t *testing.T) {
	dir := sharedtest.Dir(t, "data", "oddities")
	_, rows := scan(t, Options{}, Input{"", filepath.Join(dir, "wds-valid-jpg-cls.tar")})
	if len(rows) != 10 {
		t.Errorf("%d rows: %v", len(rows), plain(rows))
	}
	for _, r := range rows {
		if r.Kind != "" || r.Ignored || r.Label < 0 || !strings.HasSuffix(r.Name, r.Key+".jpg") {
			t.Errorf("%v", r.plain())
		}
	}
}

// TestSparseImage: a sparse member cannot be range-read; it is named, and the next one is found.
func TestSparseImage(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(sharedtest.Dir(t, "data", "oddities"), "tar-gnu-sparse.tar"))
	if err != nil {
		t.Fatal(err)
	}
	clear(data[:100])
	copy(data, "a.jpg")
	sum := 0
	copy(data[148:156], "        ")
	for _, b := range data[:512] {
		sum += int(b)
	}
	copy(data[148:156], fmt.Sprintf("%06o\x00 ", sum))
	dir := t.TempDir()
	put(t, filepath.Join(dir, "x.tar"), data)
	cat, rows := scan(t, Options{}, Input{"", dir})
	wantRows(t, []row{fault("x.tar/a.jpg", premix.Unsupported), ignored("x.tar/sparse-posix-0.0"), ignored("x.tar/end"), ignored("x.tar/sparse-posix-1.0")}, rows)
	if why := reasons(t, cat, Options{}); !strings.Contains(why, "sparse") {
		t.Error(why)
	}
}
