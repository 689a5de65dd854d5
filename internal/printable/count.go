package printable

import (
	"fmt"
	"strings"
)

// Count is a number of things, such as 1 class or 2 classes.
func Count(n int64, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case strings.HasSuffix(thing, "s"):
		return fmt.Sprintf("%d %ses", n, thing)
	}
	if stem, ok := strings.CutSuffix(thing, "ry"); ok { // entries
		return fmt.Sprintf("%d %sries", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
