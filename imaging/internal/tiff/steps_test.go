package tiff

import (
	"bytes"
	"encoding/binary"
	"image"
	stdjpeg "image/jpeg"
	"testing"

	"github.com/premix/premix/imaging/internal/raster"
)

// The work of all JPEGs of a picture counts together: a small file may hold one that takes long, and say
// that it is each of many tiles.
func TestStepsOfAllTiles(t *testing.T) {
	const side = 16
	var b bytes.Buffer
	if err := stdjpeg.Encode(&b, image.NewGray(image.Rect(0, 0, side, side)), nil); err != nil {
		t.Fatal(err)
	}
	long := func(n, v int) field {
		f := field{order: binary.LittleEndian, kind: kindLong, n: n}
		for range n {
			f.values = binary.LittleEndian.AppendUint32(f.values, uint32(v))
		}
		return f
	}
	steps := func(tiles int) int64 {
		h := Header{
			W: side, H: side * tiles, file: file{data: b.Bytes(), order: binary.LittleEndian},
			bits: 8, samples: 1, base: 1, photo: blackIsZero, planes: 1, compression: jpegStrips, subX: 1, subY: 1,
			tiled: true, blockW: side, blockH: side, across: 1, down: tiles,
			offsets: long(tiles, 0), counts: long(tiles, b.Len()),
		}
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
