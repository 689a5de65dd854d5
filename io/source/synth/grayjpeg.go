package synth

import (
	"encoding/binary"
	"math/bits"
)

// grayJPEGEncode appends a baseline JPEG of one component: imaging encodes colour only. The
// transform is Loeffler's in integers (libjpeg's jfdctint.c), the tables are those of ITU-T T.81,
// annex K.
func grayJPEGEncode(dst, pix []byte, w, h, quality int) []byte {
	var quant [64]int // in zigzag order
	scale := 200 - 2*quality
	if quality < 50 {
		scale = 5000 / quality
	}
	for i, q := range lumaQuant {
		quant[i] = max(1, min(255, (int(q)*scale+50)/100))
	}
	dst = append(dst, 0xff, 0xd8)
	dst = append(dst, 0xff, 0xdb, 0, 67, 0)
	for _, q := range quant {
		dst = append(dst, byte(q))
	}
	dst = append(dst, 0xff, 0xc0, 0, 11, 8)
	dst = binary.BigEndian.AppendUint16(dst, uint16(h))
	dst = binary.BigEndian.AppendUint16(dst, uint16(w))
	dst = append(dst, 1, 1, 0x11, 0)
	dst = appendTable(dst, 0x00, dcCounts[:], dcValues)
	dst = appendTable(dst, 0x10, acCounts[:], acValues)
	dst = append(dst, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0)

	b := bitWriter{out: dst}
	dc, ac := codesOf(dcCounts[:], dcValues), codesOf(acCounts[:], acValues)
	last := 0
	for by := 0; by < h; by += 8 {
		for bx := 0; bx < w; bx += 8 {
			var block [64]int32
			for y := range 8 {
				row := pix[min(by+y, h-1)*w:][:w]
				for x := range 8 {
					block[8*y+x] = int32(row[min(bx+x, w-1)]) - 128
				}
			}
			fdct(&block)
			run := 0
			for i, z := range zigzag {
				v, q := int(block[z]), 8*quant[i]
				if v < 0 {
					v = -((-v + q/2) / q)
				} else {
					v = (v + q/2) / q
				}
				switch {
				case i == 0:
					d := v - last
					last = v
					n := bits.Len(uint(max(d, -d)))
					b.put(dc[n])
					b.value(d, n)
				case v == 0:
					run++
				default:
					for ; run > 15; run -= 16 {
						b.put(ac[0xf0])
					}
					n := bits.Len(uint(max(v, -v)))
					b.put(ac[run<<4|n])
					b.value(v, n)
					run = 0
				}
			}
			if run > 0 {
				b.put(ac[0])
			}
		}
	}
	b.bits(0x7f, 7) // the last byte is filled with ones
	return append(b.out, 0xff, 0xd9)
}

// A bitWriter collects bits from the high end and stuffs a zero behind each 0xff.
type bitWriter struct {
	out []byte
	acc uint32
	n   int
}

func (b *bitWriter) bits(v uint32, n int) {
	b.acc = b.acc<<n | v
	for b.n += n; b.n >= 8; b.n -= 8 {
		c := byte(b.acc >> (b.n - 8))
		b.out = append(b.out, c)
		if c == 0xff {
			b.out = append(b.out, 0)
		}
	}
}

// A code is a Huffman code and its length.
type code struct {
	v uint32
	n int
}

func (b *bitWriter) put(c code) { b.bits(c.v, c.n) }

// value writes a coefficient of n bits: negative ones less one.
func (b *bitWriter) value(v, n int) {
	if v < 0 {
		v--
	}
	b.bits(uint32(v)&(1<<n-1), n)
}

func appendTable(dst []byte, class byte, counts, values []byte) []byte {
	dst = append(dst, 0xff, 0xc4, 0, byte(19+len(values)), class)
	return append(append(dst, counts...), values...)
}

// codesOf are the canonical codes, by value.
func codesOf(counts, values []byte) (codes [256]code) {
	v, k := uint32(0), 0
	for i, n := range counts {
		for range n {
			codes[values[k]] = code{v, i + 1}
			v++
			k++
		}
		v <<= 1
	}
	return codes
}

// fdct transforms a block in place; the result is 8 times the coefficients.
func fdct(b *[64]int32) {
	for i := 0; i < 64; i += 8 {
		fdct8(b, i, 1, 2, 11)
	}
	for i := range 8 {
		fdct8(b, i, 8, -2, 15)
	}
}

// fdct8 transforms eight values: even ones are shifted by up to the left (or rounded to the
// right), odd ones rounded down from 13 fractional bits.
func fdct8(b *[64]int32, at, step, up int, down uint) {
	v := func(i int) *int32 { return &b[at+i*step] }
	s0, d0 := *v(0)+*v(7), *v(0)-*v(7)
	s1, d1 := *v(1)+*v(6), *v(1)-*v(6)
	s2, d2 := *v(2)+*v(5), *v(2)-*v(5)
	s3, d3 := *v(3)+*v(4), *v(3)-*v(4)
	a0, a3 := s0+s3, s0-s3
	a1, a2 := s1+s2, s1-s2
	half := int32(1) << (down - 1)
	if up > 0 {
		*v(0), *v(4) = (a0+a1)<<up, (a0-a1)<<up
	} else {
		*v(0), *v(4) = (a0+a1+1<<(-up-1))>>-up, (a0-a1+1<<(-up-1))>>-up
	}
	z := (a2+a3)*4433 + half
	*v(2), *v(6) = (z+a3*6270)>>down, (z-a2*15137)>>down
	z1, z2, z3, z4 := d3+d0, d2+d1, d3+d1, d2+d0
	z5 := (z3+z4)*9633 + half
	z1, z2 = -z1*7373, -z2*20995
	z3, z4 = -z3*16069+z5, -z4*3196+z5
	*v(7) = (d3*2446 + z1 + z3) >> down
	*v(5) = (d2*16819 + z2 + z4) >> down
	*v(3) = (d1*25172 + z2 + z3) >> down
	*v(1) = (d0*12299 + z1 + z4) >> down
}

var zigzag = [64]int{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// Tables K.1 (in zigzag order), K.3 and K.5.
var (
	lumaQuant = [64]byte{
		16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
		56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
	}
	dcCounts = [16]byte{0, 1, 5, 1, 1, 1, 1, 1, 1}
	dcValues = []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	acCounts = [16]byte{0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d}
	acValues = []byte("\x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06\x13\x51\x61\x07\x22\x71\x14\x32\x81\x91\xa1\x08\x23\x42\xb1\xc1\x15\x52\xd1\xf0" +
		"\x24\x33\x62\x72\x82\x09\x0a\x16\x17\x18\x19\x1a\x25\x26\x27\x28\x29\x2a\x34\x35\x36\x37\x38\x39\x3a\x43\x44\x45\x46\x47\x48\x49" +
		"\x4a\x53\x54\x55\x56\x57\x58\x59\x5a\x63\x64\x65\x66\x67\x68\x69\x6a\x73\x74\x75\x76\x77\x78\x79\x7a\x83\x84\x85\x86\x87\x88\x89" +
		"\x8a\x92\x93\x94\x95\x96\x97\x98\x99\x9a\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xc2\xc3\xc4\xc5" +
		"\xc6\xc7\xc8\xc9\xca\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa")
)
