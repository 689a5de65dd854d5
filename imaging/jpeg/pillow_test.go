package jpeg

import (
	"bufio"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/sharedtest"
)

// A pillowRow is a line of testdata/pillow-crc.tsv.
type pillowRow struct {
	name           string
	w, h           int
	crc, truncated string // CRC-32 of the pixels in hexadecimal, or "-" for an error
}

// pillowRows reads the rows whose file begins with one of the prefixes, or that lie in testdata.
func pillowRows(t testing.TB, prefixes ...string) []pillowRow {
	t.Helper()
	f, err := os.Open("testdata/pillow-crc.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []pillowRow
	s := bufio.NewScanner(f)
	for s.Scan() {
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		c := strings.Split(s.Text(), "\t")
		if len(c) != 5 {
			t.Fatalf("%s: %d columns in %q", f.Name(), len(c), s.Text())
		}
		r := pillowRow{name: c[0], crc: c[3], truncated: c[4]}
		r.w, _ = strconv.Atoi(c[1])
		r.h, _ = strconv.Atoi(c[2])
		dir, _, shared := strings.Cut(r.name, "/")
		take := !shared && len(prefixes) == 0
		for _, p := range prefixes {
			take = take || shared && dir == p
		}
		if take {
			rows = append(rows, r)
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		t.Fatalf("%s: no rows for %q", f.Name(), prefixes)
	}
	return rows
}

// crc decodes and returns the CRC-32 of the pixels as pillow-crc.tsv writes it.
func crc(d *Decoder, data []byte, o Options) (string, Header, error) {
	pix, h, err := d.Decode(nil, data, o)
	if err != nil {
		return "-", h, err
	}
	return fmt.Sprintf("%08x", crc32.ChecksumIEEE(pix)), h, nil
}

func TestPillowPhotographs(t *testing.T) {
	var d Decoder
	for _, set := range []string{"flowers", "objects"} {
		root := sharedtest.Dir(t, "data")
		rows := pillowRows(t, set)
		for i, r := range rows {
			if testing.Short() && i%10 != 0 {
				continue
			}
			data, err := os.ReadFile(filepath.Join(root, r.name))
			if err != nil {
				t.Fatal(err)
			}
			got, h, err := crc(&d, data, Options{})
			if err != nil || got != r.crc || h.W != r.w || h.H != r.h {
				t.Errorf("%s: %d×%d %s, %v; want %d×%d %s", r.name, h.W, h.H, got, err, r.w, r.h, r.crc)
			}
		}
	}
}

// oddities are the files on which this package and Pillow differ, or both fail: the kind of the
// fault, without and with AcceptTruncated.
var oddities = map[string][2]premix.FaultKind{
	"12bit.jpg":               {premix.Unsupported, premix.Unsupported},
	"lossless-sof3-photo.jpg": {premix.Unsupported, premix.Unsupported}, // read by Pillow

	"mpo-ultrahdr-trailing-40kB.jpg": {premix.Truncated, ""},
	"truncated-4k.jpg":               {premix.Truncated, ""},
	"truncated-baseline.jpeg":        {premix.Truncated, ""},
	"truncated-progressive.jpeg":     {premix.Truncated, ""},
	// Read by Pillow, which hides libjpeg's warnings.
	"bad-exif-and-huffman.jpg": {premix.Corrupt, ""},
	// Nothing but the EOI marker is missing, which Pillow takes for truncated.
	"truncated-pillow.jpg": {"", ""},
}

func TestPillowOddities(t *testing.T) {
	root := sharedtest.Dir(t, "data")
	var d Decoder
	for _, r := range pillowRows(t, "oddities") {
		name := strings.TrimPrefix(r.name, "oddities/")
		data, err := os.ReadFile(filepath.Join(root, r.name))
		if err != nil {
			t.Fatal(err)
		}
		if testing.Short() && len(data) > 1<<17 {
			continue
		}
		kinds, odd := oddities[name]
		for i, want := range []string{r.crc, r.truncated} {
			if i == 1 && len(data) > 1<<20 && !odd {
				break // slow
			}
			got, _, err := crc(&d, data, Options{AcceptTruncated: i == 1})
			if kinds[i] == "" {
				if odd {
					want = r.truncated
				}
				if err != nil || got != want {
					t.Errorf("%s: pixels %s, %v; want %s", name, got, err, want)
				}
			} else if f := premix.AsFault(err); f == nil || f.Kind != kinds[i] {
				t.Errorf("%s: pixels %s, %v; want a fault of kind %s", name, got, err, kinds[i])
			}
			if testing.Verbose() {
				t.Logf("%s: %s %v (Pillow %s)", name, got, err, want)
			}
		}
	}
}

func TestPillowSmall(t *testing.T) {
	var d Decoder
	files := smallFiles(t)
	rows := pillowRows(t)
	for _, r := range rows {
		data := files[strings.TrimSuffix(r.name, ".jpg")]
		got, h, err := crc(&d, data, Options{})
		want := premix.FaultKind("")
		switch {
		case r.crc == "-":
			want = premix.Truncated
		case r.name == "damaged-quantisers.jpg" || r.name == "damaged-refinement.jpg":
			// Other pixels, but nothing that cannot be.
		case strings.HasPrefix(r.name, "damaged-"):
			want = premix.Corrupt
		}
		if want == "" && got != r.crc || h.W != r.w || h.H != r.h {
			t.Errorf("%s: %d×%d %s, %v; want %d×%d %s", r.name, h.W, h.H, got, err, r.w, r.h, r.crc)
		}
		if f := premix.AsFault(err); want != "" && (f == nil || f.Kind != want) {
			t.Errorf("%s: %v; want a fault of kind %s", r.name, err, want)
		}
		if got, _, err := crc(&d, data, Options{AcceptTruncated: true}); got != r.truncated {
			t.Errorf("%s, accepting truncated data: %s, %v; want %s", r.name, got, err, r.truncated)
		}
	}
	if len(rows) != len(files) {
		t.Errorf("%d rows for %d files", len(rows), len(files))
	}
}
