package plan

import "strconv"

// Key names a sample: its position in the replica, zero-padded to nine digits or to as many as n
// has, after rNNN- if replicas are told apart by name.
func Key(position, n int64, replica int, named bool) string {
	var room [48]byte
	key := room[:0]
	if named {
		key = append(appendPadded(append(key, 'r'), int64(replica), 3), '-')
	}
	return string(appendPadded(key, position, max(9, digits(n))))
}

// digits is the number of decimal digits of v ≥ 0.
func digits(v int64) int {
	n := 1
	for ; v >= 10; v /= 10 {
		n++
	}
	return n
}

// appendPadded appends v ≥ 0 with zeros before it to at least width digits.
func appendPadded(dst []byte, v int64, width int) []byte {
	for range width - digits(v) {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, v, 10)
}
