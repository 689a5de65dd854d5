package imaging

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging/internal/png"
)

// read returns a file of testdata.
func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// pillow is a row of testdata/pixels.tsv: the pixels that Pillow reads.
type pillow struct {
	name string
	w, h int
	crc  uint32
}

func pillowPixels(t testing.TB) []pillow {
	t.Helper()
	var rows []pillow
	for line := range strings.Lines(string(read(t, "pixels.tsv"))) {
		var r pillow
		if _, err := fmt.Sscanf(line, "%s\t%d\t%d\t%x", &r.name, &r.w, &r.h, &r.crc); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	if len(rows) < 40 {
		t.Fatalf("%d rows in testdata/pixels.tsv", len(rows))
	}
	return rows
}

func TestDecodeEqualsPillow(t *testing.T) {
	var d Decoder
	var m Image
	for _, tt := range pillowPixels(t) {
		data := read(t, tt.name)
		c, err := d.Decode(t.Context(), &m, data, DecodeParams{})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		crc := crc32.ChecksumIEEE(m.Pix)
		if m.W != tt.w || m.H != tt.h || len(m.Pix) != 3*tt.w*tt.h || crc != tt.crc {
			t.Errorf("%s: %d×%d, CRC %08x, want %d×%d, CRC %08x", tt.name, m.W, m.H, crc, tt.w, tt.h, tt.crc)
		}
		again, err := DecodeConfig(data, DecodeParams{})
		if err != nil || again != c || c.W != m.W || c.H != m.H {
			t.Errorf("%s: DecodeConfig says %+v, %v, Decode says %+v", tt.name, again, err, c)
		}
		if !strings.HasSuffix(strings.Replace(tt.name, ".tif", ".tiff", 1), "."+string(c.Format)) {
			t.Errorf("%s: taken for %s", tt.name, c.Format)
		}
	}
}

// Every file, cut short anywhere, is a fault or an image of the declared size; never a panic, and
// never an error that would stop the job.
func TestDecodeCutShort(t *testing.T) {
	var d Decoder
	var m Image
	for _, tt := range pillowPixels(t) {
		data := read(t, tt.name)
		step := 1
		if testing.Short() {
			step = 1 + len(data)/40
		}
		for n := 0; n < len(data); n += step {
			c, err := d.Decode(t.Context(), &m, data[:n], DecodeParams{})
			switch f := premix.AsFault(err); {
			case err != nil && f == nil:
				t.Fatalf("%s, %d bytes: %v is no fault", tt.name, n, err)
			case err != nil && n > 40 && f.Kind != premix.Truncated && f.Kind != premix.Corrupt:
				t.Fatalf("%s, %d bytes: %s: %v", tt.name, n, f.Kind, err)
			case err == nil && (c.W != tt.w || m.W != tt.w || m.H != tt.h):
				t.Fatalf("%s, %d bytes: %d×%d", tt.name, n, m.W, m.H)
			}
		}
	}
}

func TestDecodeFaults(t *testing.T) {
	tests := []struct {
		name string
		data []byte
		p    DecodeParams
		kind premix.FaultKind
		has  string
	}{
		{"no bytes", nil, DecodeParams{}, premix.Empty, "no bytes"},
		{"text", []byte("BM is how this text begins"), DecodeParams{}, premix.Unsupported, "42 4d 20 69"},
		{"one byte", []byte{0xff}, DecodeParams{}, premix.Unsupported, "ff"},
		{"PAM", []byte("P7\nWIDTH 2\nHEIGHT 2\nENDHDR\n"), DecodeParams{}, premix.Unsupported, "PNM of the kind P7"},
		{"a bomb of PNM", []byte("P6 60000 60000 255\n"), DecodeParams{}, premix.TooLarge, "60000×60000"},
		{"a cut PNM", []byte("P6 6000 6000 255\nabc"), DecodeParams{}, premix.Truncated, "EOF"},
		{"a value above the largest", []byte("P2 1 1 7 8"), DecodeParams{}, premix.Corrupt, "8 is above 7"},
		{"AVIF", []byte("\x00\x00\x00\x1cftypavif1234"), DecodeParams{}, premix.Unsupported, "AVIF"},
		{"JPEG 2000", []byte("\x00\x00\x00\x0cjP  \r\n\x87\n"), DecodeParams{}, premix.Unsupported, "JPEG 2000"},
		{"JPEG XL", []byte("\xff\x0a1234"), DecodeParams{}, premix.Unsupported, "JPEG XL"},
		{"too many bytes", read(t, "rgb.png"), DecodeParams{Limits: Limits{MaxBytes: 100}}, premix.TooLarge, "the limit is 100"},
		{"too many pixels", read(t, "rgb.png"), DecodeParams{Limits: Limits{MaxPixels: 23*17 - 1}}, premix.TooLarge, "23×17"},
		{"a bomb", pngOf(1<<17, 1<<17), DecodeParams{}, premix.TooLarge, "131072×131072"},
		{"a thread", pngOf(1<<16, 1), DecodeParams{}, premix.TooLarge, "65536×1"},
		{"no rows", gifOf(7, 0, 7, 0), DecodeParams{}, premix.Empty, "7×0"},
		{"a bomb of GIF", gifOf(65535, 65535, 1, 1), DecodeParams{}, premix.TooLarge, "65535×65535"},
		{"a cut GIF", gifOf(7, 5, 7, 5), DecodeParams{}, premix.Truncated, "EOF"},
		{"a cut animation", webpAnimation(), DecodeParams{}, premix.Truncated, "before its first frame"},
		{"13 bands", tiffOf(map[uint16]uint16{258: 16, 277: 13}), DecodeParams{}, premix.Unsupported, "13 bands: more than 3"},
		{"RGB and infrared", tiffOf(map[uint16]uint16{258: 8, 262: 2, 277: 4}), DecodeParams{}, premix.Unsupported, "4 bands: more than 3"},
		{"gray and something", tiffOf(map[uint16]uint16{258: 8, 277: 2}), DecodeParams{}, premix.Unsupported, "2 bands of which gray has 1"},
		{"fax of the first kind", tiffOf(map[uint16]uint16{259: 2}), DecodeParams{}, premix.Unsupported, "compression 2"},
		{"a TIFF without its strip", tiffOf(nil), DecodeParams{}, premix.Corrupt, "0 strips or tiles"},
		{"16 bits of BMP", bmpOf(16, 0), DecodeParams{}, premix.Unsupported, "16 bits"},
		{"RLE of BMP", bmpOf(8, 1), DecodeParams{}, premix.Unsupported, "RLE"},
		{"fields of BMP", bmpOf(32, 3), DecodeParams{}, premix.Unsupported, "bit fields"},
		{"a chunk before the header", chunkFirst(read(t, "rgb.png")), DecodeParams{}, premix.Corrupt, "first chunk"},
		{"a checksum", flip(read(t, "rgb.png"), -20), DecodeParams{}, premix.Corrupt, "checksum"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d Decoder
			var m Image
			_, err := d.Decode(t.Context(), &m, tt.data, tt.p)
			f := premix.AsFault(err)
			if f == nil || f.Kind != tt.kind || !strings.Contains(f.Reason, tt.has) {
				t.Fatalf("%#v, want a fault of kind %s that says %q", err, tt.kind, tt.has)
			}
		})
	}
}

// chunkFirst puts an unknown chunk before the header of a PNG.
func chunkFirst(data []byte) []byte {
	chunk := []byte("teStabcdefgh")
	out := append([]byte(png.Magic), 0, 0, 0, byte(len(chunk)-4))
	out = binary.BigEndian.AppendUint32(append(out, chunk...), crc32.ChecksumIEEE(chunk))
	return append(out, data[len(png.Magic):]...)
}

// pngOf returns the header of a PNG.
func pngOf(w, h uint32) []byte {
	ihdr := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), w), h)
	ihdr = append(ihdr, 8, 2, 0, 0, 0)
	data := append([]byte(png.Magic), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(data, ihdr...), crc32.ChecksumIEEE(ihdr))
}

// gifOf returns a GIF up to the pixels of its frame.
func gifOf(w, h, frameW, frameH uint16) []byte {
	data := binary.LittleEndian.AppendUint16([]byte("GIF89a"), w)
	data = append(binary.LittleEndian.AppendUint16(data, h), 0, 0, 0, ',', 0, 0, 0, 0)
	data = binary.LittleEndian.AppendUint16(data, frameW)
	return append(binary.LittleEndian.AppendUint16(data, frameH), 0, 8)
}

// webpAnimation returns the header of an animated WebP.
func webpAnimation() []byte {
	return []byte("RIFF\x1e\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x07\x00\x00\x07\x00\x00\x00\x00\x00\x00")
}

// tiffOf returns a directory that announces 8×1 samples, with other tags, and no strip.
func tiffOf(more map[uint16]uint16) []byte {
	tags := map[uint16]uint16{256: 8, 257: 1, 258: 1, 259: 1, 262: 1, 278: 1}
	maps.Copy(tags, more)
	data := append([]byte("II*\x00\x08\x00\x00\x00"), byte(len(tags)), 0)
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		data = binary.LittleEndian.AppendUint16(data, tag)
		data = append(data, 3, 0, 1, 0, 0, 0, byte(tags[tag]), 0, 0, 0)
	}
	return append(data, 0, 0, 0, 0)
}

// bmpOf returns the header of a BMP.
func bmpOf(bits, compression byte) []byte {
	data := make([]byte, 54)
	copy(data, "BM")
	data[10], data[14], data[18], data[22], data[26], data[28], data[30] = 54, 40, 1, 1, 1, bits, compression
	return data
}

// flip returns data with one byte changed; a negative index counts from the end.
func flip(data []byte, i int) []byte {
	data = bytes.Clone(data)
	data[(i+len(data))%len(data)] ^= 0x55
	return data
}

// The first frame lies where it says, on a white screen.
func TestDecodeGIFFrames(t *testing.T) {
	palette := color.Palette{color.Black, color.RGBA{R: 255, A: 255}, color.RGBA{}}
	first := image.NewPaletted(image.Rect(2, 1, 4, 3), palette)
	copy(first.Pix, []byte{0, 1, 2, 1})
	second := image.NewPaletted(image.Rect(0, 0, 5, 4), palette)
	var file bytes.Buffer
	g := &gif.GIF{
		Image: []*image.Paletted{first, second}, Delay: []int{1, 1},
		Config: image.Config{Width: 5, Height: 4, ColorModel: palette},
	}
	if err := gif.EncodeAll(&file, g); err != nil {
		t.Fatal(err)
	}
	var d Decoder
	m := Image{Pix: make([]byte, 60)}
	if _, err := d.Decode(t.Context(), &m, file.Bytes(), DecodeParams{}); err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte{255}, 60)
	copy(want[15+6:], []byte{0, 0, 0, 255, 0, 0})
	copy(want[30+9:], []byte{255, 0, 0})
	if m.W != 5 || m.H != 4 || !bytes.Equal(m.Pix, want) {
		t.Errorf("%d×%d\n%v, want\n%v", m.W, m.H, m.Pix, want)
	}
}

func TestSniffAndNames(t *testing.T) {
	for name, want := range map[string]bool{
		"a.jpg": true, "a.JPEG": true, "n/a.Png": true, "a.gif": true, "a.webp": true, "a.BMP": true, "a.tif": true, "a.tiff": true,
		"a.txt": false, "jpg": false, "a.jpg.txt": false, "a.jpg/b": false, "": false, "a.ppm": true, "a.PGM": true, "a.pbm": true, "a.pnm": true, "a.pam": false,
	} {
		if got := HasImageName(name); got != want {
			t.Errorf("HasImageName(%q) = %v", name, got)
		}
	}
	for s, want := range map[string]Format{
		"\xff\xd8\xff\xe0": JPEG, "\x89PNG\r\n\x1a\n": PNG, "GIF87a": GIF, "GIF89a": GIF, "RIFF....WEBPVP8 ": WebP,
		"BM............\x28\x00\x00\x00": BMP, "BM............\x29\x00\x00\x00": Unknown, "II*\x00": TIFF, "MM\x00*": TIFF,
		"P6\n4 3 255\n": PNM, "P1 #": PNM, "P5\r\n\t7": PNM, "P6 in a text": Unknown, "P7\n4": Unknown, "P44": Unknown, "P6 ": Unknown,
		"": Unknown, "\xff\xd8": Unknown, "RIFF....WAVE": Unknown, "MM\x00+": Unknown,
	} {
		if got := Sniff([]byte(s)); got != want {
			t.Errorf("Sniff(%q) = %q, want %q", s, got, want)
		}
	}
}
