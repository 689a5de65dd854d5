package imaging

import (
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/internal/sharedtest"
)

// An oddity is a hard file, and what is made of it: a kind of fault, or pixels, which are those
// of Pillow 13 laid on white. In lenient mode a truncated JPEG is what Pillow makes of it with
// LOAD_TRUNCATED_IMAGES.
type oddity struct {
	name    string
	kind    premix.FaultKind
	format  Format
	w, h    int
	crc     uint32
	lenient uint32
}

var oddities = []oddity{
	{name: "12bit.jpg", kind: premix.Unsupported},
	{name: "16bit-qtables.jpg", format: JPEG, w: 128, h: 128, crc: 0x2dd7843c},
	{name: "adobe-rgb-transform0.jpeg", format: JPEG, w: 150, h: 103, crc: 0x1cc1dd1a},
	{name: "arithmetic-sof9.jpg", format: JPEG, w: 227, h: 149, crc: 0x9518fe98},
	{name: "bad-comment-length.jpeg", format: JPEG, w: 36, h: 28, crc: 0x9884e0e6},
	{name: "bad-exif-and-huffman.jpg", kind: premix.Corrupt, format: JPEG, w: 500, h: 500, lenient: 0x89102448},
	{name: "bad-exif.jpg", format: JPEG, w: 200, h: 200, crc: 0x12603fb3},
	{name: "bmp-named-jpeg.jpeg", format: BMP, w: 640, h: 426, crc: 0x16ea3668},
	{name: "bomb-gif.gif", kind: premix.TooLarge},
	{name: "cmyk-adobe0.jpeg", format: JPEG, w: 150, h: 103, crc: 0xffbbb03a},
	{name: "dim-bomb-png-8.6Gpx.bin", kind: premix.TooLarge},
	{name: "gray-2x2-declared.jpeg", format: JPEG, w: 150, h: 103, crc: 0x79484614},
	{name: "huge-sof-number.jpg", format: JPEG, w: 800, h: 600, crc: 0x4f1ba853},
	{name: "icc-after-sof.jpg", format: JPEG, w: 10, h: 10, crc: 0xb5348fd2},
	{name: "jpeg-named-png.png", format: JPEG, w: 640, h: 426, crc: 0x34cd8996},
	{name: "lossless-sof3-photo.jpg", kind: premix.Unsupported},
	{name: "mjpeg-no-dht.jpg", format: JPEG, w: 1280, h: 720, crc: 0xa932999c},
	{name: "mpo-ultrahdr-trailing-40kB.jpg", kind: premix.Truncated, format: JPEG, w: 1512, h: 2688, lenient: 0x9854f394},
	{name: "multiple-exif.jpg", format: JPEG, w: 1, h: 1, crc: 0xff41d912},
	{name: "orient1.jpg", format: JPEG, w: 1800, h: 1200, crc: 0x7dca04fa},
	{name: "orient2.jpg", format: JPEG, w: 1800, h: 1200, crc: 0x5c10dec0},
	{name: "orient3.jpg", format: JPEG, w: 1800, h: 1200, crc: 0x2748f4cc},
	{name: "orient4.jpg", format: JPEG, w: 1800, h: 1200, crc: 0x462c7774},
	{name: "orient5.jpg", format: JPEG, w: 1200, h: 1800, crc: 0xbfffe4d6},
	{name: "orient6.jpg", format: JPEG, w: 1200, h: 1800, crc: 0xe097c4ec},
	{name: "orient7.jpg", format: JPEG, w: 1200, h: 1800, crc: 0xd79dd96b},
	{name: "orient8.jpg", format: JPEG, w: 1200, h: 1800, crc: 0x29e424b1},
	{name: "png-16bit-rgba.png", format: PNG, w: 32, h: 32, crc: 0x847a95df},
	{name: "png-1bit-gray.png", format: PNG, w: 32, h: 32, crc: 0x1d8b1934},
	{name: "png-bad-stream.png", kind: premix.Corrupt},
	{name: "png-broken.png", kind: premix.Truncated},
	{name: "png-crc.png", kind: premix.Corrupt},
	{name: "png-named-jpeg.jpeg", format: PNG, w: 640, h: 426, crc: 0x16ea3668},
	{name: "png-palette-alpha.png", format: PNG, w: 32, h: 32, crc: 0xcb842508},
	{name: "png-trunc.png", kind: premix.Truncated},
	{name: "png-truncated.png", kind: premix.Truncated},
	{name: "png-zlib.png", kind: premix.Corrupt},
	{name: "pnm-named-jpeg.jpeg", format: PNM, w: 640, h: 426, crc: 0x16ea3668},
	{name: "progressive-many-scans-valid.jpg", format: JPEG, w: 425, h: 250, crc: 0x4f165a1c},
	{name: "progressive-slow-8k.jpg", format: JPEG, w: 7680, h: 4320, crc: 0x892bc178},
	{name: "progressive.jpeg", format: JPEG, w: 150, h: 103, crc: 0xf6ffa83d},
	{name: "sampling-1x3.jpeg", format: JPEG, w: 100, h: 75, crc: 0x0d18a05a},
	{name: "sampling-24.jpg", format: JPEG, w: 640, h: 426, crc: 0x915e2886},
	{name: "sampling-410.jpeg", format: JPEG, w: 150, h: 103, crc: 0x9ba0b4b6},
	{name: "sampling-440.jpeg", format: JPEG, w: 150, h: 103, crc: 0x83ff1164},
	{name: "sampling-very-weird.jpeg", format: JPEG, w: 100, h: 75, crc: 0x01b2c11f},
	{name: "sampling-weird.jpeg", format: JPEG, w: 100, h: 75, crc: 0xe5487249},
	{name: "sof-dht-swap.jpeg", format: JPEG, w: 36, h: 28, crc: 0x9884e0e6},
	{name: "tiff-named-jpeg.jpeg", format: TIFF, w: 640, h: 475, crc: 0x7363b0b6},
	{name: "truncated-4k.jpg", kind: premix.Truncated, format: JPEG, w: 3840, h: 2160, lenient: 0x240be3ed},
	{name: "truncated-app14.jpg", format: JPEG, w: 100, h: 100, crc: 0x2bcac30b},
	{name: "truncated-baseline.jpeg", kind: premix.Truncated, format: JPEG, w: 100, h: 75, lenient: 0xeb6fb6d3},
	{name: "truncated-pillow.jpg", format: JPEG, w: 100, h: 100, crc: 0x6137192e},
	{name: "truncated-progressive-go.jpeg", format: JPEG, w: 150, h: 103, crc: 0x5d8d85b3},
	{name: "truncated-progressive.jpeg", kind: premix.Truncated, format: JPEG, w: 100, h: 75, lenient: 0x57505715},
	{name: "ycck-adobe2.jpg", format: JPEG, w: 100, h: 100, crc: 0xb166528d},
}

func TestOddities(t *testing.T) {
	dir := sharedtest.Dir(t, "data", "oddities")
	byName := map[string]oddity{}
	for _, o := range oddities {
		byName[o.name] = o
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var d Decoder
	var m Image
	seen := 0
	for _, file := range files {
		name := file.Name()
		if strings.HasPrefix(name, "tar-") || strings.HasPrefix(name, "wds-") || strings.HasPrefix(name, "tfrecord-") || name == "PICKS.tsv" {
			continue
		}
		o, ok := byName[name]
		if !ok {
			t.Errorf("%s is not in the table", name)
			continue
		}
		seen++
		if testing.Short() && o.w*o.h > 1<<24 {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		c, err := d.Decode(t.Context(), &m, data, DecodeParams{})
		if o.kind != "" {
			if f := premix.AsFault(err); f == nil || f.Kind != o.kind {
				t.Errorf("%s: %v, want a fault of kind %s", name, err, o.kind)
			}
		} else if crc := crc32.ChecksumIEEE(m.Pix); err != nil || c.Format != o.format || m.W != o.w || m.H != o.h || crc != o.crc {
			t.Errorf("%s: %s of %d×%d, CRC %08x, %v; want %s of %d×%d, CRC %08x", name, c.Format, m.W, m.H, crc, err, o.format, o.w, o.h, o.crc)
		}
		if o.lenient == 0 {
			continue
		}
		c, err = d.Decode(t.Context(), &m, data, DecodeParams{AcceptTruncated: true})
		if crc := crc32.ChecksumIEEE(m.Pix); err != nil || c.W != o.w || c.H != o.h || crc != o.lenient {
			t.Errorf("%s, truncated: %d×%d, CRC %08x, %v; want %d×%d, CRC %08x", name, c.W, c.H, crc, err, o.w, o.h, o.lenient)
		}
	}
	if seen != len(oddities) {
		t.Errorf("%d of %d files are there", seen, len(oddities))
	}
}
