package jpeg

import (
	"math/rand/v2"
	"testing"
)

// Random refinements of random blocks: dense ones, bands of every width, runs beyond their end, ends of many blocks, sizes
// that are wrong, and the end of the data anywhere.
func TestRefineAgrees(t *testing.T) {
	needSIMD(t)
	if !haveBits {
		t.Skip("needs BMI2")
	}
	const seed = 11
	r := rand.New(rand.NewPCG(seed, seed))
	newBlocks, known := 0, 0
	for round := range 4000 {
		def := randomCode(r, 1+r.IntN(60), func() uint8 {
			switch r.IntN(12) {
			case 0:
				return uint8(r.IntN(256))
			case 1:
				return uint8(r.IntN(16) << 4) // ends of blocks
			}
			return uint8(r.IntN(1+r.IntN(16))<<4 | 1)
		})
		n := r.IntN(1500)
		buf := make([]byte, n+segmentPad)
		for i := range n {
			buf[i] = byte(r.Uint32())
		}
		var d, plain Decoder
		for _, d := range []*Decoder{&d, &plain} {
			if !d.ac[0].build(&def, tableSymbol) {
				t.Fatal("impossible code")
			}
			d.r = bitReader{buf: buf, end: n}
		}
		d.p.ss = 1 + r.IntN(63)
		if round%2 == 0 {
			d.p.ss = 1
		}
		d.p.se, d.p.al = d.p.ss+r.IntN(64-d.p.ss), r.IntN(14)
		plain.p.ss, plain.p.se, plain.p.al = d.p.ss, d.p.se, d.p.al
		var c component
		for i := 0; i < 60 && !plain.r.overrun(); i++ {
			blk := coefficients(r, r.IntN(100)*r.IntN(2), 1+r.IntN(16))
			if round%4 == 0 {
				for k := range blk { // as encoders leave them
					blk[k] = blk[k] >> (d.p.al + 1) << (d.p.al + 1)
				}
			}
			want := blk
			before := nonzeroGo(&blk)
			restore := kernels(false, false)
			plain.acRefine(&c, &want)
			restore()
			d.acRefine(&c, &blk)
			newBlocks++
			if nonzeroGo(&blk) != before {
				known++
			}
			if blk != want || d.eobRun != plain.eobRun || d.r.bad != plain.r.bad || 8*d.r.pos-int(d.r.n) != 8*plain.r.pos-int(plain.r.n) {
				t.Fatalf("seed %d, round %d, block %d, coefficients %d to %d, bit %d: run %d at bit %d, want %d at %d\n%v\n%v", seed, round, i,
					d.p.ss, d.p.se, d.p.al, d.eobRun, 8*d.r.pos-int(d.r.n), plain.eobRun, 8*plain.r.pos-int(plain.r.n), blk, want)
			}
		}
	}
	t.Logf("%d blocks, %d with new coefficients", newBlocks, known)
	if known < 5000 {
		t.Error("too few blocks got coefficients")
	}
}

// The set of nonzero coefficients is that of its definition.
func TestNonzero(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 13))
	for range 2000 {
		blk := coefficients(r, r.IntN(80), 16)
		var want uint64
		for k, n := range zigzag[:64] {
			if blk[n] != 0 {
				want |= 1 << k
			}
		}
		if got := nonzeroGo(&blk); got != want {
			t.Fatalf("%064b, want %064b: %v", got, want, blk)
		}
	}
}
