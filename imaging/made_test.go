package imaging

import (
	"context"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/madetest"
)

// made returns the pictures of testdata/made.zip, or of the archive that PREMIX_MADE names, by name,
// and the table that says what Pillow reads of each; testdata/made.py makes both.
func made(t testing.TB) (files map[string][]byte, table string) {
	t.Helper()
	files = madetest.Files(t, filepath.Join("testdata", "made.zip"))
	table = string(files["pixels.tsv"])
	delete(files, "pixels.tsv")
	return files, table
}

// Pictures of every kind are what Pillow reads of them, or refused by name.
func TestMade(t *testing.T) {
	files, table := made(t)
	var d Decoder
	var m Image
	seen, different := 0, 0
	for line := range strings.Lines(table) {
		seen++
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		data := files[fields[0]]
		c, err := d.Decode(context.Background(), &m, data, DecodeParams{})
		got := fmt.Sprintf("%d\t%d\t%08x", m.W, m.H, crc32.ChecksumIEEE(m.Pix))
		if f := premix.AsFault(err); f != nil {
			got = string(f.Kind)
		}
		if want := strings.Join(fields[1:], "\t"); got != want {
			t.Errorf("%s: %s, %v; want %s", fields[0], got, err, want)
			if different++; different == 20 {
				t.Fatal("and so on")
			}
			continue
		}
		announced, headerErr := DecodeConfig(data, DecodeParams{})
		if err == nil && (headerErr != nil || announced != c) {
			t.Errorf("%s: DecodeConfig says %+v, %v, Decode says %+v", fields[0], announced, headerErr, c)
		}
	}
	if seen < 100 || seen != len(files) {
		t.Errorf("%d rows for %d pictures", seen, len(files))
	}
	t.Logf("%d pictures", seen)
}
