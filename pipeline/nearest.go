package pipeline

import "strings"

// Nearest returns the name that is closest to s by edit distance, or "" if none is close.
func Nearest(s string, names []string) string {
	if len(s) > 64 {
		return ""
	}
	best, dist := "", max(2, len(s)/3)+1
	for _, n := range names {
		// With as many changes as letters anything becomes anything.
		if d := editDistance(strings.ToLower(s), n); d < dist && d < min(len(s), len(n)) {
			best, dist = n, d
		}
	}
	return best
}

// editDistance counts the letters to insert, remove, replace, or swap with their neighbour to turn one
// short string into another, byte by byte.
func editDistance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
