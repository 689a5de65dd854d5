package jpegenc

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"github.com/premix/premix/internal/testimage"
)

type kernelSet struct {
	name             string
	plain, plainBits bool
}

// kernelSets are the ways of a processor: each part of the assembly may be missing, whatever the build has.
var kernelSets = []kernelSet{
	{"plain Go", true, true},
	{"assembly", false, false},
	{"without AVX2", true, false},
	{"without BMI2", false, true},
}

func (k kernelSet) set(e *Encoder) { e.plain, e.plainBits = k.plain, k.plainBits }

// The checksums are of what Pillow 13.0.0 (libjpeg-turbo 3.2.0) writes:
//
//	Image.fromarray(pixels).save(f, "JPEG", quality=Q, subsampling=S)
//
// for Q, S = (95, 2), (95, 0), (30, 2), (100, 2), (1, 0).
func TestEncodeEqualsPillow(t *testing.T) {
	forms := []struct {
		quality int
		full    bool
	}{{95, false}, {95, true}, {30, false}, {100, false}, {1, true}}
	tests := []struct {
		kind string
		w, h int
		crcs [5]uint32
	}{
		{"rings", 224, 224, [5]uint32{0x2ed81918, 0x1197bcdc, 0x66976cdc, 0x61932cdd, 0xc01667d6}},
		{"hash", 224, 224, [5]uint32{0xc78db0c1, 0x76eb18e2, 0x90128b63, 0x6a70f6b0, 0xa5c7326e}},
		{"rings", 41, 33, [5]uint32{0xece6e8b9, 0x1a5dca83, 0x2cfae397, 0x954af080, 0x2fb59d02}},
		{"hash", 16, 24, [5]uint32{0x455bd5b0, 0xc4c673a3, 0x8f0bc2d7, 0xe357c7a9, 0x4a6361a5}},
		{"hash", 17, 9, [5]uint32{0xbc2eec06, 0x18fdbc8b, 0x0aa13564, 0xd6078415, 0x608c1e5a}},
		{"hash", 24, 8, [5]uint32{0x8c31d5a8, 0x03435cb7, 0x8e68e496, 0xadfc72d5, 0x7a69dcd8}},
		{"ramp", 100, 1, [5]uint32{0xd161e7f2, 0x8cfb38cf, 0xffd4a3c8, 0xa70e7f5a, 0xa62b4640}},
		{"hash", 1, 1, [5]uint32{0x0ab61b83, 0xe2f8fb12, 0xd577871a, 0xfa19cd55, 0x9c2edc70}},
		{"rings", 1, 50, [5]uint32{0xc80c580a, 0x27458235, 0x365ce035, 0x3cf8942d, 0x6beb52fb}},
	}
	for i, f := range forms {
		for _, k := range kernelSets {
			e := New(f.quality, f.full) // one encoder for images of all sizes
			k.set(e)
			for _, tt := range tests {
				pix := testimage.Generate(tt.kind, tt.w, tt.h, 3)
				got := e.Encode([]byte("before"), pix, tt.w, tt.h)
				got, ok := bytes.CutPrefix(got, []byte("before"))
				if crc := crc32.ChecksumIEEE(got); !ok || crc != tt.crcs[i] {
					t.Errorf("%s %d×%d, quality %d, 4:4:4 %v, %s: CRC %08x, want %08x", tt.kind, tt.w, tt.h, f.quality, f.full, k.name, crc, tt.crcs[i])
				}
			}
		}
	}
}

// Every size up to two MCUs and every quality give a file that decodes, from assembly and plain
// Go alike, and no byte of the pixels is read beyond their end.
func TestEncodeSizes(t *testing.T) {
	const seed = 3
	rng := rand.New(rand.NewPCG(seed, seed))
	for w := 1; w <= 34; w++ {
		for h := 1; h <= 34; h++ {
			pix := make([]byte, 3*w*h)
			for i := range pix {
				pix[i] = byte(rng.Uint32())
			}
			quality, full := 1+(w*37+h*5)%100, (w+h)%2 == 0
			got := New(quality, full).Encode(nil, pix, w, h)
			for _, k := range kernelSets {
				e := New(quality, full)
				if k.set(e); !bytes.Equal(e.Encode(nil, pix, w, h), got) {
					t.Fatalf("seed %d, %d×%d, quality %d, 4:4:4 %v: %s gives other bytes", seed, w, h, quality, full, k.name)
				}
			}
			gray, plain := NewGray(quality), NewGray(quality)
			kernelSets[0].set(plain)
			if !bytes.Equal(gray.Encode(nil, pix, w, h), plain.Encode(nil, pix, w, h)) {
				t.Fatalf("seed %d, %d×%d, quality %d, gray: assembly and plain Go differ", seed, w, h, quality)
			}
			m, err := jpeg.Decode(bytes.NewReader(got))
			if err != nil || m.Bounds().Dx() != w || m.Bounds().Dy() != h {
				t.Fatalf("seed %d, %d×%d, quality %d, 4:4:4 %v: %v", seed, w, h, quality, full, err)
			}
		}
	}
}

// The reciprocals divide every coefficient that 8-bit samples can give by every step.
func TestQuantizerDivides(t *testing.T) {
	for step := 1; step <= 255; step++ {
		var steps [64]int
		for i := range steps {
			steps[i] = step
		}
		var q quantizer
		q.set(&steps)
		d := 8 * step
		for x := range 1 << 15 {
			sum := uint32(x) + uint32(q.bias[0])
			got := sum * uint32(q.recip[0]) >> 16 * uint32(q.scale[0]) >> 16
			once := uint64(uint32(x)+q.half[0]) * uint64(q.inverse[0]) >> 32
			if want := (x + d/2) / d; sum > 0xffff || int(got) != want || int(once) != want {
				t.Fatalf("%d by %d: %d and %d, want %d", x, d, got, once, want)
			}
		}
	}
}

func TestTransformAgrees(t *testing.T) {
	if !haveSIMD {
		t.Skip("no assembly here")
	}
	const seed = 5
	rng := rand.New(rand.NewPCG(seed, seed))
	var q quantizer
	for round := range 2000 {
		var steps [64]int
		for i := range steps {
			steps[i] = 1 + rng.IntN(1+rng.IntN(255))
		}
		q.set(&steps)
		stride := 8 + rng.IntN(20)
		src := make([]byte, 7*stride+8)
		for i := range src {
			src[i] = byte(rng.Uint32())
			if round%2 == 0 { // extremes
				src[i] = byte(int8(src[i]) >> 7)
			}
		}
		var got, want [64]int16
		a, b := transformSIMD(&got, src, stride, &q), transform(&want, src, stride, &q)
		if a != b || got != want {
			t.Fatalf("seed %d, round %d:\ngot  %064b %v\nwant %064b %v", seed, round, a, got, b, want)
		}
	}
}

// Blocks of every density, with values of every size, are coded alike, and nothing is written beyond the room for a block.
func TestBitsAgree(t *testing.T) {
	if !haveBits {
		t.Skip("no assembly here")
	}
	const seed = 7
	rng := rand.New(rand.NewPCG(seed, seed))
	for round := range 20000 {
		var b block
		for range rng.IntN(70) * (round % 3) {
			z := rng.IntN(64)
			if c := int16(rng.Int32N(2047)-1023) >> rng.IntN(11); c != 0 {
				b.coefs[zigzag[z]] = c
				b.nonzero |= 1 << z
			}
		}
		if round%50 == 0 { // the longest there is
			for z := range zigzag {
				b.coefs[z] = 1023 - int16(round%100/50*2046)
			}
			b.nonzero = ^uint64(0)
		}
		dc, n := rng.Int32N(4095)-2047, uint(rng.IntN(8))
		acc := uint64(1<<n-1) << (64 - n) & rng.Uint64()
		for _, h := range []*huffman{&luma, &chroma} {
			var got, want [mostBlock + 8]byte
			at, acc1, n1 := encodeSIMD(got[:mostBlock], &b.coefs, dc, b.nonzero, h, acc, n)
			wantAt, acc2, n2 := encodeGo(want[:mostBlock], &b.coefs, dc, b.nonzero, h, acc, n)
			if at != wantAt || acc1 != acc2 || n1 != n2 || !bytes.Equal(got[:at], want[:at]) || !bytes.Equal(got[mostBlock:], want[mostBlock:]) {
				t.Fatalf("seed %d, round %d: %d bytes, %x and %d bits; want %d, %x and %d", seed, round, at, acc1, n1, wantAt, acc2, n2)
			}
		}
	}
}

func TestEncodeAllocatesNothing(t *testing.T) {
	pix := testimage.Generate("rings", 224, 224, 3)
	e := New(95, false)
	buf := e.Encode(nil, pix, 224, 224)
	if n := testing.AllocsPerRun(10, func() { buf = e.Encode(buf[:0], pix, 224, 224) }); n != 0 {
		t.Errorf("%v allocations an image", n)
	}
}

func FuzzEncode(f *testing.F) {
	f.Add([]byte("0123456789ab"), uint8(2), uint8(95), true)
	f.Add(bytes.Repeat([]byte{0, 255, 255}, 99), uint8(11), uint8(100), false)
	f.Add(testimage.Generate("hash", 17, 5, 3), uint8(17), uint8(1), false)
	f.Fuzz(func(t *testing.T, pix []byte, w, quality uint8, full bool) {
		if w == 0 || len(pix) < 3*int(w) {
			return
		}
		h := len(pix) / 3 / int(w)
		pix = pix[: 3*int(w)*h : 3*int(w)*h]
		got := New(1+int(quality)%100, full).Encode(nil, pix, int(w), h)
		for _, k := range kernelSets {
			e := New(1+int(quality)%100, full)
			if k.set(e); !bytes.Equal(got, e.Encode(nil, pix, int(w), h)) {
				t.Fatal(k.name, "gives other bytes")
			}
		}
		m, err := jpeg.Decode(bytes.NewReader(got))
		if err != nil || m.Bounds().Dx() != int(w) || m.Bounds().Dy() != h {
			t.Fatal(err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	pix := testimage.Generate("rings", 224, 224, 3)
	for _, full := range []bool{false, true} {
		for _, k := range kernelSets {
			b.Run(fmt.Sprintf("full=%v/kernels=%s", full, k.name), func(b *testing.B) {
				e := New(95, full)
				k.set(e)
				b.SetBytes(int64(len(pix)))
				b.ReportAllocs()
				var buf []byte
				for b.Loop() {
					buf = e.Encode(buf[:0], pix, 224, 224)
				}
			})
		}
	}
}
