package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging/internal/png"
)

// A watched context counts how often it is looked at, and ends after some looks.
type watched struct {
	context.Context
	looks, after int
	end          context.CancelCauseFunc
}

var errEnough = errors.New("enough")

func (w *watched) Err() error {
	if w.looks++; w.looks > w.after {
		w.end(errEnough)
	}
	return w.Context.Err()
}

func watch(t *testing.T, after int) *watched {
	ctx, end := context.WithCancelCause(t.Context())
	t.Cleanup(func() { end(nil) })
	return &watched{ctx, 0, after, end}
}

// large returns a picture of 2000×2000 pixels of each kind.
func large(t testing.TB) map[Format][]byte {
	t.Helper()
	const side = 2000
	gray := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.Black, color.White})
	var g, b, f bytes.Buffer
	if err := errors.Join(gif.Encode(&g, gray, nil), bmp.Encode(&b, gray), tiff.Encode(&f, gray, &tiff.Options{Compression: tiff.Deflate})); err != nil {
		t.Fatal(err)
	}
	webp, err := hex.DecodeString("524946461e000000574542505650384c110000002fcfc7f30107d0b126f4b8ff8188e87f0000")
	if err != nil {
		t.Fatal(err)
	}
	m := generated("rings", side, side)
	return map[Format][]byte{
		PNG: encoded(t, "png", m), GIF: g.Bytes(), BMP: b.Bytes(), TIFF: f.Bytes(), WebP: webp,
		PNM: append([]byte("P6 2000 2000 255\n"), m.Pix...),
	}
}

// Decoders look at the context every few MiB, and its end is no fault of the picture.
func TestContext(t *testing.T) {
	for format, data := range large(t) {
		t.Run(string(format), func(t *testing.T) {
			var d Decoder
			var m Image
			unhurried := watch(t, 1<<30)
			if _, err := d.Decode(unhurried, &m, data, DecodeParams{}); err != nil {
				t.Fatal(err)
			}
			if unhurried.looks < 3 && format != WebP { // whose decoder is left alone when the context is done
				t.Errorf("looked at %d times in %d pixels", unhurried.looks, m.W*m.H)
			}
			hurried := watch(t, 2)
			if format == WebP {
				hurried.end(errEnough)
			}
			_, err := d.Decode(hurried, &m, data, DecodeParams{})
			if !errors.Is(err, errEnough) || premix.AsFault(err) != nil {
				t.Errorf("%v, want the cause of the context", err)
			}
		})
	}
}

// Memory is three bytes a pixel and a little, whatever the depth and the passes of a PNG.
func TestMemoryOfDeepPictures(t *testing.T) {
	for _, interlaced := range []byte{0, 1} {
		c, err := DecodeConfig(pngHead(8000, 8000, 16, 6, interlaced), DecodeParams{})
		if err != nil || c.Memory > 3*8000*8000+1<<20 {
			t.Errorf("interlaced %d: %d bytes, %v", interlaced, c.Memory, err)
		}
	}
}

// pngHead returns the first chunk of a PNG.
func pngHead(w, h uint32, depth, colour, interlaced byte) []byte {
	ihdr := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), w), h)
	ihdr = append(ihdr, depth, colour, 0, 0, interlaced)
	data := append([]byte(png.Magic), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(data, ihdr...), crc32.ChecksumIEEE(ihdr))
}

// What is small as a file and large as work is refused by the limit that it breaks, most of it by its
// header.
func TestCosts(t *testing.T) {
	empty := append(bytes.Repeat([]byte{0, 0, 0, 0xff, 0xff}, 200_000), zipped(make([]byte, 100))[2:]...)
	stored := append([]byte{0x78, 1}, empty...)
	lossless, err := hex.DecodeString("524946461e000000574542505650384c110000002fcfc7f30107d0b126f4b8ff8188e87f0000")
	if err != nil {
		t.Fatal(err)
	}
	wide := bytes.Clone(lossless)
	binary.LittleEndian.PutUint32(wide[21:], 16383-1|(8190-1)<<14)
	small := Limits{MaxPixels: 1 << 20}
	tests := []struct {
		name   string
		data   []byte
		limits Limits
		has    string
	}{
		{"samples of PNG", pngHead(11585, 11585, 16, 6, 0), Limits{}, "bytes of samples, the limit is 537919488 (4 for each of --max-pixels)"},
		{"samples of small PNG", pngHead(1024, 1024, 16, 6, 1), small, "bytes of samples"},
		{"memory of WebP", wide, Limits{}, "takes 1744 MiB of memory, the limit is 1024 MiB (8 bytes for each of --max-pixels)"},
		{"memory of a small image", lossless, Limits{MaxPixels: 4_000_000}, ""},
		{"small tiles", strips(8000, 8000, 7, 16, make([]byte, 100), 250_000), Limits{}, "bytes of samples"},
		{"a large tile", strips(1, 1, 8, 1<<20, zipped(make([]byte, 100)), 1), Limits{}, "bytes of samples"},
		{"strips in the same bytes", strips(100, 100, 8, 0, stored, 100), Limits{}, "lie in the same bytes"},
		{"a palette of many rows", pngHead(65535, 65535, 1, 3, 0), Limits{}, "65535×65535 pixels"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var d Decoder
			var m Image
			_, err := d.Decode(t.Context(), &m, tt.data, DecodeParams{Limits: tt.limits})
			f := premix.AsFault(err)
			if tt.has == "" {
				if err != nil { // below 128 MiB it is always read
					t.Fatal(err)
				}
				return
			}
			if f == nil || f.Kind != premix.TooLarge || !strings.Contains(f.Reason, tt.has) {
				t.Fatalf("%#v, want a limit that says %q", err, tt.has)
			}
		})
	}
}

// zipped is data behind zlib.
func zipped(data []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		panic(err)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// strips returns a gray TIFF whose n strips of one row, or tiles of the given side, all lie in data.
func strips(w, h, compression, side uint32, data []byte, n int) []byte {
	const short, long = 3, 4
	type entry struct{ tag, kind, n, value uint32 }
	at := uint32(8 + len(data))
	lists := at + 2 + 12*12 + 4
	offsets, counts := entry{273, long, uint32(n), lists}, entry{279, long, uint32(n), lists + uint32(4*n)}
	entries := []entry{{256, long, 1, w}, {257, long, 1, h}, {258, short, 1, 8}, {259, short, 1, compression}, {262, short, 1, 1}, {277, short, 1, 1}, {278, long, 1, 1}}
	if side > 0 {
		offsets.tag, counts.tag = 324, 325
		entries = append(entries, entry{322, long, 1, side}, entry{323, long, 1, side})
	}
	if n == 1 {
		offsets.value, counts.value = 8, uint32(len(data))
	}
	entries = append(entries, offsets, counts)
	b := binary.LittleEndian.AppendUint32([]byte("II*\x00"), at)
	b = binary.LittleEndian.AppendUint16(append(b, data...), uint16(len(entries)))
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint16(b, uint16(e.tag))
		b = binary.LittleEndian.AppendUint16(b, uint16(e.kind))
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, e.n), e.value)
	}
	b = append(b, make([]byte, int(lists)-len(b))...)
	for _, v := range []uint32{8, uint32(len(data))} {
		for range n {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
	}
	return b
}
