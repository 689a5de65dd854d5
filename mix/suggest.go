package mix

import (
	"fmt"
	"strings"
)

// unknown is the error for a word that is not among those known, with the nearest of them if one
// is near.
func unknown(what, word string, known []string) error {
	best, least := "", len(word)/3+1
	for _, k := range known {
		if d := EditDistance(strings.ToLower(word), k); d <= least {
			best, least = k, d-1
		}
	}
	if best != "" {
		return fmt.Errorf("unknown %s %q: did you mean %s?", what, word, best)
	}
	return fmt.Errorf("unknown %s %q: use %s", what, word, strings.Join(known, ", "))
}

// EditDistance is the number of bytes to insert, delete, replace or swap with their neighbour to turn a
// into b (optimal string alignment). Words of more than 64 bytes are not compared: their distance is their
// length.
func EditDistance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			differ := 1
			if a[i-1] == b[j-1] {
				differ = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+differ)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
