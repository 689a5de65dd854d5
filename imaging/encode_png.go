package imaging

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zlib"

	"github.com/premix/premix/imaging/internal/png"
	"github.com/premix/premix/internal/reuse"
)

// A pngEncoder writes 8-bit RGB, not interlaced, in one IDAT chunk. The filter is always Paeth's
// and deflate uses its Huffman codes only: on photographs that is smaller than with matches at
// level 6 (62 of them at 224×224: 89.7 against 92.6 kB) in a sixth of the time. Deflate is a
// pinned library's, so that the bytes do not change with the version of Go.
type pngEncoder struct {
	z        *zlib.Writer
	out      appender
	filtered []byte
	zeros    []byte
}

// An appender is an io.Writer that appends.
type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}

func (e *pngEncoder) encode(dst []byte, m *Image) ([]byte, error) {
	e.out = append(dst, png.Magic...)
	defer func() { e.out = nil }()

	start := e.beginChunk("IHDR")
	e.out = binary.BigEndian.AppendUint32(e.out, uint32(m.W))
	e.out = binary.BigEndian.AppendUint32(e.out, uint32(m.H))
	e.out = append(e.out, 8, 2, 0, 0, 0) // bits a sample, RGB, deflate, filters, not interlaced
	e.endChunk(start)

	start = e.beginChunk("IDAT")
	if err := e.deflate(m); err != nil {
		return dst, fmt.Errorf("imaging: encoding a PNG of %d×%d pixels: %w", m.W, m.H, err)
	}
	e.endChunk(start)
	e.endChunk(e.beginChunk("IEND"))
	return e.out, nil
}

// beginChunk appends the head of a chunk and returns where it starts.
func (e *pngEncoder) beginChunk(kind string) int {
	start := len(e.out)
	e.out = append(e.out, 0, 0, 0, 0)
	e.out = append(e.out, kind...)
	return start
}

// endChunk sets the length of the chunk that starts at start and appends its checksum.
func (e *pngEncoder) endChunk(start int) {
	binary.BigEndian.PutUint32(e.out[start:], uint32(len(e.out)-start-8))
	e.out = binary.BigEndian.AppendUint32(e.out, crc32.ChecksumIEEE(e.out[start+4:]))
}

// deflate appends the filtered rows, compressed.
func (e *pngEncoder) deflate(m *Image) error {
	e.filter(m)
	if e.z == nil {
		z, err := zlib.NewWriterLevel(&e.out, zlib.HuffmanOnly)
		if err != nil {
			return err
		}
		e.z = z
	} else {
		e.z.Reset(&e.out)
	}
	if _, err := e.z.Write(e.filtered); err != nil {
		return err
	}
	return e.z.Close()
}

// filter sets e.filtered to the rows, each after the number of its filter.
func (e *pngEncoder) filter(m *Image) {
	const paeth = 4
	n := 3 * m.W
	e.filtered, e.zeros = reuse.Slice(e.filtered, (n+1)*m.H), reuse.Slice(e.zeros, n)
	clear(e.zeros)
	above := e.zeros
	for y := range m.H {
		row := m.Row(y)
		d := e.filtered[(n+1)*y:][:n+1]
		d[0] = paeth
		paethRow(d[1:], row, above)
		above = row
	}
}

// paethRow subtracts from each sample whichever of its neighbours to the left, above, and above
// to the left is nearest to left + above − upper left.
func paethRow(d, row, above []byte) {
	d, above = d[:len(row)], above[:len(row)]
	for i := range min(3, len(row)) {
		d[i] = row[i] - above[i]
	}
	for i := 3; i < len(row); i++ {
		a, b, c := int32(row[i-3]), int32(above[i]), int32(above[i-3])
		pa, pb := b-c, a-c
		pc := abs(pa + pb)
		pa, pb = abs(pa), abs(pb)
		p := a
		if pb < pa {
			p, pa = b, pb
		}
		if pc < pa {
			p = c
		}
		d[i] = row[i] - byte(p)
	}
}

func abs(v int32) int32 {
	s := v >> 31
	return (v ^ s) - s
}
