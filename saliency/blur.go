package saliency

// mirror reflects i into 0…n−1 without repeating the edge (OpenCV's BORDER_REFLECT_101) for
// −1 ≤ i ≤ n; an axis of length 1 reflects onto itself.
func mirror(i, n int) int {
	switch {
	case n == 1:
		return 0
	case i < 0:
		return -i
	case i >= n:
		return 2*n - 2 - i
	}
	return i
}

// blurRowGo sets dst to one row of the 3×3 binomial blur, (sum + 8) >> 4 of the weights
// [1 2 1]×[1 2 1], whose middle row is mid and whose neighbours are up and down. tmp holds the
// vertical sums and a reflected column on either side: len(mid)+2.
func blurRowGo(dst, up, mid, down []uint8, tmp []uint16) {
	w := len(mid)
	dst, up, down, tmp = dst[:w], up[:w], down[:w], tmp[:w+2]
	for x := range mid {
		tmp[x+1] = uint16(up[x]) + 2*uint16(mid[x]) + uint16(down[x])
	}
	tmp[0] = tmp[1+mirror(-1, w)]
	tmp[w+1] = tmp[1+mirror(w, w)]
	for x := range dst {
		t := tmp[x : x+3 : x+3]
		dst[x] = uint8((t[0] + 2*t[1] + t[2] + 8) >> 4)
	}
}
