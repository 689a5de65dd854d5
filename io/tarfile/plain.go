package tarfile

import (
	"archive/tar"
	"bytes"
)

// A plainHeader is what the header of an ordinary file says.
type plainHeader struct {
	name string
	size int64
}

func (h *plainHeader) member(header, data int64) Member {
	return Member{Name: h.name, Type: tar.TypeReg, Header: header, Data: data, Size: h.size}
}

// plain reads a header as nearly all writers make those of ordinary files: ustar, with octal numbers and text of ASCII. What
// else archive/tar takes, and whatever it refuses, is not ok: then it decides. To leave these headers to it took a seventh of
// the CPU time of a first run over pictures of 32×32.
func plain(block []byte) (h plainHeader, ok bool) {
	if len(block) < Block || string(block[257:265]) != "ustar\x0000" || block[156] != tar.TypeReg {
		return h, false
	}
	block = block[:Block]
	sum, high := int64(0), byte(0)
	for _, b := range block {
		sum += int64(b)
		high |= b
	}
	for _, b := range block[148:156] {
		sum += ' ' - int64(b)
	}
	want, ok := octal(block[148:156])
	if !ok || want != sum || high >= 0x80 {
		return h, false
	}
	for _, f := range [][2]int{{100, 108}, {108, 116}, {116, 124}, {136, 148}, {329, 337}, {337, 345}} { // mode, uid, gid, mtime, devices
		if _, ok := octal(block[f[0]:f[1]]); !ok {
			return h, false
		}
	}
	if h.size, ok = octal(block[124:136]); !ok {
		return h, false
	}
	name, prefix := text(block[:100]), text(block[345:500])
	if len(name) == 0 || name[len(name)-1] == '/' {
		return h, false
	}
	if len(prefix) > 0 {
		h.name = string(prefix) + "/" + string(name)
	} else {
		h.name = string(name)
	}
	return h, true
}

// octal reads a number of digits only, that ends with NUL or a space, or fills its field with NULs.
func octal(p []byte) (n int64, ok bool) {
	i := 0
	for ; i < len(p) && '0' <= p[i] && p[i] <= '7'; i++ {
		n = n<<3 | int64(p[i]-'0')
	}
	if i == len(p) {
		return 0, false
	}
	for _, b := range p[i:] {
		if b != 0 && b != ' ' {
			return 0, false
		}
	}
	return n, true
}

// text is what is before the first NUL.
func text(p []byte) []byte {
	if i := bytes.IndexByte(p, 0); i >= 0 {
		return p[:i]
	}
	return p
}
