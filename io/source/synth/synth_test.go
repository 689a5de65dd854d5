package synth

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/premix/premix/imaging"
)

// TestDraw checks that a set is as varied as promised, that every image decodes, and that it is
// a function of its number alone.
func TestDraw(t *testing.T) {
	names := Classes()
	if len(names) < 10 || !slices.IsSorted(names) {
		t.Errorf("classes %q", names)
	}
	var d Drawer
	var dec imaging.Decoder
	var m imaging.Image
	seen := map[string]int{}
	const n = 300
	for i := range int64(n) {
		data := d.Draw(nil, i)
		cfg, err := dec.Decode(t.Context(), &m, data, imaging.DecodeParams{})
		if err != nil {
			t.Fatalf("image %d, %s: %v", i, Name(i), err)
		}
		if lo, hi := min(m.W, m.H), max(m.W, m.H); lo < 64 || hi > 800 {
			t.Errorf("image %d is %d×%d", i, m.W, m.H)
		}
		seen[string(cfg.Format)]++
		seen[formOf(i).spec]++
		switch {
		case m.W > m.H:
			seen["wide"]++
		case m.W < m.H:
			seen["high"]++
		}
		if max(m.W, m.H) == 800 {
			seen["large"]++
		}
		if min(m.W, m.H) == 64 {
			seen["small"]++
		}
		if i%37 == 0 {
			again, class, name := Draw(i)
			if !bytes.Equal(again, data) || class != names[i%int64(len(names))] || name != Name(i) {
				t.Errorf("image %d is drawn differently by itself", i)
			}
		}
	}
	for _, k := range []string{"jpeg", "png", grayJPEG, grayPNG, alphaPNG, palettePNG, deepPNG, "jpeg:95", "jpeg:75:444", "wide", "high", "large", "small"} {
		if seen[k] == 0 {
			t.Errorf("none of %d images is %s", n, k)
		}
	}
}

// TestBytes holds the bytes of some images: Version changes with them.
func TestBytes(t *testing.T) {
	h := crc32.NewIEEE()
	var d Drawer
	var buf []byte
	for i := range int64(60) {
		buf = d.Draw(buf[:0], i)
		h.Write(buf)
	}
	if got, want := fmt.Sprintf("%d %08x", Version, h.Sum32()), "1 84b9a39f"; got != want {
		t.Errorf("version and checksum are %s, want %s", got, want)
	}
}

// TestSalient: the object is more saturated than anything in the background of a colour image.
func TestSalient(t *testing.T) {
	var d Drawer
	for i := range int64(48) {
		m := d.Paint(i)
		most, vivid := 0, 0
		for p := m.Pix; len(p) > 0; p = p[3:] {
			s := int(max(p[0], p[1], p[2])) - int(min(p[0], p[1], p[2]))
			most = max(most, s)
			if s > 90 {
				vivid++
			}
		}
		if share := vivid * 1000 / (m.W * m.H); most < 120 || share < 5 || share > 450 {
			t.Errorf("image %d: saturation up to %d, %d ‰ of the pixels are vivid", i, most, share)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	var d Drawer
	var buf []byte
	n := 0
	for i := range b.N {
		buf = d.Draw(buf[:0], int64(i%500))
		n += len(buf)
	}
	b.ReportMetric(float64(n)/float64(b.N), "B/image")
}
