package webdataset

import "fmt"

const (
	block   = 512
	maxSize = 1<<33 - 1 // 11 octal digits
	maxName = 100
)

// header is the ustar header of an empty file without a name; see POSIX.1-1988, or section
// "ustar Interchange Format" of pax in POSIX.1-2001.
var header, headerSum = func() (h [block]byte, sum uint32) {
	copy(h[100:], "0000444\x00") // mode
	copy(h[108:], "0000000\x00") // uid
	copy(h[116:], "0000000\x00") // gid
	copy(h[124:], "00000000000\x00")
	copy(h[136:], "00000000000\x00") // mtime
	copy(h[148:], "        ")        // chksum: spaces while summing
	h[156] = '0'                     // typeflag
	copy(h[257:], "ustar\x0000")     // magic and version
	copy(h[329:], "0000000\x00")     // devmajor
	copy(h[337:], "0000000\x00")     // devminor
	for _, b := range h {
		sum += uint32(b)
	}
	return h, sum
}()

// appendHeader appends the header of a member.
func appendHeader[S string | []byte](dst []byte, name S, size int64) ([]byte, error) {
	if len(name) > maxName {
		return dst, fmt.Errorf("name %q is longer than the %d bytes of ustar", name, maxName)
	}
	if size < 0 || size > maxSize {
		return dst, fmt.Errorf("%d bytes do not fit into ustar's 11 octal digits", size)
	}
	start := len(dst)
	dst = append(dst, header[:]...)
	h := dst[start:]
	sum := headerSum
	for i := range len(name) {
		h[i] = name[i]
		sum += uint32(name[i])
	}
	for i := 134; i >= 124; i-- {
		h[i] += byte(size & 7)
		sum += uint32(size & 7)
		size >>= 3
	}
	// six octal digits, NUL, space
	for i := 153; i >= 148; i-- {
		h[i] = '0' + byte(sum&7)
		sum >>= 3
	}
	h[154] = 0
	return dst, nil
}

// padding is the number of bytes that fill up a member of the given size.
func padding(size int64) int { return int(-size & (block - 1)) }

var zeros [2 * block]byte
