package tiff

import (
	"bytes"
	"encoding/binary"
	"image"
	stdjpeg "image/jpeg"
	"slices"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging/internal/raster"
)

const side = 16

// tiles returns the header of a picture whose n tiles are the same JPEG, and have the same tables.
func tiles(t *testing.T, n int, tables []byte) Header {
	var b bytes.Buffer
	if err := stdjpeg.Encode(&b, image.NewGray(image.Rect(0, 0, side, side)), nil); err != nil {
		t.Fatal(err)
	}
	long := func(v int) field {
		f := field{order: binary.LittleEndian, kind: kindLong, n: n}
		for range n {
			f.values = binary.LittleEndian.AppendUint32(f.values, uint32(v))
		}
		return f
	}
	return Header{
		W: side, H: side * n, file: file{data: b.Bytes(), order: binary.LittleEndian},
		bits: 8, samples: 1, base: 1, photo: blackIsZero, planes: 1, compression: jpegStrips, subX: 1, subY: 1,
		tiled: true, blockW: side, blockH: side, across: 1, down: n,
		offsets: long(0), counts: long(b.Len()), tables: field{kind: kindUndefined, n: len(tables), values: tables},
	}
}

// The work of all JPEGs of a picture counts together: a small file may hold one that takes long, and say
// that it is each of many tiles.
func TestStepsOfAllTiles(t *testing.T) {
	steps := func(n int) int64 {
		h := tiles(t, n, nil)
		var d Decoder
		if err := d.Decode(new(raster.Meter), make([]byte, 3*h.W*h.H), h); err != nil {
			t.Fatal(err)
		}
		return d.steps
	}
	if one, four := steps(1), steps(4); one == 0 || four != 4*one {
		t.Errorf("one tile takes %d steps, four take %d", one, four)
	}
}

// Tables of the usual length count for nothing, long ones for each tile that they are read for.
func TestTablesOfAllTiles(t *testing.T) {
	comment := append([]byte{0xff, 0xfe, 0xff, 0xff}, make([]byte, 65533)...)
	for _, tt := range []struct {
		comments, tiles int
		refused         bool
	}{{0, 5000, false}, {16, 1, false}, {16, 20, true}} {
		tables := slices.Concat([]byte{0xff, 0xd8}, bytes.Repeat(comment, tt.comments), []byte{0xff, 0xd9})
		h := tiles(t, tt.tiles, tables)
		var d Decoder
		err := d.Decode(new(raster.Meter), make([]byte, 3*h.W*h.H), h)
		if f := premix.AsFault(err); tt.refused && (f == nil || f.Kind != premix.TooLarge) || !tt.refused && err != nil {
			t.Errorf("%d bytes of tables for %d tiles: %v", len(tables), tt.tiles, err)
		}
	}
}
