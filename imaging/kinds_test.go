package imaging

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/premix/premix/imaging/internal/png"
)

// pngFile returns a PNG of one row, with a transparent colour.
func pngFile(w uint32, depth, colour byte, key, row []byte) []byte {
	return pngWithTables(w, depth, colour, row, "tRNS", string(key))
}

// pngWithTables returns a PNG of one row with the given chunks, each a name and its content.
func pngWithTables(w uint32, depth, colour byte, row []byte, tables ...string) []byte {
	data := pngHead(w, 1, depth, colour, 0)
	chunk := func(kind string, b []byte) {
		data = binary.BigEndian.AppendUint32(data, uint32(len(b)))
		b = append([]byte(kind), b...)
		data = binary.BigEndian.AppendUint32(append(data, b...), crc32.ChecksumIEEE(b))
	}
	for i := 0; i < len(tables); i += 2 {
		chunk(tables[i], []byte(tables[i+1]))
	}
	chunk("IDAT", zipped(append([]byte{0}, row...)))
	chunk("IEND", nil)
	return data
}

// A transparent colour is compared with samples of all their bits. Pillow compares it with what it has
// made 8 bits of, so these pictures are not among those of testdata/made.py.
func TestTransparentColour(t *testing.T) {
	for _, tt := range []struct {
		name string
		data []byte
		want []byte // the first channel
	}{
		{"gray of 2 bits", pngFile(4, 2, 0, []byte{0, 2}, []byte{0b00011011}), []byte{0, 85, 255, 255}},
		{"gray of 4 bits", pngFile(2, 4, 0, []byte{0, 1}, []byte{0x01}), []byte{0, 255}},
		{"gray of 16 bits", pngFile(3, 16, 0, []byte{7, 9}, []byte{7, 8, 7, 9, 8, 9}), []byte{7, 255, 8}},
		{"colours of 16 bits", pngFile(2, 16, 2, []byte{1, 2, 3, 4, 5, 6}, []byte{1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 7}), []byte{255, 1}},
	} {
		var d Decoder
		var m Image
		if _, err := d.Decode(t.Context(), &m, tt.data, DecodeParams{}); err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []byte
		for i := 0; i < len(m.Pix); i += 3 {
			got = append(got, m.Pix[i])
		}
		if !bytes.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Tables that the colour type does not have, and what is surplus of a table, are left alone, as by libpng.
func TestSurplusTables(t *testing.T) {
	const palette = "\x01\x02\x03\x04\x05\x06"
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"gray with a palette", pngWithTables(2, 8, 0, []byte{0, 1}, "PLTE", palette), "\x00\x00\x00\x01\x01\x01"},
		{"gray and alpha with a palette", pngWithTables(1, 8, 4, []byte{7, 255}, "PLTE", palette), "\x07\x07\x07"},
		{"RGB with a palette of seven bytes", pngWithTables(1, 8, 2, []byte{7, 8, 9}, "PLTE", palette+"\x07"), "\x07\x08\x09"},
		{"alpha twice", pngWithTables(1, 8, 6, []byte{7, 8, 9, 255}, "tRNS", "\x00"), "\x07\x08\x09"},
		{"a palette of seven bytes", pngWithTables(2, 8, 3, []byte{1, 0}, "PLTE", palette+"\x07"), "\x04\x05\x06\x01\x02\x03"},
		{"more colours than indexes", pngWithTables(2, 1, 3, []byte{0x40}, "PLTE", palette+palette), palette},
		{"more than 256 colours", pngWithTables(2, 8, 3, []byte{0, 1}, "PLTE", palette+strings.Repeat("\x07", 800)), palette},
		{"more than 256 opacities", pngWithTables(2, 8, 3, []byte{0, 1}, "PLTE", palette, "tRNS", strings.Repeat("\xff", 300)), palette},
		{"a long key of gray", pngWithTables(2, 8, 0, []byte{7, 8}, "tRNS", "\x00\x08\x00\x07"), "\x07\x07\x07\xff\xff\xff"},
		{"a long key of RGB", pngWithTables(1, 8, 2, []byte{7, 8, 9}, "tRNS", "\x00\x07\x00\x08\x00\x09\x00"), "\xff\xff\xff"},
	} {
		var d Decoder
		var m Image
		if _, err := d.Decode(t.Context(), &m, tt.data, DecodeParams{}); err != nil || string(m.Pix) != tt.want {
			t.Errorf("%s: %v, %v; want %v", tt.name, m.Pix, err, []byte(tt.want))
		}
	}
	for name, data := range map[string][]byte{
		"no colours":    pngWithTables(1, 8, 3, []byte{0}, "PLTE", "ab"),
		"two palettes":  pngWithTables(1, 8, 3, []byte{0}, "PLTE", palette, "PLTE", palette),
		"a short key":   pngWithTables(1, 8, 2, []byte{7, 8, 9}, "tRNS", "\x00\x07\x00\x08"),
		"opacity first": pngWithTables(1, 8, 3, []byte{0}, "tRNS", "\x00", "PLTE", palette),
	} {
		var d Decoder
		if _, err := d.Decode(t.Context(), new(Image), data, DecodeParams{}); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

// What Pillow reads of a PNG only because it does not look is a fault: pixels may be wrong.
func TestPNGOrder(t *testing.T) {
	whole := read(t, "rgb.png")
	for name, data := range map[string][]byte{
		"no last chunk":        whole[:len(whole)-12],
		"a header twice":       slices.Concat(whole[:33], whole[8:]),
		"no data":              append(bytes.Clone(whole[:33]), whole[len(whole)-12:]...),
		"a magic number alone": []byte(png.Magic),
	} {
		var d Decoder
		if _, err := d.Decode(t.Context(), new(Image), data, DecodeParams{}); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

// YCbCr whose pixels share Cb and Cr is the same whether it is compressed or not. Pillow does not read
// it where it is not.
func TestSharedYCbCr(t *testing.T) {
	units := make([]byte, 4*2*(4+2)) // 8×4 pixels in units of 2×2
	for i := range units {
		units[i] = byte(37*i + i*i)
	}
	var d Decoder
	var want, got Image
	for _, tt := range []struct {
		m           *Image
		compression uint32
		data        []byte
	}{{&want, 8, zipped(units)}, {&got, 1, units}} {
		file := strips(8, 4, tt.compression, 0, tt.data, 1)
		set := func(tag uint16, value uint32) {
			for e := file[8+len(tt.data)+2:]; ; e = e[12:] {
				if binary.LittleEndian.Uint16(e) == tag {
					binary.LittleEndian.PutUint32(e[8:], value)
					return
				}
			}
		}
		set(262, 6)
		set(277, 3)
		set(278, 4)
		file = addTag(file, 8+len(tt.data), 530, 2|2<<16)
		if _, err := d.Decode(t.Context(), tt.m, file, DecodeParams{}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(want.Pix, got.Pix) || got.W != 8 || got.H != 4 {
		t.Errorf("%v, want %v", got.Pix, want.Pix)
	}
}

// addTag appends an entry of two 16-bit numbers to the directory at a place, which lists nothing behind
// itself.
func addTag(file []byte, at int, tag uint16, values uint32) []byte {
	n := binary.LittleEndian.Uint16(file[at:])
	end := at + 2 + 12*int(n)
	e := binary.LittleEndian.AppendUint16(nil, tag)
	e = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint16(e, 3), 2)
	e = binary.LittleEndian.AppendUint32(e, values)
	file = slices.Insert(file, end, e...)
	binary.LittleEndian.PutUint16(file[at:], n+1)
	return file
}
