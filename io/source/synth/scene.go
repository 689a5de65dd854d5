package synth

import (
	"math"

	"github.com/premix/premix/imaging"
)

// A scene is an image that is being painted.
type scene struct {
	img  *imaging.Image
	r    *rand
	side int // the shorter
}

// muted is a colour without much of one, as backgrounds have.
func (s *scene) muted() rgb {
	v := s.r.in(60, 190)
	return rgb{v + s.r.in(-22, 22), v + s.r.in(-18, 18), v + s.r.in(-22, 22)}
}

// background paints a gradient with soft clouds, and clutter before it.
func (s *scene) background() {
	top, bottom := s.muted(), s.muted()
	const cells = 8
	var cloud [cells + 1][cells + 1]int
	for y := range cloud {
		for x := range cloud[y] {
			cloud[y][x] = s.r.in(-34, 34)
		}
	}
	w, h := s.img.W, s.img.H
	for y := range h {
		row := s.img.Row(y)
		c := mix(top, bottom, y*256/h)
		cy := y * cells * 256 / h
		upper, lower, fy := cloud[cy>>8], cloud[cy>>8+1], cy&255
		step := cells << 16 / w
		for x, cx := 0, 0; x < w; x, cx = x+1, cx+step {
			k, fx := cx>>16, cx>>8&255
			a := upper[k]*(256-fx) + upper[k+1]*fx
			b := lower[k]*(256-fx) + lower[k+1]*fx
			v := (a*(256-fy) + b*fy) >> 16
			p := row[3*x:][:3:3]
			p[0], p[1], p[2] = byte(c.r+v), byte(c.g+v), byte(c.b+v)
		}
	}
	for range s.r.in(14, 34) {
		s.clutter()
	}
}

// clutter paints one soft ellipse or bar.
func (s *scene) clutter() {
	w, h := s.img.W, s.img.H
	cx, cy := s.r.n(w), s.r.n(h)
	rx, ry := s.r.in(s.side/24, s.side/6)+2, s.r.in(s.side/24, s.side/6)+2
	c, alpha := s.muted(), s.r.in(70, 190)
	bar := s.r.n(3) == 0
	if bar {
		ry = ry/5 + 1
	}
	slope := s.r.in(-128, 128) // the shear of bars, in 1/256
	for y := max(0, cy-ry-rx/2); y < min(h, cy+ry+rx/2+1); y++ {
		row := s.img.Row(y)
		for x := max(0, cx-rx); x < min(w, cx+rx+1); x++ {
			dx, dy := x-cx, y-cy
			if bar {
				dy -= dx * slope >> 8
				if dy < -ry || dy > ry {
					continue
				}
			} else if dx*dx*ry*ry+dy*dy*rx*rx > rx*rx*ry*ry {
				continue
			}
			blend(row[3*x:][:3:3], c, alpha)
		}
	}
}

// object paints the salient object with its shadow, lit from the upper left.
func (s *scene) object(k kind) {
	w, h := s.img.W, s.img.H
	radius := s.side * s.r.in(22, 38) / 100
	margin := radius * 3 / 4
	cx, cy := s.r.in(margin, w-1-margin), s.r.in(margin, h-1-margin)
	tilt := s.r.in(-k.tilt, k.tilt)
	ca, sa := cos(tilt), sin(tilt)
	a, b := s.vary(k.a), s.vary(k.b)
	var outline [turn]int
	for i := range outline {
		outline[i] = k.outline(i)
	}
	// Coordinates of the object's frame are in 1/256 of radius; soft is a pixel in them.
	scale := one * 256 / radius
	soft := max(1, 256/radius)
	drop := radius / 9
	reach := radius + drop + 2
	for y := max(0, cy-reach); y < min(h, cy+reach+1); y++ {
		row := s.img.Row(y)
		for x := max(0, cx-reach); x < min(w, cx+reach+1); x++ {
			dx, dy := x-cx, y-cy
			p := frame(dx, dy, ca, sa, scale)
			in := cover(outline[p.a]-p.r, soft)
			if k.hole > 0 {
				in = min(in, cover(p.r-k.hole, soft))
			}
			px := row[3*x:][:3:3]
			if in < 256 {
				q := frame(dx-drop, dy-drop, ca, sa, scale)
				shade := cover(outline[q.a]-q.r, 28)
				if k.hole > 0 {
					shade = min(shade, cover(q.r-k.hole, 28))
				}
				blend(px, rgb{}, shade*5/9)
			}
			if in == 0 {
				continue
			}
			c := mix(a, b, k.texture(p))
			// The lamp: darker towards the rim and away from it, with a highlight.
			lx, ly := dx*256/radius, dy*256/radius
			light := 268 - (p.r*p.r)>>10 - (lx+ly)>>3
			glare := max(0, 90-((lx+90)*(lx+90)+(ly+100)*(ly+100))>>6)
			c = rgb{c.r*light>>8 + glare, c.g*light>>8 + glare, c.b*light>>8 + glare}
			blend(px, c, in)
		}
	}
}

// vary moves a class's colour a little.
func (s *scene) vary(c rgb) rgb {
	return rgb{c.r + s.r.in(-16, 16), c.g + s.r.in(-16, 16), c.b + s.r.in(-16, 16)}
}

// frame turns an offset in pixels into a place on the object.
func frame(dx, dy, ca, sa, scale int) point {
	x := (dx*ca + dy*sa) >> 14 * scale >> 14
	y := (dy*ca - dx*sa) >> 14 * scale >> 14
	// The root of a small integer is exact enough in any arithmetic that rounds correctly.
	return point{x, y, int(math.Sqrt(float64(x*x + y*y))), atan(x, y)}
}

// cover is how much of a pixel lies inside, 0 to 256, at a depth below the edge.
func cover(depth, soft int) int {
	return max(0, min(256, (depth+soft/2)*256/soft))
}

// grain adds the noise of a sensor.
func (s *scene) grain(r *rand) {
	pix := s.img.Pix
	var bits uint64
	for i := 0; i+2 < len(pix); i += 3 {
		if i%48 == 0 {
			bits = r.next()
		}
		v := int(bits&7) - int(bits>>3&1)*7 // −7 to 7
		bits >>= 4
		pix[i], pix[i+1], pix[i+2] = clamp(int(pix[i])+v), clamp(int(pix[i+1])+v), clamp(int(pix[i+2])+v)
	}
}

func mix(a, b rgb, t int) rgb {
	return rgb{a.r + (b.r-a.r)*t>>8, a.g + (b.g-a.g)*t>>8, a.b + (b.b-a.b)*t>>8}
}

// blend paints c over p with an opacity of 0 to 256.
func blend(p []byte, c rgb, alpha int) {
	p[0] = clamp(int(p[0]) + (c.r-int(p[0]))*alpha>>8)
	p[1] = clamp(int(p[1]) + (c.g-int(p[1]))*alpha>>8)
	p[2] = clamp(int(p[2]) + (c.b-int(p[2]))*alpha>>8)
}

func clamp(v int) byte { return byte(max(0, min(255, v))) }
