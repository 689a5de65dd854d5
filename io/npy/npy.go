// Package npy writes and reads one-dimensional float arrays as NumPy files of version 1.0: call
// [AppendFloat32], [AppendFloat16] and [Decode].
//
//	file   = magic version length header data
//	magic  = 0x93 "NUMPY"
//	version = 0x01 0x00
//	length = uint16, little endian: bytes of header
//	header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000,), }" spaces "\n"
//	data   = little-endian values
//
// The spaces make the length of all before data a multiple of 64, as NumPy's own writer does
// (numpy/lib/format.py, _wrap_header): for a vector that is always 128. Values are float32 ("<f4")
// or IEEE 754 half precision ("<f2").
package npy

import (
	"encoding/binary"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
)

const (
	prefix     = "\x93NUMPY\x01\x00"
	headerSize = 128
)

// header returns everything before the values of a vector of n values of the given
// width: 4 bytes for float32, 2 for float16.
func header(n, width int) []byte {
	text := fmt.Sprintf("{'descr': '<f%d', 'fortran_order': False, 'shape': (%d,), }", width, n)
	h := make([]byte, 0, headerSize)
	h = append(h, prefix...)
	h = binary.LittleEndian.AppendUint16(h, uint16(headerSize-len(prefix)-2))
	h = append(h, text...)
	for len(h) < headerSize-1 {
		h = append(h, ' ')
	}
	return append(h, '\n')
}

// AppendFloat32 appends the file of v as float32.
func AppendFloat32(dst []byte, v []float32) []byte {
	dst = append(slices.Grow(dst, headerSize+4*len(v)), header(len(v), 4)...)
	for _, f := range v {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(f))
	}
	return dst
}

// AppendFloat16 appends the file of v as float16, each value rounded to nearest, ties to even.
func AppendFloat16(dst []byte, v []float32) []byte {
	dst = append(dst, header(len(v), 2)...)
	for _, f := range v {
		dst = binary.LittleEndian.AppendUint16(dst, Float16(f))
	}
	return dst
}

// shape matches the headers that NumPy and premix write for vectors of floats.
var shape = regexp.MustCompile(`^\{'descr': '<f([24])', 'fortran_order': (?:False|True), 'shape': \((\d{1,15}),\), \} *\n$`)

// Decode appends the values of a file to dst and returns their width in bytes, 4 or 2. Anything
// but a version 1.0 file of one dimension of little-endian float32 or float16 is an error, as are
// missing and surplus bytes.
func Decode(dst []float32, file []byte) ([]float32, int, error) {
	if len(file) < len(prefix)+2 || string(file[:len(prefix)]) != prefix {
		return dst, 0, fmt.Errorf("npy: no NumPy file of version 1.0")
	}
	n := int(binary.LittleEndian.Uint16(file[len(prefix):]))
	body := file[len(prefix)+2:]
	if len(body) < n {
		return dst, 0, fmt.Errorf("npy: header of %d bytes in a file of %d", n, len(file))
	}
	head, data := body[:n], body[n:]
	width, count := 4, len(data)/4
	// Most headers are premix's own, and a comparison is much faster than the expression.
	if string(head) != string(header(count, width)[len(prefix)+2:]) {
		m := shape.FindSubmatch(head)
		if m == nil {
			return dst, 0, fmt.Errorf("npy: header %.80q is not that of a vector of <f4 or <f2", head)
		}
		var err error
		width = int(m[1][0] - '0')
		if count, err = strconv.Atoi(string(m[2])); err != nil {
			count = -1
		}
	}
	if len(data)%width != 0 || len(data)/width != count {
		return dst, 0, fmt.Errorf("npy: %d bytes of values, and the header %.80q", len(data), head)
	}
	start := len(dst)
	dst = slices.Grow(dst, count)[:start+count]
	values := dst[start:]
	if width == 4 {
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
	} else {
		for i := range values {
			values[i] = Float32(binary.LittleEndian.Uint16(data[2*i:]))
		}
	}
	return dst, width, nil
}
