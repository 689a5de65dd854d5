// Package reuse resizes slices whose memory is used again for the next image.
package reuse

// Slice returns s with length n. Its content is undefined. Memory is allocated where the
// capacity of s does not suffice, and then exactly n elements: scratch is sized by limits that
// the growth of [slices.Grow] would exceed.
func Slice[T any, N int | int64](s []T, n N) []T {
	if N(cap(s)) < n {
		return make([]T, n)
	}
	return s[:n]
}
