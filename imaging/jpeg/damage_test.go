package jpeg

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix"
)

// smallFiles reads the files of testdata, by name without extension.
func smallFiles(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.jpg")
	if err != nil || len(names) < 50 {
		t.Fatalf("%d files in testdata, %v", len(names), err)
	}
	files := map[string][]byte{}
	for _, n := range names {
		data, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(n), ".jpg")] = data
	}
	return files
}

// soundFiles reads those that are neither damaged nor cut.
func soundFiles(t testing.TB) map[string][]byte {
	files := smallFiles(t)
	for name := range files {
		if strings.HasPrefix(name, "damaged-") || strings.HasPrefix(name, "cut-") {
			delete(files, name)
		}
	}
	return files
}

// checkDecode decodes data and checks what holds for every input.
func checkDecode(t *testing.T, d *Decoder, data []byte, o Options) ([]byte, error) {
	t.Helper()
	h, herr := DecodeHeader(data)
	pix, dh, err := d.Decode(nil, data, o)
	switch {
	case herr != nil && (err == nil || err.Error() != herr.Error()):
		t.Fatalf("DecodeHeader: %v, Decode: %v", herr, err)
	case herr == nil && dh != h:
		t.Fatalf("DecodeHeader: %+v, Decode: %+v", h, dh)
	case err == nil && len(pix) != 3*h.W*h.H:
		t.Fatalf("%d bytes of %d×%d pixels", len(pix), h.W, h.H)
	case err != nil && pix != nil:
		t.Fatalf("pixels with error %v", err)
	case err != nil && premix.AsFault(err) == nil:
		t.Fatalf("%v is no fault", err)
	case err != nil && !strings.HasPrefix(err.Error(), "jpeg: "):
		t.Fatalf("%v does not name the package", err)
	}
	return pix, err
}

// headerLen is the length of the data up to and including the first SOS segment.
func headerLen(t testing.TB, data []byte) int {
	t.Helper()
	var p parser
	p.reset(data)
	if err := p.readHeader(); err != nil {
		t.Fatal(err)
	}
	return p.pos
}

// Cut at any byte, an image is either truncated or whole, and can be had if truncated data is
// accepted and its header is there.
func TestTruncation(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 11
	}
	for name, data := range soundFiles(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d Decoder
			whole, err := checkDecode(t, &d, data, Options{})
			if err != nil {
				t.Fatal(err)
			}
			header := headerLen(t, data)
			for n := 0; n < len(data); n += step {
				cut := data[:n:n]
				pix, err := checkDecode(t, &d, cut, Options{})
				f := premix.AsFault(err)
				switch {
				case err == nil && !bytes.Equal(pix, whole):
					t.Fatalf("cut at %d: other pixels", n)
				case err == nil && n < len(data)-2:
					// Nothing but the EOI marker may be missing.
					t.Fatalf("cut at %d of %d: accepted", n, len(data))
				case err != nil && n == 0 && f.Kind != premix.Empty,
					err != nil && n > 1 && f.Kind != premix.Truncated:
					t.Fatalf("cut at %d: %v", n, err)
				}
				if _, err := checkDecode(t, &d, cut, Options{AcceptTruncated: true}); (err == nil) != (n >= header) {
					t.Fatalf("cut at %d, header of %d bytes: %v", n, header, err)
				}
			}
		})
	}
}

// Changed bytes must not do harm, whatever they do to the picture.
func TestDamage(t *testing.T) {
	files := smallFiles(t)
	rounds := 400
	if testing.Short() {
		rounds = 40
	}
	for name, data := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d Decoder
			r := rand.New(rand.NewPCG(uint64(len(name)), 9))
			for range rounds {
				b := bytes.Clone(data)
				for range 1 + r.IntN(4) {
					b[r.IntN(len(b))] = byte(r.Uint32())
				}
				if h, err := DecodeHeader(b); err == nil && h.W*h.H > 1<<20 {
					continue
				}
				checkDecode(t, &d, b, Options{AcceptTruncated: r.IntN(2) == 0})
			}
			// The decoder is as good as new.
			want, err := checkDecode(t, new(Decoder), data, Options{})
			got, again := checkDecode(t, &d, data, Options{})
			if !bytes.Equal(got, want) || (err == nil) != (again == nil) {
				t.Fatalf("other pixels after damaged data; %v, %v", err, again)
			}
		})
	}
}

// Segments for images made by hand.

func segment(marker byte, content ...byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(content)))
	return append(b, content...)
}

func sof(marker byte, precision, w, h int, comps ...byte) []byte {
	c := []byte{byte(precision), byte(h >> 8), byte(h), byte(w >> 8), byte(w), byte(len(comps) / 3)}
	return segment(marker, append(c, comps...)...)
}

var (
	soi   = []byte{0xff, 0xd8}
	eoi   = []byte{0xff, 0xd9}
	ones  = bytes.Repeat([]byte{1}, 64)
	dqt0  = segment(mDQT, append([]byte{0}, ones...)...)
	gray  = []byte{1, 0x11, 0}
	ycc   = []byte{1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0}
	sos1  = segment(mSOS, 1, 1, 0, 0, 63, 0)
	sos3  = segment(mSOS, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0)
	prog1 = segment(mSOS, 1, 1, 0, 0, 0, 0)
)

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestFaults(t *testing.T) {
	frame := sof(0xc0, 8, 16, 16, gray...)
	tests := []struct {
		name   string
		data   []byte
		kind   premix.FaultKind
		reason string
	}{
		{"nothing", nil, premix.Empty, "no data"},
		{"no SOI", []byte("\x89PNG"), premix.Corrupt, "SOI"},
		{"SOI alone", soi, premix.Truncated, "truncated after 2 bytes"},
		{"no scan", join(soi, dqt0, frame, eoi), premix.Corrupt, "no image data"},
		{"cut in a segment", join(soi, dqt0[:20]), premix.Truncated, "truncated after 22 bytes"},
		{"two SOI", join(soi, soi, frame, sos1), premix.Corrupt, "second SOI"},
		{"two SOF", join(soi, frame, frame, sos1), premix.Corrupt, "second SOF"},
		{"12 bits", join(soi, sof(0xc1, 12, 16, 16, gray...), sos1), premix.Unsupported, "12 bits"},
		{"lossless", join(soi, sof(0xc3, 8, 16, 16, gray...), sos1), premix.Unsupported, "lossless"},
		{"arithmetic lossless", join(soi, sof(0xcb, 8, 16, 16, gray...), sos1), premix.Unsupported, "arithmetic-coded lossless"},
		{"bad DAC", join(soi, segment(mDAC, 0, 0x01), frame, sos1), premix.Corrupt, "conditioning"},
		{"DAC 32", join(soi, segment(mDAC, 32, 0x10), frame, sos1), premix.Corrupt, "conditioning"},
		{"odd DAC", join(soi, segment(mDAC, 0, 0x10, 0), frame, sos1), premix.Corrupt, "DAC segment"},
		{"hierarchical", join(soi, sof(0xc5, 8, 16, 16, gray...), sos1), premix.Unsupported, "hierarchical"},
		{"2 components", join(soi, sof(0xc0, 8, 16, 16, 1, 0x11, 0, 2, 0x11, 0), sos1), premix.Unsupported, "2 components"},
		{"5 components", join(soi, sof(0xc0, 8, 16, 16, append(ycc, 4, 0x11, 0, 5, 0x11, 0)...), sos1), premix.Unsupported, "5 components"},
		{"no height", join(soi, sof(0xc0, 8, 16, 0, gray...), sos1), premix.Unsupported, "DNL"},
		{"no width", join(soi, sof(0xc0, 8, 0, 16, gray...), sos1), premix.Empty, "width 0"},
		{"wide", join(soi, sof(0xc0, 8, 65501, 1, gray...), sos1), premix.TooLarge, "65501×1"},
		{"sampling 0", join(soi, sof(0xc0, 8, 16, 16, 1, 0x01, 0), sos1), premix.Corrupt, "sampling factors 0×1"},
		{"sampling 5", join(soi, sof(0xc0, 8, 16, 16, 1, 0x15, 0), sos1), premix.Corrupt, "sampling factors 1×5"},
		{"fractional", join(soi, sof(0xc0, 8, 16, 16, 1, 0x31, 0, 2, 0x21, 0, 3, 0x11, 0), sos3), premix.Unsupported, "not integral"},
		{"long SOF", join(soi, segment(0xc0, 8, 0, 1, 0, 1, 1, 1, 0x11, 0, 0), sos1), premix.Corrupt, "SOF segment"},
		{"SOS first", join(soi, sos1), premix.Corrupt, "SOS before SOF"},
		{"long SOS", join(soi, frame, segment(mSOS, 1, 1, 0, 0, 63, 0, 0)), premix.Corrupt, "SOS segment"},
		{"unknown component", join(soi, frame, segment(mSOS, 1, 7, 0, 0, 63, 0)), premix.Corrupt, "component 7"},
		{"component twice", join(soi, sof(0xc0, 8, 16, 16, ycc...), segment(mSOS, 2, 1, 0, 1, 0, 0, 63, 0)), premix.Corrupt, "component 1"},
		{"no quantisation table", join(soi, frame, sos1, eoi), premix.Corrupt, "quantisation table 0"},
		{"quantisation table 4", join(soi, segment(mDQT, append([]byte{4}, ones...)...), frame, sos1), premix.Corrupt, "quantisation table 4"},
		{"short DQT", join(soi, segment(mDQT, append([]byte{16}, ones...)...), frame, sos1), premix.Corrupt, "quantisation table"},
		{"short DHT", join(soi, segment(mDHT, 0, 9), frame, sos1), premix.Corrupt, "after a Huffman table"},
		{"DHT 5", join(soi, segment(mDHT, append([]byte{5}, make([]byte, 16)...)...), frame, sos1), premix.Corrupt, "table number 0x05"},
		{"DRI of 3 bytes", join(soi, segment(mDRI, 0, 1, 0), frame, sos1), premix.Corrupt, "DRI"},
		{"length 0", join(soi, []byte{0xff, mDQT, 0, 0}, frame, sos1), premix.Corrupt, "length 0"},
		{"reserved marker", join(soi, []byte{0xff, 0x02, 0, 2}, frame, sos1), premix.Unsupported, "0x02"},
		{"JPG marker", join(soi, []byte{0xff, mJPG, 0, 2}, frame, sos1), premix.Unsupported, "0xc8"},
		{"Huffman table 2", join(soi, dqt0, frame, segment(mSOS, 1, 1, 0x20, 0, 63, 0), eoi), premix.Corrupt, "Huffman table 2"},
		{"oversubscribed", join(soi, dqt0, frame, dht(0, []byte{0, 5}, 0, 1, 2, 3, 4), sos1, eoi), premix.Corrupt, "impossible Huffman table"},
		{"code of ones", join(soi, dqt0, frame, dht(0, []byte{2}, 0, 1), sos1, eoi), premix.Corrupt, "impossible Huffman table"},
		{"DC of 16 bits", join(soi, dqt0, frame, dht(0, []byte{1}, 16), sos1, eoi), premix.Corrupt, "impossible Huffman table"},
		{"big MCU", join(soi, dqt0, sof(0xc0, 8, 16, 16, 1, 0x33, 0, 2, 0x11, 0, 3, 0x11, 0), sos3, eoi), premix.Corrupt, "11 blocks"},
		{"progressive without tables", join(soi, dqt0, sof(0xc2, 8, 16, 16, gray...), prog1, eoi), premix.Corrupt, "Huffman table 0"},
		{"bad band", join(soi, dqt0, sof(0xc2, 8, 16, 16, gray...), segment(mSOS, 1, 1, 0, 5, 4, 0), eoi), premix.Corrupt, "impossible scan"},
		{"bad bits", join(soi, dqt0, sof(0xc2, 8, 16, 16, gray...), segment(mSOS, 1, 1, 0, 1, 4, 0x31), eoi), premix.Corrupt, "impossible scan"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := checkDecode(t, new(Decoder), tt.data, Options{AcceptTruncated: true})
			f := premix.AsFault(err)
			if f == nil || f.Kind != tt.kind || !strings.Contains(f.Reason, tt.reason) {
				t.Errorf("%v; want a fault of kind %s about %q", err, tt.kind, tt.reason)
			}
		})
	}
}

// dht defines a table by the numbers of its codes and their values.
func dht(number byte, counts []byte, vals ...byte) []byte {
	c := make([]byte, 17)
	c[0] = number
	copy(c[1:], counts)
	return segment(mDHT, append(c, vals...)...)
}

// Files that are not quite as they should be, but that libjpeg reads without harm.
func TestTolerated(t *testing.T) {
	files := smallFiles(t)
	base := files["420-35x18"]
	var d Decoder
	want, err := checkDecode(t, &d, base, Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := headerLen(t, base)
	sos := bytes.LastIndex(base[:at], []byte{0xff, mSOS})
	tests := []struct {
		name string
		data []byte
	}{
		{"no EOI", base[:len(base)-2]},
		{"half an EOI", base[:len(base)-1]},
		{"bytes after EOI", join(base, []byte("more\xff\xd8\xff\xda"))},
		{"bytes between segments", join(base[:sos], []byte{0, 1, 2, 0xff, 0, 3}, base[sos:])},
		{"fill bytes", join(base[:sos], []byte{0xff, 0xff, 0xff}, base[sos:])},
		{"RST and TEM between segments", join(base[:sos], []byte{0xff, 0xd3, 0xff, 1}, base[sos:])},
		{"comment of length 0", join(base[:sos], []byte{0xff, mCOM, 0, 0}, base[sos:])},
		{"DNL", join(base[:sos], segment(mDNL, 0, 99), base[sos:])},
		{"short Adobe segment", join(base[:sos], segment(mAPP14, []byte("Adobe\x00")...), base[sos:])},
		{"EXIF of garbage", join(soi, segment(0xe1, []byte("Exif\x00\x00MM\x00*\xff\xff\xff\xff")...), base[2:])},
		{"junk before EOI", join(base[:len(base)-2], []byte{1, 2, 3}, eoi)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := checkDecode(t, &d, tt.data, Options{})
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%v, pixels equal: %t", err, bytes.Equal(got, want))
			}
		})
	}
}
