package jpegenc

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"reflect"
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
//	Image.fromarray(pixels).save(f, "JPEG", quality=Q, subsampling=S, optimize=O)
//
// for Q, S = (95, 2), (95, 0), (30, 2), (100, 2), (1, 0).
func TestEncodeEqualsPillow(t *testing.T) {
	forms := []struct {
		quality int
		full    bool
	}{{95, false}, {95, true}, {30, false}, {100, false}, {1, true}}
	tests := []struct {
		kind          string
		w, h          int
		crcs, optimal [5]uint32 // with optimize=True
	}{
		{"rings", 224, 224, [5]uint32{0x2ed81918, 0x1197bcdc, 0x66976cdc, 0x61932cdd, 0xc01667d6}, [5]uint32{0x6f001803, 0x8671a543, 0x7421b6f5, 0x1bf4e758, 0xe7386528}},
		{"hash", 224, 224, [5]uint32{0xc78db0c1, 0x76eb18e2, 0x90128b63, 0x6a70f6b0, 0xa5c7326e}, [5]uint32{0x2e223782, 0xcd8dd1a8, 0x2af3336f, 0x76166b4d, 0x71125657}},
		{"rings", 41, 33, [5]uint32{0xece6e8b9, 0x1a5dca83, 0x2cfae397, 0x954af080, 0x2fb59d02}, [5]uint32{0xdc75c075, 0xbaf1aa06, 0x128fbb3c, 0xfc9d4746, 0x3d64cc78}},
		{"hash", 16, 24, [5]uint32{0x455bd5b0, 0xc4c673a3, 0x8f0bc2d7, 0xe357c7a9, 0x4a6361a5}, [5]uint32{0x178c9bdb, 0x7744d072, 0xab0b9ae2, 0x683621c0, 0xf13b547b}},
		{"hash", 17, 9, [5]uint32{0xbc2eec06, 0x18fdbc8b, 0x0aa13564, 0xd6078415, 0x608c1e5a}, [5]uint32{0x7a80d3d1, 0x02e9991e, 0x4bacf40b, 0x5b6d21f6, 0x4f28ae79}},
		{"hash", 24, 8, [5]uint32{0x8c31d5a8, 0x03435cb7, 0x8e68e496, 0xadfc72d5, 0x7a69dcd8}, [5]uint32{0x83d1b2e1, 0xefba0e25, 0xb3eef493, 0x16dd9101, 0xf80345c8}},
		{"ramp", 100, 1, [5]uint32{0xd161e7f2, 0x8cfb38cf, 0xffd4a3c8, 0xa70e7f5a, 0xa62b4640}, [5]uint32{0xc9552d9e, 0x42b58bbd, 0x9d86d19e, 0x0f8b4582, 0x60d5e4b7}},
		{"hash", 1, 1, [5]uint32{0x0ab61b83, 0xe2f8fb12, 0xd577871a, 0xfa19cd55, 0x9c2edc70}, [5]uint32{0xfe2be879, 0x1dde5bfb, 0x27446b7a, 0xdcae9386, 0xeecb182d}},
		{"rings", 1, 50, [5]uint32{0xc80c580a, 0x27458235, 0x365ce035, 0x3cf8942d, 0x6beb52fb}, [5]uint32{0xde7d8e8b, 0x25c7cb86, 0xd218e3e6, 0x18b48bca, 0x35b3b21d}},
	}
	for i, f := range forms {
		for _, k := range kernelSets {
			e, opt := New(f.quality, f.full), NewOptimal(f.quality, f.full) // one encoder for images of all sizes
			k.set(e)
			k.set(opt)
			for _, tt := range tests {
				pix := testimage.Generate(tt.kind, tt.w, tt.h, 3)
				got, ok := bytes.CutPrefix(e.Encode([]byte("before"), pix, tt.w, tt.h), []byte("before"))
				if crc := crc32.ChecksumIEEE(got); !ok || crc != tt.crcs[i] {
					t.Errorf("%s %d×%d, quality %d, 4:4:4 %v, %s: CRC %08x, want %08x", tt.kind, tt.w, tt.h, f.quality, f.full, k.name, crc, tt.crcs[i])
				}
				best, ok := bytes.CutPrefix(opt.Encode([]byte("before"), pix, tt.w, tt.h), []byte("before"))
				if crc := crc32.ChecksumIEEE(best); !ok || crc != tt.optimal[i] {
					t.Errorf("%s %d×%d, quality %d, 4:4:4 %v, %s: CRC %08x with its own codes, want %08x", tt.kind, tt.w, tt.h, f.quality, f.full, k.name, crc, tt.optimal[i])
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
			// Codes of its own: the same picture, by assembly and plain Go.
			best, slow := NewOptimal(quality, full), NewOptimal(quality, full)
			kernelSets[0].set(slow)
			own := best.Encode(nil, pix, w, h)
			if !bytes.Equal(own, slow.Encode(nil, pix, w, h)) || !samePicture(t, own, got) {
				t.Fatalf("seed %d, %d×%d, quality %d, 4:4:4 %v: codes of its own give another picture, or other bytes in plain Go", seed, w, h, quality, full)
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

// samePicture reports whether two files have the same pixels.
func samePicture(t *testing.T, a, b []byte) bool {
	t.Helper()
	var images [2]image.Image
	for i, data := range [][]byte{a, b} {
		var err error
		if images[i], err = jpeg.Decode(bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
	}
	return reflect.DeepEqual(images[0], images[1])
}

// A code that is longer than 16 bits is shortened, as libjpeg does it: counts of Fibonacci give the longest there are. The
// table is Huffman's otherwise: no code with other lengths takes fewer bits.
func TestBestCode(t *testing.T) {
	count := make([]int, 256)
	a, b := 1, 1
	for i := range 30 {
		count[i*7] = a
		a, b = b, a+b
	}
	spec := bestCode(nil, count)
	if len(spec) != 16+30 {
		t.Fatalf("%d bytes, want 16 counts and 30 symbols", len(spec))
	}
	room := 1 << 16
	for l, n := range spec[:16] {
		room -= int(n) << (15 - l)
	}
	if room < 1 || spec[16] != 28*7 || spec[17] != 29*7 {
		t.Errorf("room for %d more codes, the shortest codes are of %d and %d: counts %v", room, spec[16], spec[17], spec[:16])
	}
	if got := bestCode(nil, []int{0, 0, 9}); !bytes.Equal(got, append([]byte{1}, append(make([]byte, 15), 2)...)) {
		t.Errorf("one symbol: %v", got)
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
	for _, e := range []*Encoder{New(95, false), NewOptimal(95, false)} {
		buf := e.Encode(nil, pix, 224, 224)
		if n := testing.AllocsPerRun(10, func() { buf = e.Encode(buf[:0], pix, 224, 224) }); n != 0 {
			t.Errorf("%v allocations an image, codes of its own: %t", n, e.counts != nil)
		}
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
