package imaging

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zlib"
)

// A pngEncoder writes 8-bit RGB, not interlaced, one IDAT chunk. Filters and deflate are its own
// and a pinned library's, so that the bytes do not change with the version of Go.
type pngEncoder struct {
	z        *zlib.Writer
	filtered []byte
	row      [2][]byte
}

func (e *pngEncoder) encode(dst []byte, m *Image) ([]byte, error) {
	out := appender(append(dst, pngMagic...))
	var ihdr [13]byte
	binary.BigEndian.PutUint32(ihdr[0:], uint32(m.W))
	binary.BigEndian.PutUint32(ihdr[4:], uint32(m.H))
	ihdr[8], ihdr[9] = 8, 2 // bits a sample, RGB
	start := beginChunk(&out, "IHDR")
	out = append(out, ihdr[:]...)
	endChunk(out, start, &out)

	e.filter(m)
	start = beginChunk(&out, "IDAT")
	if e.z == nil {
		z, err := zlib.NewWriterLevel(&out, pngLevel)
		if err != nil {
			return dst, fmt.Errorf("imaging: %w", err)
		}
		e.z = z
	} else {
		e.z.Reset(&out)
	}
	if _, err := e.z.Write(e.filtered); err != nil {
		return dst, fmt.Errorf("imaging: encoding a PNG: %w", err)
	}
	if err := e.z.Close(); err != nil {
		return dst, fmt.Errorf("imaging: encoding a PNG: %w", err)
	}
	endChunk(out, start, &out)
	start = beginChunk(&out, "IEND")
	endChunk(out, start, &out)
	return out, nil
}

const pngLevel = 3

// An appender is an io.Writer that appends.
type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}

// beginChunk appends the head of a chunk and returns where it starts.
func beginChunk(out *appender, kind string) int {
	start := len(*out)
	*out = append(*out, 0, 0, 0, 0)
	*out = append(*out, kind...)
	return start
}

// endChunk sets the length of the chunk that starts at start and appends its checksum.
func endChunk(data []byte, start int, out *appender) {
	binary.BigEndian.PutUint32(data[start:], uint32(len(data)-start-8))
	*out = binary.BigEndian.AppendUint32(data, crc32.ChecksumIEEE(data[start+4:]))
}

// filter sets e.filtered to the rows with the Paeth predictor each, which suits photographs.
func (e *pngEncoder) filter(m *Image) {
	n := 3 * m.W
	e.filtered = grow(e.filtered, (n+1)*m.H)
	above := grow(e.row[0], n)
	e.row[0] = above
	clear(above)
	for y := range m.H {
		row := m.Row(y)
		d := e.filtered[(n+1)*y:][:n+1]
		d[0] = 4
		paethRow(d[1:], row, above)
		above = row
	}
}

func paethRow(d, row, above []byte) {
	for i := range min(3, len(row)) {
		d[i] = row[i] - above[i]
	}
	for i := 3; i < len(row); i++ {
		a, b, c := int(row[i-3]), int(above[i]), int(above[i-3])
		pa, pb := b-c, a-c
		pc := pa + pb
		pa, pb, pc = max(pa, -pa), max(pb, -pb), max(pc, -pc)
		p := c
		if pa <= pb && pa <= pc {
			p = a
		} else if pb <= pc {
			p = b
		}
		d[i] = row[i] - byte(p)
	}
}
