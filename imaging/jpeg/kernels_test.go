package jpeg

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// guarded is a slice of n bytes inside of others, which must not change.
type guarded struct {
	all  []byte
	s    []byte
	want []byte // all, as it was made
}

// guard makes a slice of n random bytes at a random place of a larger one.
func guard(r *rand.Rand, n int) *guarded {
	before := 32 + r.IntN(33)
	g := &guarded{all: make([]byte, before+n+64)}
	for i := 0; i < len(g.all); i += 8 {
		var w [8]byte
		binary.LittleEndian.PutUint64(w[:], r.Uint64())
		copy(g.all[i:], w[:])
	}
	g.s = g.all[before : before+n : before+n]
	g.want = bytes.Clone(g.all)
	return g
}

// broken reports whether a byte outside of the slice has changed.
func (g *guarded) broken() bool {
	n := len(g.all) - 64 - len(g.s)
	return !bytes.Equal(g.all[:n], g.want[:n]) || !bytes.Equal(g.all[n+len(g.s):], g.want[n+len(g.s):])
}

// needSIMD skips a test that compares assembly with Go where there is no assembly.
func needSIMD(t *testing.T) {
	if !haveSIMD {
		t.Skip("needs AVX2 and a build without the tag noasm")
	}
}

// coefficients fills a block with count coefficients of up to the given number of bits.
func coefficients(r *rand.Rand, count, bits int) (blk [64]int16) {
	for range count {
		blk[r.IntN(64)] = int16(int32(r.Uint32()) >> (32 - bits))
	}
	return blk
}

func TestIDCTKernel(t *testing.T) {
	needSIMD(t)
	r := rand.New(rand.NewPCG(1, 2))
	blocks := 50000
	if testing.Short() {
		blocks = 5000
	}
	for i := range blocks {
		blk := coefficients(r, 1+r.IntN(40), 1+r.IntN(16))
		switch i % 5 {
		case 1:
			clear(blk[8:])
		case 2:
			clear(blk[1:])
		case 3: // every value at an extreme
			for k := range blk {
				blk[k] = []int16{-32768, 32767, -1, 0, 1}[r.IntN(5)]
			}
		}
		var q [64]uint16
		qmax := uint32(1) << (1 + r.IntN(16))
		for k := range q {
			q[k] = uint16(r.Uint32N(qmax))
		}
		stride := 8 + r.IntN(20)
		g := guard(r, 7*stride+8)
		want := bytes.Clone(g.s)
		idctGo(want, stride, &blk, &q)
		before := blk
		idct(g.s, stride, &blk, &q)
		if !bytes.Equal(want, g.s) || g.broken() || blk != before {
			t.Fatalf("block %d: %v\nq %v (-want +got):\n%s", i, blk, q, cmp.Diff(want, g.s))
		}
	}
}

// Two columns at once give what one gives, up to the largest numbers that they take, and refuse larger ones.
func TestIDCTTwo(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	ways := map[bool]int{}
	for i := range 40000 {
		blk := coefficients(r, 1+r.IntN(64), 1+r.IntN(13))
		var q [64]uint16
		for k := range q {
			q[k] = uint16(1 + r.IntN(1+r.IntN(16)))
		}
		if i%50 == 0 {
			q[r.IntN(64)] = uint16(r.Uint32())
		}
		var got, want [64]byte
		idctOne(want[:], 8, &blk, &q)
		took := idctTwo(got[:], 8, &blk, &q)
		if ways[took]++; took && got != want {
			t.Fatalf("block %d: %v\nq %v (-want +got):\n%s", i, blk, q, cmp.Diff(want, got))
		}
	}
	if ways[true] < 10000 || ways[false] < 1000 {
		t.Errorf("taken and refused: %v", ways)
	}
}

func TestDCOnly(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		blk := [64]int16{int16(r.Uint32()) >> r.IntN(16)}
		q := [64]uint16{uint16(r.Uint32()) >> r.IntN(16)}
		var got, want [64]byte
		idctGo(want[:], 8, &blk, &q)
		fill(got[:], 8, dcOnly(blk[0], q[0]))
		if got != want {
			t.Fatalf("dc %d, q %d: %v, want %v", blk[0], q[0], got, want)
		}
	}
}

// A rowKernel writes n·out bytes from rows of n samples.
type rowKernel struct {
	name     string
	min, out int // least n; bytes written for each sample
	goKernel func(dst []byte, in [3][]byte, n int)
	kernel   func(dst []byte, in [3][]byte, n int)
}

var rowKernels = []rowKernel{
	{"ycc", 0, 3,
		func(dst []byte, in [3][]byte, n int) { yccRowGo(dst, in[0], in[1], in[2]) },
		func(dst []byte, in [3][]byte, n int) { yccRow(dst, in[0], in[1], in[2]) }},
	{"h2v1", 2, 2,
		func(dst []byte, in [3][]byte, n int) { h2v1Go(dst, in[0], n) },
		func(dst []byte, in [3][]byte, n int) { h2v1(dst, in[0], n) }},
	{"h1v2 down", 0, 1,
		func(dst []byte, in [3][]byte, n int) { h1v2Go(dst, in[0], in[1], n, 1) },
		func(dst []byte, in [3][]byte, n int) { h1v2(dst, in[0], in[1], n, 1) }},
	{"h1v2 up", 0, 1,
		func(dst []byte, in [3][]byte, n int) { h1v2Go(dst, in[0], in[1], n, 2) },
		func(dst []byte, in [3][]byte, n int) { h1v2(dst, in[0], in[1], n, 2) }},
	{"h2v2", 2, 2,
		func(dst []byte, in [3][]byte, n int) { h2v2Go(dst, in[0], in[1], n) },
		func(dst []byte, in [3][]byte, n int) { h2v2(dst, in[0], in[1], n) }},
}

func TestRowKernels(t *testing.T) {
	needSIMD(t)
	for _, k := range rowKernels {
		t.Run(k.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(5, 6))
			rounds := 6000
			if testing.Short() {
				rounds = 600
			}
			for i := range rounds {
				n := k.min + i%150
				dst := guard(r, n*k.out)
				var in [3][]byte
				for j := range in {
					in[j] = guard(r, n).s
					if i%7 == 0 { // extremes
						for x := range in[j] {
							in[j][x] = byte(-(r.Uint32() & 1))
						}
					}
				}
				want := bytes.Clone(dst.s)
				k.goKernel(want, in, n)
				k.kernel(dst.s, in, n)
				if !bytes.Equal(want, dst.s) || dst.broken() {
					t.Fatalf("%d samples (-want +got):\n%s", n, cmp.Diff(want, dst.s))
				}
			}
		})
	}
}

// The colour conversion against its formula, for all combinations.
func TestYCCAll(t *testing.T) {
	var y, cb, cr [256]byte
	var dst [768]byte
	for i := range y {
		y[i] = byte(i)
	}
	step := 1
	if testing.Short() {
		step = 17
	}
	for b := 0; b < 256; b += step {
		for r := 0; r < 256; r += step {
			for i := range y {
				cb[i], cr[i] = byte(b), byte(r)
			}
			yccRow(dst[:], y[:], cb[:], cr[:])
			for v := range 256 {
				b, r := b-128, r-128
				want := [3]byte{
					clamp(int32(v + (91881*r+32768)>>16)),
					clamp(int32(v + (-22554*b-46802*r+32768)>>16)),
					clamp(int32(v + (116130*b+32768)>>16)),
				}
				if got := [3]byte(dst[3*v:]); got != want {
					t.Fatalf("Y %d, Cb %d, Cr %d: %v, want %v", v, b+128, r+128, got, want)
				}
			}
		}
	}
}

func BenchmarkKernels(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 8))
	blk := coefficients(r, 12, 7)
	q := [64]uint16{16, 11, 10, 16, 24, 40, 51, 61}
	for i := 8; i < 64; i++ {
		q[i] = uint16(10 + i)
	}
	var out [64]byte
	b.Run("kernel=idct", func(b *testing.B) {
		for b.Loop() {
			idct(out[:], 8, &blk, &q)
		}
	})
	b.Run("kernel=idct/plain", func(b *testing.B) {
		for b.Loop() {
			idctGo(out[:], 8, &blk, &q)
		}
	})
	const n = 500
	in := [3][]byte{guard(r, n).s, guard(r, n).s, guard(r, n).s}
	dst := make([]byte, 3*n)
	for _, k := range rowKernels {
		b.Run(fmt.Sprintf("kernel=%s", k.name), func(b *testing.B) {
			for b.Loop() {
				k.kernel(dst[:k.out*n], in, n)
			}
		})
		b.Run(fmt.Sprintf("kernel=%s/plain", k.name), func(b *testing.B) {
			for b.Loop() {
				k.goKernel(dst[:k.out*n], in, n)
			}
		})
	}
}
