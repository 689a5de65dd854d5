package jpegenc

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// A huffman holds the two codes of one kind of component.
type huffman struct {
	// The tables as a DHT segment has them: 16 counts of codes by length, then the symbols.
	dcSpec, acSpec []byte

	// Codes by symbol, as code<<size<<lengthBits | length+size, where size is how many bits of
	// the value follow the code. That fits: sizes of AC are at most 10, codes of DC at most 12 bits long.
	dc [16]uint32
	ac [256]uint32
}

const lengthBits = 6

// The codes of Annex K.3.
var (
	luma = newHuffman(
		"\x00\x01\x05\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00"+
			"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b",
		"\x00\x02\x01\x03\x03\x02\x04\x03\x05\x05\x04\x04\x00\x00\x01\x7d"+
			"\x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06\x13\x51\x61\x07"+
			"\x22\x71\x14\x32\x81\x91\xa1\x08\x23\x42\xb1\xc1\x15\x52\xd1\xf0"+
			"\x24\x33\x62\x72\x82\x09\x0a\x16\x17\x18\x19\x1a\x25\x26\x27\x28"+
			"\x29\x2a\x34\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49"+
			"\x4a\x53\x54\x55\x56\x57\x58\x59\x5a\x63\x64\x65\x66\x67\x68\x69"+
			"\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x83\x84\x85\x86\x87\x88\x89"+
			"\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7"+
			"\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5"+
			"\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xe1\xe2"+
			"\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8"+
			"\xf9\xfa")
	chroma = newHuffman(
		"\x00\x03\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x00\x00\x00\x00"+
			"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b",
		"\x00\x02\x01\x02\x04\x04\x03\x04\x07\x05\x04\x04\x00\x01\x02\x77"+
			"\x00\x01\x02\x03\x11\x04\x05\x21\x31\x06\x12\x41\x51\x07\x61\x71"+
			"\x13\x22\x32\x81\x08\x14\x42\x91\xa1\xb1\xc1\x09\x23\x33\x52\xf0"+
			"\x15\x62\x72\xd1\x0a\x16\x24\x34\xe1\x25\xf1\x17\x18\x19\x1a\x26"+
			"\x27\x28\x29\x2a\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48"+
			"\x49\x4a\x53\x54\x55\x56\x57\x58\x59\x5a\x63\x64\x65\x66\x67\x68"+
			"\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x82\x83\x84\x85\x86\x87"+
			"\x88\x89\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5"+
			"\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3"+
			"\xc4\xc5\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda"+
			"\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf2\xf3\xf4\xf5\xf6\xf7\xf8"+
			"\xf9\xfa")
)

func newHuffman(dc, ac string) huffman {
	h := huffman{dcSpec: []byte(dc), acSpec: []byte(ac)}
	setCodes(h.dc[:], h.dcSpec)
	setCodes(h.ac[:], h.acSpec)
	return h
}

// setCodes assigns the codes of a table: those of a length count upwards, in the order of the
// symbols.
func setCodes(codes []uint32, spec []byte) {
	code, symbols := uint32(0), spec[16:]
	for i, count := range spec[:16] {
		for range count {
			size := uint32(symbols[0] & 15)
			codes[symbols[0]] = code<<size<<lengthBits | uint32(i+1) + size
			symbols = symbols[1:]
			code++
		}
		code <<= 1
	}
}

// A bitWriter writes bits, the highest first.
type bitWriter struct {
	buf []byte // whole bytes, without the zero after each byte of ones
	acc uint64 // the pending bits are the highest n; the others are 0
	n   uint   // ≤ 7

	plain bool // leave the assembly aside
}

// mostBlock is what a block takes at most: 64 symbols of at most 27 bits, and what is written and does not count.
const mostBlock = 64*27/8 + 8

// reserve makes room for blocks.
func (w *bitWriter) reserve(blocks int) { w.buf = slices.Grow(w.buf, blocks*mostBlock) }

// encode writes a block: the difference of its DC, and the coefficients at the zigzag positions
// in nonzero. There must be room for it.
func (w *bitWriter) encode(block *[64]int16, dc int32, nonzero uint64, t *huffman) {
	buf := w.buf[len(w.buf):cap(w.buf)]
	var at int
	if haveBits && !w.plain {
		at, w.acc, w.n = encodeSIMD(buf, block, dc, nonzero, t, w.acc, w.n)
	} else {
		at, w.acc, w.n = encodeGo(buf, block, dc, nonzero, t, w.acc, w.n)
	}
	w.buf = w.buf[:len(w.buf)+at]
}

// encodeGo writes a block to buf after the n bits that are pending in acc, and returns how many bytes it wrote, and
// what is pending. It always writes eight bytes, of which those that are not whole are written again, so that nothing
// has to be guessed.
func encodeGo(buf []byte, block *[64]int16, dc int32, nonzero uint64, t *huffman, acc uint64, n uint) (at int, _ uint64, _ uint) {
	s := dc >> 31
	size := uint(bits.Len32(uint32((dc ^ s) - s)))
	code := t.dc[size&15]
	value := uint32(dc+s) & (1<<(size&31) - 1)

	nonzero &^= 1
	run := uint(1) // the position after the last coefficient
	for {
		n += uint(code & (1<<lengthBits - 1))
		acc |= uint64(code>>lengthBits|value) << (-n & 63)
		binary.BigEndian.PutUint64(buf[at:], acc)
		at += int(n >> 3)
		acc <<= n & 56
		n &= 7
		if nonzero == 0 {
			if run == 64 {
				return at, acc, n
			}
			run, code, value = 64, t.ac[0], 0 // end of block
			continue
		}
		z := uint(bits.TrailingZeros64(nonzero))
		zeros := z - run
		if zeros > 15 {
			run, code, value = run+16, t.ac[0xf0], 0
			continue
		}
		nonzero &= nonzero - 1
		run = z + 1
		c := int32(block[zigzag[z&63]&63])
		s := c >> 31
		size := uint(bits.Len32(uint32((c ^ s) - s)))
		code = t.ac[(zeros<<4|size)&255]
		value = uint32(c+s) & (1<<(size&31) - 1)
	}
}

// finish fills the last byte with ones.
func (w *bitWriter) finish() {
	if w.n > 0 {
		w.buf = append(w.buf, byte(w.acc>>56)|0xff>>w.n)
	}
	w.acc, w.n = 0, 0
}

// take appends the whole bytes to dst, with a zero after each byte of ones.
func (w *bitWriter) take(dst []byte) []byte {
	for b := w.buf; ; {
		i := bytes.IndexByte(b, 0xff)
		if i < 0 {
			w.buf = w.buf[:0]
			return append(dst, b...)
		}
		dst = append(append(dst, b[:i+1]...), 0)
		b = b[i+1:]
	}
}
