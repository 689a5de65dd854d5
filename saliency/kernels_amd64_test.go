//go:build amd64 && !noasm

package saliency

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func needAVX2(t testing.TB) {
	if !haveAVX2 {
		t.Skip("needs a processor with AVX2")
	}
}

// guarded returns n elements of random bits somewhere in a larger slice, and a function that fails
// the test if anything has been written more than slack elements beyond them, or before them.
func guarded[E uint8 | uint16 | int32 | float32](t *testing.T, r *rand.Rand, n, slack int) ([]E, func()) {
	const guard = 64
	before := guard + r.IntN(32)
	all := make([]E, before+n+slack+guard)
	for i := range all {
		all[i] = E(r.IntN(1 << 8))
	}
	was := slices.Clone(all)
	return all[before:][: n : n+slack], func() {
		t.Helper()
		if !slices.Equal(all[:before], was[:before]) {
			t.Error("wrote before the slice")
		}
		if end := before + n + slack; !slices.Equal(all[end:], was[end:]) {
			t.Error("wrote beyond the slice")
		}
	}
}

// widths are all that could matter to a kernel of 8 to 32 lanes, and some larger ones.
func widths(from int) (list []int) {
	for w := from; w < 140; w++ {
		list = append(list, w)
	}
	return append(list, 224, 255, 256, 257, 500, 1023)
}

func TestLumaAVX2(t *testing.T) {
	needAVX2(t)
	r := rand.New(rand.NewPCG(11, 0))
	for _, n := range widths(1) {
		for _, g := range []Gray{Stored, BT601} {
			pix, checkPix := guarded[uint8](t, r, 3*n, 0)
			for i := range pix {
				pix[i] = uint8(r.UintN(256))
			}
			got, check := guarded[uint8](t, r, n, 0)
			want := make([]uint8, n)
			f := newFineGrained(g)
			f.luma(got, pix)
			weights := g.weights()
			lumaGo(want, pix, &weights)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%d pixels, %v (-want +got):\n%s", n, g, diff)
			}
			check()
			checkPix()
		}
	}
}

func TestBlurRowAVX2(t *testing.T) {
	needAVX2(t)
	r := rand.New(rand.NewPCG(12, 0))
	for _, w := range widths(simdWidth) {
		var rows [3][]uint8
		for i := range rows {
			rows[i], _ = guarded[uint8](t, r, w, 0)
			for x := range rows[i] {
				rows[i][x] = uint8(r.UintN(256)) | uint8(r.UintN(2)*255)
			}
		}
		tmp, checkTmp := guarded[uint16](t, r, w+2, 0)
		got, check := guarded[uint8](t, r, w, 0)
		want := make([]uint8, w)
		blurRowAVX2(&got[0], &rows[0][0], &rows[1][0], &rows[2][0], &tmp[0], w)
		blurRowGo(want, rows[0], rows[1], rows[2], make([]uint16, w+2))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("width %d (-want +got):\n%s", w, diff)
		}
		check()
		checkTmp()
	}
}

func TestPrefixRowAVX2(t *testing.T) {
	needAVX2(t)
	r := rand.New(rand.NewPCG(13, 0))
	for _, w := range widths(1) {
		gray, _ := guarded[uint8](t, r, w, 8)
		got, check := guarded[float32](t, r, w+maxScale, 0)
		acc, checkAcc := guarded[int32](t, r, w, 8)
		acc64 := make([]int64, w)
		for x := range acc {
			acc[x] = r.Int32N(math.MaxInt32 - 255*1024) // sums up to the largest that fit
			acc64[x] = int64(acc[x])
		}
		want := make([]float32, maxScale+1+w+maxScale)
		prefixRowAVX2(&got[0], &acc[0], &gray[0], w)
		prefixRowGo(want, acc64, gray)
		if !slices.Equal(want[maxScale+1:], got) {
			t.Fatalf("width %d: sums differ", w)
		}
		for x := range acc {
			if int64(acc[x]) != acc64[x] {
				t.Fatalf("width %d: column sums differ at %d", w, x)
			}
		}
		check()
		checkAcc()
	}
}

func TestWindowRowAVX2(t *testing.T) {
	needAVX2(t)
	r := rand.New(rand.NewPCG(14, 0))
	for _, w := range widths(simdWidth) {
		h := 1 + r.IntN(240)
		if testing.Short() && w%16 > 1 {
			continue
		}
		f := newFineGrained(Stored)
		f.load(grayImage(noise(r, w*h), w, h))
		f.integrate()
		var checkOn, checkOff func()
		f.on, checkOn = guarded[uint16](t, r, w*h, 0)
		f.off, checkOff = guarded[uint16](t, r, w*h, 0)
		wantOn, wantOff := make([]uint16, w*h), make([]uint16, w*h)
		for y := range h {
			i, j := y*w, (y+1)*w
			on, off := f.windowRow(y)
			for k := range scales {
				f.sums.addWindowsGo(wantOn[i:j], wantOff[i:j], f.gray[i:j], y, k, h)
			}
			if wOn, wOff := slices.Max(wantOn[i:j]), slices.Max(wantOff[i:j]); on != wOn || off != wOff {
				t.Fatalf("%d×%d: row %d: maxima %d, %d, want %d, %d", w, h, y, on, off, wOn, wOff)
			}
		}
		if !slices.Equal(f.on, wantOn) || !slices.Equal(f.off, wantOff) {
			t.Fatalf("%d×%d: ON or OFF differs", w, h)
		}
		checkOn()
		checkOff()
	}
}

func noise(r *rand.Rand, n int) []uint8 {
	pix := make([]uint8, n)
	for i := range pix {
		pix[i] = uint8(r.UintN(256))
	}
	return pix
}

func TestCalmAVX2(t *testing.T) {
	needAVX2(t)
	r := rand.New(rand.NewPCG(15, 0))
	for range 300 {
		n := 1 + r.IntN(400)
		top := uint16(8 + r.IntN(6*255-7))
		f := newFineGrained(Stored)
		f.resize(n, 1)
		for i := range n {
			f.on[i], f.off[i] = uint16(r.UintN(uint(top)+1)), 0
			if r.UintN(2) == 0 {
				f.on[i], f.off[i] = f.off[i], f.on[i]
			}
		}
		f.table[0].set(top)
		f.table[1].set(top)
		s := newSearch()
		for i := 0; i < n; {
			skipped := f.calm(i, &s)
			if skipped%calmBlock != 0 {
				t.Fatalf("skipped %d pixels", skipped)
			}
			j := min(i+skipped, n)
			before := s
			f.scan(&s, i, j) // must not find anything
			if s != before {
				t.Fatalf("skipped an extreme between %d and %d of %d: %+v, then %+v", i, j, n, before, s)
			}
			i = j
			f.scan(&s, i, min(i+calmBlock, n))
			i = min(i+calmBlock, n)
		}
	}
}

func TestButterflyAVX2(t *testing.T) {
	needAVX2(t)
	r := rand.New(rand.NewPCG(17, 0))
	var re, im plane
	for i := range re {
		re[i], im[i] = r.NormFloat64(), r.NormFloat64()
	}
	for _, n := range []int{1, 3, 4, 31, 32, 33, 64} {
		for i := range butterflies {
			b := &butterflies[i]
			gotRe, gotIm, wantRe, wantIm := re, im, re, im
			butterflyAVX2(&gotRe, &gotIm, b, n)
			butterflyGo(&wantRe, &wantIm, b, n)
			for y := range side {
				for x := range side {
					if x >= n && x < (n+3)&^3 {
						continue
					}
					if gotRe.row(y)[x] != wantRe.row(y)[x] || gotIm.row(y)[x] != wantIm.row(y)[x] {
						t.Fatalf("%d columns, step %d: row %d, column %d differs", n, i, y, x)
					}
				}
			}
		}
	}
}

// TestFineGrainedAVX2 compares whole images between assembly and plain Go; the large ones sum to
// more than 2^24.
func TestFineGrainedAVX2(t *testing.T) {
	needAVX2(t)
	r := rand.New(rand.NewPCG(16, 0))
	sizes := [][2]int{{1, 1}, {1, 9}, {9, 1}, {16, 1}, {15, 15}, {16, 16}, {17, 3}, {300, 2}, {2, 300}, {224, 224}, {256, 256}, {500, 375}, {375, 500}}
	for range 60 {
		sizes = append(sizes, [2]int{1 + r.IntN(130), 1 + r.IntN(130)})
	}
	if !testing.Short() {
		sizes = append(sizes, [2]int{1025, 300}, [2]int{241, 1203})
	}
	simd, plain := newFineGrained(Stored), newFineGrained(Stored)
	plain.simd = false
	var a, b Map
	for i, s := range sizes {
		w, h := s[0], s[1]
		pix := noise(r, w*h)
		switch i % 3 { // half bright, so that sums become large
		case 1:
			for j := range pix {
				pix[j] = 255 - pix[j]/16
			}
		case 2:
			for j := range pix {
				pix[j] = uint8(max(0, min(255, 128+40*((j%w)/7%5)-50*((j/w)/11%4))))
			}
		}
		t.Run(fmt.Sprintf("%dx%d", w, h), func(t *testing.T) {
			img := grayImage(pix, w, h)
			got, want := simd.Map(&a, img), plain.Map(&b, img)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("result (-plain +simd):\n%s", diff)
			}
			if !slices.Equal(a.Pix, b.Pix) {
				t.Error("maps differ")
			}
			if peak := simd.Peak(img); peak != want {
				t.Errorf("peak %v, want %v", peak, want)
			}
			if want != extrema(b.Pix, w) {
				t.Errorf("result %v, the map has %v", want, extrema(b.Pix, w))
			}
		})
	}
}
