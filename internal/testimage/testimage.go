// Package testimage generates the images of the project's golden vectors, so that tests of
// kernels and codecs commit no pictures. Only integer arithmetic is used: the bytes are the same
// on every machine, and short to write in any other language.
//
// With / truncating and all operands non-negative, sample p of column x, row y and channel c is
//
//	hash : v = (7x + 13y + 29c + x·y·(c+1)) · 2654435761 mod 2^32;  p = (v >> 19) & 255
//	rings: p = ((x·x + 3·y·y + 17·c·x) >> 6) & 255
//	ramp : p = x·255 / max(w−1, 1)
//	disc : dx = x − w/2, dy = y − h/2, r = min(w, h)/5;  p = 255 if dx·dx + dy·dy ≤ r·r, else 40 + 3c
//
// hash is noise, rings aliases towards the lower right, ramp and disc are full of ties.
package testimage

import "fmt"

var kinds = map[string]func(x, y, c, w, h int) byte{
	"hash":  hash,
	"rings": rings,
	"ramp":  ramp,
	"disc":  disc,
}

// Kinds lists the images that [Generate] knows.
func Kinds() []string { return []string{"hash", "rings", "ramp", "disc"} }

// Generate returns the image kind of w columns and h rows as w·h·ch bytes: row by row from the
// top, the ch samples of a pixel together. It panics if it does not know kind.
func Generate(kind string, w, h, ch int) []byte {
	sample, ok := kinds[kind]
	if !ok {
		panic(fmt.Sprintf("testimage: no image %q, know %q", kind, Kinds()))
	}
	pix := make([]byte, 0, w*h*ch)
	for y := range h {
		for x := range w {
			for c := range ch {
				pix = append(pix, sample(x, y, c, w, h))
			}
		}
	}
	return pix
}

func hash(x, y, c, _, _ int) byte {
	v := uint32(7*x+13*y+29*c+x*y*(c+1)) * 2654435761
	return byte(v >> 19)
}

func rings(x, y, c, _, _ int) byte { return byte((x*x + 3*y*y + 17*c*x) >> 6) }

func ramp(x, _, _, w, _ int) byte { return byte(x * 255 / max(w-1, 1)) }

func disc(x, y, c, w, h int) byte {
	dx, dy, r := x-w/2, y-h/2, min(w, h)/5
	if dx*dx+dy*dy <= r*r {
		return 255
	}
	return byte(40 + 3*c)
}
