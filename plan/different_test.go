package plan

import (
	"slices"
	"testing"
)

// fewestSame is the least number of equal neighbours in a ring of n with at most m of one class.
func fewestSame(n, most int) int { return max(0, 2*most-n) }

// checkRing holds what different promises: every image once, and as few equal neighbours as can be.
func checkRing(t *testing.T, labels []int) {
	t.Helper()
	rows := make([]Row, len(labels))
	counts := map[int]int{}
	most := 0
	for i, l := range labels {
		rows[i].Label = l
		counts[l]++
		most = max(most, counts[l])
	}
	order := different(rows)
	seen := make([]bool, len(rows))
	for _, i := range order {
		if seen[i] {
			t.Fatalf("%v: image %d twice in %v", labels, i, order)
		}
		seen[i] = true
	}
	got := 0
	for i := range order {
		if labels[order[i]] == labels[order[(i+1)%len(order)]] {
			got++
		}
	}
	if want := fewestSame(len(labels), most); len(order) != len(rows) || got != want {
		t.Fatalf("%v: order %v has %d equal neighbours, best %d", labels, order, got, want)
	}
}

// All sequences of up to nine images of up to four classes.
func TestDifferentExhaustive(t *testing.T) {
	most := 9
	if testing.Short() {
		most = 7
	}
	for n := 2; n <= most; n++ {
		labels := make([]int, n)
		for {
			checkRing(t, labels)
			i := 0
			for ; i < n && labels[i] == 3; i++ {
				labels[i] = 0
			}
			if i == n {
				break
			}
			labels[i]++
		}
	}
}

func TestDifferentRandom(t *testing.T) {
	s := newStream(1, 0, 0, PurposeMethod)
	for range 800 {
		n, classes := 2+s.Intn(200), 1+s.Intn(30)
		labels := make([]int, n)
		for i := range labels {
			labels[i] = min(s.Intn(classes), s.Intn(classes)) // uneven
		}
		checkRing(t, labels)
		slices.Sort(labels)
		checkRing(t, labels)
	}
}

// A shard of many classes is left nearly alone: an image moves only where it must.
func TestDifferentMovesLittle(t *testing.T) {
	s := newStream(2, 0, 0, PurposeMethod)
	rows := make([]Row, 1252)
	clashes := 0
	for i := range rows {
		rows[i].Label = s.Intn(100)
		if i > 0 && rows[i].Label == rows[i-1].Label {
			clashes++
		}
	}
	order := different(rows)
	kept := 0
	for i := 1; i < len(order); i++ {
		if order[i] == order[i-1]+1 {
			kept++
		}
	}
	if clashes == 0 || kept < len(rows)-5*clashes {
		t.Errorf("%d neighbours of %d kept, for %d clashes", kept, len(rows), clashes)
	}
}

func FuzzDifferent(f *testing.F) {
	f.Add([]byte{0, 0, 1, 1})
	f.Add([]byte{0, 0, 0, 1})
	f.Add([]byte("mississippi"))
	f.Fuzz(func(t *testing.T, classes []byte) {
		if len(classes) < 2 || len(classes) > 5000 {
			t.Skip()
		}
		labels := make([]int, len(classes))
		for i, c := range classes {
			labels[i] = int(c)
		}
		checkRing(t, labels)
	})
}

func BenchmarkDifferent(b *testing.B) {
	s := newStream(2, 0, 0, PurposeMethod)
	rows := make([]Row, 1252)
	for i := range rows {
		rows[i].Label = s.Intn(1000)
	}
	b.ReportAllocs()
	for b.Loop() {
		different(rows)
	}
}
