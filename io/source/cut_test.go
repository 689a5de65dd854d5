package source

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var at0 = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func TestCuts(t *testing.T) {
	for _, target := range []int{1, 2, 3, 7, 100, 1500} {
		for _, n := range []int{0, 1, 2, 3, 99, 100, 134, 2000, 2001, 5000} {
			ends := cuts(n, target, func(i int) string { return fmt.Sprint("name", i) }, func(int) int { return 10 })
			from := 0
			for k, e := range ends {
				lo, hi := (2*target+2)/3, max(1, 4*target/3)
				if size := e - from; size < 1 || size > hi || size < lo && k < len(ends)-1 {
					t.Errorf("n %d, target %d: chunk %d has %d entries", n, target, k, size)
				}
				from = e
			}
			if from != n {
				t.Errorf("n %d, target %d: ends %v", n, target, ends)
			}
		}
	}
}

// TestCutsBytes: long names make smaller chunks.
func TestCutsBytes(t *testing.T) {
	name := func(i int) string { return strings.Repeat("x", 200) + fmt.Sprint(i) }
	from := 0
	for _, e := range cuts(5000, 1500, name, func(i int) int { return len(name(i)) }) {
		size := 0
		for i := from; i < e; i++ {
			size += len(name(i))
		}
		if size > maxNameBytes {
			t.Errorf("entries %d to %d have %d bytes of names", from, e, size)
		}
		from = e
	}
	if from != 5000 {
		t.Errorf("ends at %d", from)
	}
	big := func(int) int { return maxNameBytes + 1 }
	if got := cuts(3, 2, func(i int) string { return fmt.Sprint(i) }, big); len(got) != 3 {
		t.Errorf("entries beyond the limit: %v", got)
	}
}

// TestCutsStable: an insertion changes the chunks around it, not those far away.
func TestCutsStable(t *testing.T) {
	names := make([]string, 20000)
	for i := range names {
		names[i] = fmt.Sprintf("n%06d", 2*i)
	}
	cut := func(names []string) map[string]bool {
		set := map[string]bool{}
		from := 0
		for _, e := range cuts(len(names), 300, func(i int) string { return names[i] }, func(i int) int { return 7 }) {
			set[fmt.Sprint(names[from], names[e-1], e-from)] = true
			from = e
		}
		return set
	}
	before := cut(names)
	total := 0
	for at := 500; at < len(names); at += 1000 {
		more := append(append(append([]string{}, names[:at]...), fmt.Sprintf("n%06d", 2*at-1)), names[at:]...)
		for c := range cut(more) {
			if !before[c] {
				total++
			}
		}
	}
	if total > 2*20 {
		t.Errorf("20 insertions made %d chunks stale", total)
	}
}
