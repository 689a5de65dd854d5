package saliency

// side is the length of the transforms and the side of the planes that they work on.
const side = 64

// A plane is a matrix of side×side float64, row by row.
type plane [side * side]float64

func (p *plane) row(r int) *[side]float64 { return (*[side]float64)(p[r*side:]) }

// quarterSine holds sin(2πk/64) for k = 0…16, correctly rounded. math.Sin would do on a single
// architecture, but may differ in the last bit between two.
var quarterSine = [side/4 + 1]float64{
	0, 0.0980171403295606, 0.19509032201612828, 0.2902846772544624, 0.3826834323650898,
	0.47139673682599764, 0.5555702330196022, 0.6343932841636455, 0.7071067811865476,
	0.773010453362737, 0.8314696123025452, 0.881921264348355, 0.9238795325112867,
	0.9569403357322088, 0.9807852804032304, 0.9951847266721969, 1,
}

// sine64 holds sin(2πk/64) for k = 0…63; the cosine is 16 entries further on.
var sine64 = func() (s [side]float64) {
	for k := range side / 4 {
		q := quarterSine[k]
		s[k], s[k+side/2] = q, -q
		q = quarterSine[side/4-k]
		s[k+side/4], s[k+3*side/4] = q, -q
	}
	return s
}()

// A butterfly is one step of the transform of length 64 in radix 4: the four rows it works on,
// and the twiddle factors of three of its results.
type butterfly struct {
	rows [4]int
	w    [3]complex128
}

// butterflies lists the steps of the decimation in frequency, in order.
var butterflies = func() (list []butterfly) {
	for span := side / 4; span > 0; span /= 4 {
		for first := 0; first < side; first += 4 * span {
			for j := range span {
				var b butterfly
				for i := range b.rows {
					b.rows[i] = first + j + i*span
				}
				for i := range b.w {
					k := (i + 1) * j * (side / 4 / span)
					b.w[i] = complex(sine64[(k+side/4)%side], -sine64[k%side])
				}
				list = append(list, b)
			}
		}
	}
	return list
}()

// digits[k] is the row in which [dftColumns] leaves frequency k: k with its digits to the base 4
// reversed.
var digits = func() (d [side]int) {
	for k := range d {
		d[k] = k&3<<4 | k&12 | k>>4
	}
	return d
}()

// dftColumns replaces each of the first n columns of re + i·im by its discrete Fourier transform
// Σ z(r)·exp(−2πi·r·k/64), unscaled; frequency k is left in row digits[k]. Exchanging re and im
// gives the inverse transform, its parts exchanged as well.
func dftColumns(re, im *plane, n int) {
	for i := range butterflies {
		dftStep(re, im, &butterflies[i], n)
	}
}

// butterflyGo performs one step on n columns. Each product is rounded before it is added to
// another, so that the result does not depend on whether the processor can fuse the two.
func butterflyGo(re, im *plane, b *butterfly, n int) {
	r0, r1, r2, r3 := re.row(b.rows[0])[:n], re.row(b.rows[1])[:n], re.row(b.rows[2])[:n], re.row(b.rows[3])[:n]
	i0, i1, i2, i3 := im.row(b.rows[0])[:n], im.row(b.rows[1])[:n], im.row(b.rows[2])[:n], im.row(b.rows[3])[:n]
	w1r, w1i := real(b.w[0]), imag(b.w[0])
	w2r, w2i := real(b.w[1]), imag(b.w[1])
	w3r, w3i := real(b.w[2]), imag(b.w[2])
	for x := range r0 {
		ar, ai := r0[x]+r2[x], i0[x]+i2[x]
		br, bi := r0[x]-r2[x], i0[x]-i2[x]
		cr, ci := r1[x]+r3[x], i1[x]+i3[x]
		dr, di := i1[x]-i3[x], r3[x]-r1[x] // −i times the difference
		r0[x], i0[x] = ar+cr, ai+ci
		er, ei := br+dr, bi+di
		r1[x], i1[x] = float64(er*w1r)-float64(ei*w1i), float64(er*w1i)+float64(ei*w1r)
		er, ei = ar-cr, ai-ci
		r2[x], i2[x] = float64(er*w2r)-float64(ei*w2i), float64(er*w2i)+float64(ei*w2r)
		er, ei = br-dr, bi-di
		r3[x], i3[x] = float64(er*w3r)-float64(ei*w3i), float64(er*w3i)+float64(ei*w3r)
	}
}

// dftReal returns in re + i·im the columns u = 0…32 of the transposed two-dimensional transform
// of the real matrix p: row v, column u of the result is frequency u along the columns of p and v
// along its rows. The other columns follow from the symmetry of real input: (v, u) is the
// conjugate of (−v, −u). p and tmp are overwritten.
func dftReal(re, im, p, tmp *plane) {
	// Columns c and c+32 of p travel together as the parts of one complex column.
	const half = side / 2
	for y := range side {
		copy(tmp.row(y)[:half], p.row(y)[half:])
	}
	dftColumns(p, tmp, half)
	for u := range half + 1 {
		k, n := digits[u], digits[-u&(side-1)]
		kr, ki, nr, ni := p.row(k), tmp.row(k), p.row(n), tmp.row(n)
		for c := range half {
			re[c*side+u], im[c*side+u] = (kr[c]+nr[c])/2, (ki[c]-ni[c])/2
			re[(c+half)*side+u], im[(c+half)*side+u] = (ki[c]+ni[c])/2, (nr[c]-kr[c])/2
		}
	}
	dftColumns(re, im, half+1)
	for v := range side { // rows to natural order; the permutation is its own inverse
		if d := digits[v]; v < d {
			swapRows(re, v, d)
			swapRows(im, v, d)
		}
	}
}

func swapRows(p *plane, i, j int) {
	a, b := p.row(i), p.row(j)
	*a, *b = *b, *a
}

// inverse transforms re + i·im, transposed as dftReal leaves it, back in two dimensions, without
// the factor 1/64². Row y of the result is row digits[y] of tre and tim, whose parts are
// exchanged. All four planes are overwritten.
func inverse(tre, tim, re, im *plane) {
	dftColumns(im, re, side)
	for x := range side {
		sr, si := re.row(digits[x]), im.row(digits[x])
		for u := range side {
			tre[u*side+x], tim[u*side+x] = si[u], sr[u]
		}
	}
	dftColumns(tre, tim, side)
}
