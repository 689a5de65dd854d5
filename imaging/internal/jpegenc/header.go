package jpegenc

import "encoding/binary"

// The quantisation tables of Annex K.1, in natural order.
var (
	lumaSteps = [64]int{
		16, 11, 10, 16, 24, 40, 51, 61,
		12, 12, 14, 19, 26, 58, 60, 55,
		14, 13, 16, 24, 40, 57, 69, 56,
		14, 17, 22, 29, 51, 87, 80, 62,
		18, 22, 37, 56, 68, 109, 103, 77,
		24, 35, 55, 64, 81, 104, 113, 92,
		49, 64, 78, 87, 103, 121, 120, 101,
		72, 92, 95, 98, 112, 100, 103, 99,
	}
	chromaSteps = [64]int{
		17, 18, 24, 47, 99, 99, 99, 99,
		18, 21, 26, 66, 99, 99, 99, 99,
		24, 26, 56, 99, 99, 99, 99, 99,
		47, 66, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
	}
)

// zigzag holds the natural index of each coefficient in the order of the file.
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10,
	17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34,
	27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36,
	29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46,
	53, 60, 61, 54, 47, 55, 62, 63,
}

// scaled returns the table for a quality, 1 to 100, as jpeg_set_quality does.
func scaled(steps *[64]int, quality int) (q [64]int) {
	percent := 200 - 2*quality
	if quality < 50 {
		percent = 5000 / quality
	}
	for i, s := range steps {
		q[i] = min(max((s*percent+50)/100, 1), 255)
	}
	return q
}

// writeHeader sets the quantizers and the part of the file before the Huffman tables, and from there to the coded data, in the
// order in which libjpeg writes it.
func (e *Encoder) writeHeader(quality int) {
	e.header = append(e.header, 0xff, 0xd8)
	steps := []*[64]int{&lumaSteps, &chromaSteps}
	frame := []byte{3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1}
	if e.step == 8 {
		frame[2] = 0x11
	}
	if e.gray {
		steps = steps[:1]
		frame = []byte{1, 1, 0x11, 0}
	} else {
		e.header = segment(e.header, 0xe0, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0)
	}
	for i, steps := range steps {
		q := scaled(steps, quality)
		e.quant[i].set(&q)
		payload := []byte{byte(i)}
		for _, z := range zigzag {
			payload = append(payload, byte(q[z]))
		}
		e.header = segment(e.header, 0xdb, payload...)
	}
	e.sizeAt = len(e.header) + 5
	e.header = segment(e.header, 0xc0, append([]byte{8, 0, 0, 0, 0}, frame...)...)
	e.writeTables()
}

// writeTables sets the part of the file from the Huffman tables to the coded data.
func (e *Encoder) writeTables() {
	e.tables = e.tables[:0]
	for i, t := range e.codes[:min(e.components(), 2)] {
		e.tables = table(e.tables, byte(i), t.dcSpec)
		e.tables = table(e.tables, 0x10|byte(i), t.acSpec)
	}
	if e.gray {
		e.tables = segment(e.tables, 0xda, 1, 1, 0, 0, 63, 0)
	} else {
		e.tables = segment(e.tables, 0xda, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0)
	}
}

// table appends the segment of a Huffman table.
func table(dst []byte, id byte, spec []byte) []byte {
	dst = append(dst, 0xff, 0xc4)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(spec)+3))
	return append(append(dst, id), spec...)
}

// segment appends a marker segment.
func segment(dst []byte, marker byte, payload ...byte) []byte {
	dst = append(dst, 0xff, marker)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(payload)+2))
	return append(dst, payload...)
}
