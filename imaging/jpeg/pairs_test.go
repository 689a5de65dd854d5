package jpeg

import (
	"bytes"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"testing"
)

// The images of the tests are small; the tables of pairs are tried with all of them.
func init() { pairBlocks = 1 }

// kernelSets are what a processor may lack.
var kernelSets = []struct {
	name       string
	simd, bits bool
}{{"plain Go", false, false}, {"without BMI2", true, false}, {"without AVX2", false, true}}

// randomCode draws a code of n symbols that are drawn by sym, over-full at no length.
func randomCode(r *rand.Rand, n int, sym func() uint8) (def huffDef) {
	def.set = true
	free := 1<<16 - 1 // codes of 16 bits that are left, but the one of all ones
	used := map[uint8]bool{}
	k := 0
	for l := 1; l <= 16 && k < n; l++ {
		unit := 1 << (16 - l)
		for free >= unit && k < n && def.counts[l-1] < 255 && (l == 16 || r.IntN(3) > 0 && free > 2*unit) {
			s := sym()
			if used[s] && r.IntN(8) > 0 {
				break
			}
			used[s] = true
			def.vals[k] = s
			def.counts[l-1]++
			free -= unit
			k++
		}
	}
	return def
}

// Random bits by random codes, and by those of T.81: pairs of symbols, long codes, runs beyond the end of a block, sizes that
// no encoder writes, codes of none, and the end of the data anywhere.
func TestBlocksAgree(t *testing.T) {
	if !haveBits {
		t.Skip("needs BMI2 and a build without the tag noasm")
	}
	blocksAgree(t, true, (*Decoder).blocksSIMD)
	t.Run("skipped", func(t *testing.T) { blocksAgree(t, false, (*Decoder).skipSIMD) })
}

// blocksAgree compares blocks with plain Go, with its coefficients or without.
func blocksAgree(t *testing.T, coefs bool, blocks func(d *Decoder, from, to int) int) {
	const seed = 9
	r := rand.New(rand.NewPCG(seed, seed))
	ways := map[string]int{}
	for round := range 3000 {
		var d Decoder
		d.p.nscan, d.p.ncomp, d.pairs, d.perMCU = 1, 1, true, 10
		dcDef, acDef := stdDC[round&1], stdAC[round&1]
		if round%3 > 0 {
			dcDef = randomCode(r, 16, func() uint8 { return uint8(r.IntN(16)) })
			acDef = randomCode(r, 1+r.IntN(200), func() uint8 {
				if r.IntN(10) == 0 {
					return uint8(r.IntN(256))
				}
				return uint8(r.IntN(16)*r.IntN(2)<<4) | uint8(1+r.IntN(1+r.IntN(10)))
			})
		}
		if !d.dc[0].build(&dcDef, tableDC) || !d.ac[0].build(&acDef, tableAC) {
			t.Fatal("impossible code")
		}
		d.dc[0].pairUp()
		d.ac[0].pairUp()
		var c component
		for i := range d.tables {
			d.tables[i] = blockTables{dc: &d.dc[0], ac: &d.ac[0], pred: &c.pred, c: &c}
		}
		n := 8 * r.IntN(200)
		buf := make([]byte, n+segmentPad)
		for i := range n {
			buf[i] = byte(r.Uint32())
		}
		d.r = bitReader{buf: buf, end: n}
		plain := d.r
		var pred int32
		for mcu := 0; mcu < 100 && !plain.overrun(); mcu++ {
			from := r.IntN(10)
			end := blocks(&d, from, 10)
			ways["blocks"] += end - from
			for i := from; i < end; i++ {
				var want [64]int16
				last := plain.block(&d.dc[0], &d.ac[0], &pred, &want)
				if coefs && (d.mcu[i] != want || last > 0 && d.last[i] == 0) {
					t.Fatalf("seed %d, round %d, MCU %d, block %d: last %d, %v; want %d, %v", seed, round, mcu, i, d.last[i], d.mcu[i], last, want)
				}
			}
			if 8*plain.pos-int(plain.n) != 8*d.r.pos-int(d.r.n) || pred != c.pred || plain.bad != d.r.bad {
				t.Fatalf("seed %d, round %d, MCU %d: at bit %d with DC %d, want %d and %d", seed, round, mcu, 8*d.r.pos-int(d.r.n), c.pred, 8*plain.pos-int(plain.n), pred)
			}
			if end < 10 {
				ways["given up"]++
				// Plain Go finishes what is begun.
				last := d.r.block(&d.dc[0], &d.ac[0], &c.pred, &d.mcu[end])
				var want [64]int16
				if plain.block(&d.dc[0], &d.ac[0], &pred, &want) != last || d.mcu[end] != want || pred != c.pred {
					t.Fatalf("seed %d, round %d, MCU %d, block %d: after giving up %v, want %v", seed, round, mcu, end, d.mcu[end], want)
				}
			}
			clear(d.mcu[:])
		}
	}
	t.Log(ways)
	if ways["blocks"] < 10000 || ways["given up"] < 1000 {
		t.Errorf("too little was tried: %v", ways)
	}
}

// TestSmallImages decodes small images one after another, and wants the tables of pairs once many blocks had the same codes, no
// longer after an image with others, and the pixels of a new decoder always.
func TestSmallImages(t *testing.T) {
	defer func(n int64) { pairBlocks = n }(pairBlocks)
	pairBlocks = 60 // an image of 32×32 has 24 blocks
	r := rand.New(rand.NewPCG(3, 4))
	img := image.NewNRGBA(image.Rect(0, 0, 32, 32))
	var d Decoder
	for i, want := range []bool{false, false, true, true, true, false, false, false, true} {
		for k := range img.Pix {
			img.Pix[k] = byte(r.Uint32())
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}); err != nil {
			t.Fatal(err)
		}
		data := b.Bytes()
		if i == 5 { // another image, whose table of AC coefficients has a code more
			at := bytes.Index(data, []byte{0xff, 0xc4}) + 4 // DC of luma, whose last code becomes longer
			data[at+9], data[at+10] = data[at+9]-1, data[at+10]+1
		}
		got, _, err := d.Decode(nil, data, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var fresh Decoder
		plain, _, err := fresh.Decode(nil, data, Options{})
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("image %d: other pixels than by a new decoder (%v)", i, err)
		}
		if d.pairs != (want && haveBits) {
			t.Errorf("image %d: tables of pairs: %v", i, d.pairs)
		}
	}
}
