package imaging

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"github.com/premix/premix/imaging/internal/png"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/premix/premix/internal/sharedtest"
)

// exifOf returns a TIFF structure with one entry, the orientation.
func exifOf(order binary.AppendByteOrder, orientation uint16) []byte {
	head := "MM\x00*"
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		head = "II*\x00"
	}
	b := order.AppendUint32([]byte(head), 8)
	b = order.AppendUint16(b, 1)
	b = order.AppendUint16(b, 0x0112)
	b = order.AppendUint16(b, 3)
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(b, orientation)
	return append(b, 0, 0, 0, 0, 0, 0)
}

// upright are the pixels a to f of an image of 3×2 after each orientation is undone.
var upright = map[uint16]string{
	1: "abc def", 2: "cba fed", 3: "fed cba", 4: "def abc",
	5: "ad be cf", 6: "da eb fc", 7: "fc eb da", 8: "cf be ad",
}

func TestTurnUpright(t *testing.T) {
	var d Decoder
	for o, want := range upright {
		m := Image{W: 3, H: 2}
		for _, c := range []byte("abcdef") {
			m.Pix = append(m.Pix, c, c+1, c+2)
		}
		d.turnUpright(&m, int(o))
		var got []byte
		for y := range m.H {
			if y > 0 {
				got = append(got, ' ')
			}
			for x := range m.W {
				p := m.Row(y)[3*x:]
				if p[1] != p[0]+1 || p[2] != p[0]+2 {
					t.Fatalf("orientation %d: channels %v", o, p[:3])
				}
				got = append(got, p[0])
			}
		}
		if string(got) != want {
			t.Errorf("orientation %d: %q, want %q", o, got, want)
		}
	}
}

// The transposition is right on sizes that are not a multiple of its tiles.
func TestTranspose(t *testing.T) {
	m := generated("hash", 71, 45)
	before := slices.Clone(m.Pix)
	transpose(m, nil)
	for y := range 45 {
		for x := range 71 {
			if got, want := m.Row(x)[3*y:][:3], before[3*(71*y+x):][:3]; !bytes.Equal(got, want) {
				t.Fatalf("column %d, row %d: %v, want %v", x, y, got, want)
			}
		}
	}
}

// An orientation is found in every format that has one, and only used when asked for.
func TestDecodeAppliesEXIF(t *testing.T) {
	png := read(t, "rgb.png")
	jpg := encoded(t, "jpeg:95", generated("rings", 23, 17))
	webp := read(t, "lossy60.webp")
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		exif := exifOf(order, 6)
		files := map[Format][]byte{
			PNG:  slices.Insert(slices.Clone(png), 33, pngChunk("eXIf", exif)...),
			JPEG: slices.Insert(slices.Clone(jpg), 2, app1(append([]byte("Exif\x00\x00"), exif...))...),
			WebP: append(slices.Clone(webp), append([]byte("EXIF\x1a\x00\x00\x00"), exif...)...),
		}
		binary.LittleEndian.PutUint32(files[WebP][4:], uint32(len(files[WebP])-8))
		for f, data := range files {
			var d Decoder
			var ignored, applied Image
			if _, err := d.Decode(t.Context(), &ignored, data, DecodeParams{}); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			c, err := d.Decode(t.Context(), &applied, data, DecodeParams{ApplyEXIF: true})
			if err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			if ignored.W != 23 || applied.W != 17 || c.W != 17 || c.H != 23 {
				t.Fatalf("%s: %d×%d, with EXIF %d×%d, config %d×%d", f, ignored.W, ignored.H, applied.W, applied.H, c.W, c.H)
			}
			transpose(&ignored, nil)
			FlipH(&ignored)
			if !bytes.Equal(ignored.Pix, applied.Pix) {
				t.Errorf("%s: not turned by 90°", f)
			}
		}
	}
	// The TIFF structure of a TIFF is the file.
	tif := read(t, "rgb.tif")
	if got := exifOrientation(TIFF, tif); got != 1 {
		t.Errorf("orientation %d of a TIFF without one", got)
	}
}

// Malformed EXIF means orientation 1, and never an error.
func TestBadEXIF(t *testing.T) {
	good := exifOf(binary.LittleEndian, 6)
	if got := tiffOrientation(good); got != 6 {
		t.Fatalf("orientation %d, want 6", got)
	}
	for n := range good[:20] {
		if got := tiffOrientation(good[:n]); got != 1 {
			t.Errorf("%d bytes: orientation %d", n, got)
		}
	}
	for _, b := range [][]byte{
		exifOf(binary.BigEndian, 0), exifOf(binary.BigEndian, 9), exifOf(binary.BigEndian, 0x600),
		flip(good, 0), flip(good, 4), flip(good, 7), flip(good, 12), flip(good, 14),
	} {
		if got := tiffOrientation(b); got != 1 {
			t.Errorf("% x: orientation %d", b, got)
		}
	}
	for name, f := range map[string]func([]byte) []byte{"jpeg": jpegEXIF, "png": pngEXIF, "webp": webpEXIF} {
		for _, b := range []string{"", "\xff\xd8", "\xff\xd8\xff", "\xff\xd8\xff\xff\xff\xff", "\xff\xd8\xff\xe1\x00\x01", "\xff\xd8\xff\xe1\xff\xffExif\x00\x00",
			png.Magic + "\xff\xff\xff\xffeXIf1234", "RIFF\x00\x00\x00\x00WEBPEXIF\xff\xff\xff\xff"} {
			if got := f([]byte(b)); got != nil {
				t.Errorf("%s of %q: %q", name, b, got)
			}
		}
	}
}

// The same photograph in all eight orientations, each compressed for itself.
func TestOrientedPhotographs(t *testing.T) {
	dir := sharedtest.Dir(t, "data", "oddities")
	var d Decoder
	var first, m, small Image
	var r Resampler
	for o := 1; o <= 8; o++ {
		data, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("orient%d.jpg", o)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Decode(t.Context(), &m, data, DecodeParams{ApplyEXIF: true}); err != nil {
			t.Fatal(err)
		}
		if err := r.Resize(&small, &m, whole(m.W, m.H), 180, 120, whole(180, 120), Bilinear); err != nil {
			t.Fatal(err)
		}
		if o == 1 {
			first.Resize(small.W, small.H)
			copy(first.Pix, small.Pix)
		}
		if got := psnr(first.Pix, small.Pix); m.W != 1800 || m.H != 1200 || got < 25 {
			t.Errorf("orientation %d: %d×%d, %.1f dB from the first", o, m.W, m.H, got)
		}
	}
}

// psnr is the likeness of two images in decibels.
func psnr(a, b []byte) float64 {
	sum := 0.0
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a))/math.Max(sum, 1e-9))
}

func app1(payload []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(payload)+2)), payload...)
}

func pngChunk(kind string, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))
	b = append(append(b, kind...), payload...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

func encoded(t testing.TB, spec string, m *Image) []byte {
	t.Helper()
	e, err := NewEncoder(spec)
	if err != nil {
		t.Fatal(err)
	}
	data, err := e.Encode(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
