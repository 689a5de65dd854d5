package shard

import (
	"bytes"
	"math"
	"strconv"
)

// AppendFloat appends f in the shortest decimal form that reads back, always with a point, so
// that readers that infer types never take it for an integer: 1.0, 0.25, 1.0e-07. It is valid
// JSON for every f but NaN and the infinities.
func AppendFloat(dst []byte, f float64) []byte {
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, format, -1, 64)
	if bytes.IndexByte(dst[start:], '.') >= 0 {
		return dst
	}
	if e := bytes.IndexByte(dst[start:], 'e'); e >= 0 {
		at := start + e
		dst = append(dst, ".0"...)
		copy(dst[at+2:], dst[at:len(dst)-2])
		copy(dst[at:], ".0")
		return dst
	}
	return append(dst, ".0"...)
}
