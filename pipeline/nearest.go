package pipeline

import (
	"strings"

	"github.com/premix/premix/mix"
)

// Nearest returns the name that is closest to s by edit distance, or "" if none is close.
func Nearest(s string, names []string) string {
	if len(s) > 64 {
		return ""
	}
	best, dist := "", max(2, len(s)/3)+1
	for _, n := range names {
		// With as many changes as letters anything becomes anything.
		if d := mix.EditDistance(strings.ToLower(s), n); d < dist && d < min(len(s), len(n)) {
			best, dist = n, d
		}
	}
	return best
}
