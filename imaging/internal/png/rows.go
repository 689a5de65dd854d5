package png

import "github.com/premix/premix/imaging/internal/raster"

// unfilter undoes the filter of a row; prev is the row above it. bpp is the distance to the pixel on
// the left.
func unfilter(filter byte, cur, prev []byte, bpp int) error {
	prev = prev[:len(cur)]
	switch filter {
	case 0:
	case 1:
		for i := bpp; i < len(cur); i++ {
			cur[i] += cur[i-bpp]
		}
	case 2:
		for i, p := range prev {
			cur[i] += p
		}
	case 3:
		for i := range min(bpp, len(cur)) {
			cur[i] += prev[i] / 2
		}
		for i := bpp; i < len(cur); i++ {
			cur[i] += byte((int(cur[i-bpp]) + int(prev[i])) / 2)
		}
	case 4:
		paeth(cur, prev, bpp)
	default:
		return corrupt("bad filter type")
	}
	return nil
}

// paeth adds to each byte that of its left, upper and upper left neighbours which is nearest to
// left + up − upper left. It has no branches that depend on pixels: a file can make each go wrong.
func paeth(cur, prev []byte, bpp int) {
	for k := range min(bpp, len(cur)) {
		left, upperLeft := 0, 0
		for i := k; i < len(cur); i += bpp {
			up := int(prev[i])
			dl, du := up-upperLeft, left-upperLeft
			dc := dl + du
			least, nearest := max(dl, -dl), left
			if d := max(du, -du); d < least {
				least, nearest = d, up
			}
			if max(dc, -dc) < least {
				nearest = upperLeft
			}
			left = int(byte(nearest + int(cur[i])))
			cur[i] = byte(left)
			upperLeft = up
		}
	}
}

// expand writes the colours of a row of samples to dst.
func (d *Decoder) expand(dst, row []byte) {
	switch {
	case d.colour == paletted, d.colour == gray && d.depth <= 8:
		d.lut.Expand(dst, row, d.depth)
	case d.colour == gray:
		d.gray16(dst, row)
	case d.colour == rgb:
		d.rgb(dst, row, d.depth/8)
	case d.colour == grayAlpha:
		size := d.depth / 8
		for ; len(dst) >= 3 && len(row) >= 2*size; dst, row = dst[3:], row[2*size:] {
			v := raster.Over(row[0], row[size])
			dst[0], dst[1], dst[2] = v, v, v
		}
	default:
		size := d.depth / 8
		for ; len(dst) >= 3 && len(row) >= 4*size; dst, row = dst[3:], row[4*size:] {
			r, g, b, a := row[0], row[size], row[2*size], row[3*size]
			if a != 255 {
				r, g, b = raster.Over(r, a), raster.Over(g, a), raster.Over(b, a)
			}
			dst[0], dst[1], dst[2] = r, g, b
		}
	}
}

func (d *Decoder) gray16(dst, row []byte) {
	for ; len(dst) >= 3 && len(row) >= 2; dst, row = dst[3:], row[2:] {
		v := row[0]
		if d.key != nil && d.be16(row, 0) {
			v = 255
		}
		dst[0], dst[1], dst[2] = v, v, v
	}
}

// rgb writes a row of colours whose samples have size bytes.
func (d *Decoder) rgb(dst, row []byte, size int) {
	switch {
	case size == 1 && d.key == nil:
		copy(dst, row)
	case size == 1:
		for ; len(dst) >= 3 && len(row) >= 3; dst, row = dst[3:], row[3:] {
			copy(dst, row[:3])
			if row[0] == d.key[1] && row[1] == d.key[3] && row[2] == d.key[5] {
				dst[0], dst[1], dst[2] = 255, 255, 255
			}
		}
	default:
		for ; len(dst) >= 3 && len(row) >= 6; dst, row = dst[3:], row[6:] {
			dst[0], dst[1], dst[2] = row[0], row[2], row[4]
			if d.key != nil && d.be16(row, 0) && d.be16(row[2:], 1) && d.be16(row[4:], 2) {
				dst[0], dst[1], dst[2] = 255, 255, 255
			}
		}
	}
}
