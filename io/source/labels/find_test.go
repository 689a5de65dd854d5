package labels

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func listOf(names []string) *List {
	l := &List{whole: newIndex(len(names))}
	for i, name := range names {
		l.add(name, i+1)
	}
	return l
}

// TestFindAll compares what indexes find with a look at all rows.
func TestFindAll(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	name := func() string {
		var b strings.Builder
		for range r.IntN(4) {
			fmt.Fprintf(&b, "%c/", 'a'+rune(r.IntN(3)))
		}
		return b.String() + []string{"x", "y"}[r.IntN(2)] + []string{"", ".jpg", ".JPG", ".png", ".1.jpg"}[r.IntN(5)]
	}
	for range 300 {
		seen := map[string]bool{}
		var names []string
		for range r.IntN(40) {
			if n := name(); !seen[n] {
				seen[n] = true
				names = append(names, n)
			}
		}
		l := listOf(names)
		for range 40 {
			image := name()
			var best fit
			equal := map[int]bool{}
			for k, row := range names {
				f, fits := compare(row, image)
				switch {
				case !fits || len(equal) > 0 && best.better(f):
				case len(equal) == 0 || f.better(best):
					best, equal = f, map[int]bool{k: true}
				default:
					equal[k] = true
				}
			}
			row, other := l.Find(image)
			if (row >= 0) != (len(equal) > 0) || (other >= 0) != (len(equal) > 1) || row >= 0 && !equal[row] || other >= 0 && !equal[other] || row >= 0 && row == other {
				t.Fatalf("%s in %q: rows %d and %d, want of %v", image, names, row, other, equal)
			}
		}
	}
}

// TestFindOfOneName: images that are all called alike, in folders of their own, are not compared with each other;
// that would take an hour.
func TestFindOfOneName(t *testing.T) {
	for _, form := range []string{"%d/image.png", "set/%d/images/image.png"} {
		var names []string
		for i := range 100_000 {
			names = append(names, fmt.Sprintf(form, i))
		}
		l := listOf(names)
		for i, name := range names {
			for _, image := range []string{name, "in/" + name, strings.TrimPrefix(name, "set/")} {
				if row, other := l.Find(image); row != i || other != -1 {
					t.Fatalf("%s: rows %d and %d", image, row, other)
				}
			}
		}
	}
}
