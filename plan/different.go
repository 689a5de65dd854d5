package plan

import (
	"cmp"
	"slices"
)

// different orders the images of a shard so that neighbours differ in class, the last and the
// first among them, and moves few: at each place it puts the first image left whose class is not
// that of the one before, unless the rest could then not be ordered any more, in which case the
// class that would be left over comes first. It takes time proportional to the number of rows.
//
// Where a class has more than half of the images, some of its images must meet: as few as possible.
func different(rows []Row) []int32 {
	a := newArranger(rows)
	if n := len(rows); n > 1 && a.left(0) > n/2 {
		return a.crowded()
	}
	for a.rest > 0 {
		a.put(a.choose())
	}
	return a.order
}

// An arranger lays images out one after another. Classes are numbered by first appearance.
type arranger struct {
	class []int32 // of an image
	head  []int32 // of a class: its first image left
	next  []int32 // of an image: the next one of its class, −1 none
	count []int32 // of a class: its images left
	byN   []int32 // classes by descending count
	place []int32 // of a class: its index in byN
	least []int32 // of a count: how many classes have at least as many images left
	taken []bool
	order []int32
	rest  int // images left
	first int32
	last  int32
	from  int32 // all images before it are taken
	scan  int32 // all images between from and it are taken or of one class
}

func newArranger(rows []Row) *arranger {
	n := len(rows)
	a := &arranger{
		class: make([]int32, n), next: make([]int32, n), taken: make([]bool, n),
		order: make([]int32, 0, n), rest: n, first: -1, last: -1,
	}
	number := make(map[int]int32)
	for i := range rows {
		c, ok := number[rows[i].Label]
		if !ok {
			c = int32(len(number))
			number[rows[i].Label] = c
			a.head, a.count = append(a.head, -1), append(a.count, 0)
		}
		a.class[i] = c
		a.count[c]++
	}
	for i := n - 1; i >= 0; i-- {
		c := a.class[i]
		a.next[i], a.head[c] = a.head[c], int32(i)
	}
	a.byN, a.place, a.least = make([]int32, len(a.count)), make([]int32, len(a.count)), make([]int32, n+2)
	for c := range a.byN {
		a.byN[c] = int32(c)
	}
	slices.SortStableFunc(a.byN, func(c, d int32) int { return cmp.Compare(a.count[d], a.count[c]) })
	for i, c := range a.byN {
		a.place[c] = int32(i)
		a.least[a.count[c]]++
	}
	for k := n - 1; k >= 0; k-- {
		a.least[k] += a.least[k+1]
	}
	return a
}

// left is the count of the class at index i of those with the most images left.
func (a *arranger) left(i int) int {
	if i >= len(a.byN) {
		return 0
	}
	return int(a.count[a.byN[i]])
}

// put lays out the first image left of a class.
func (a *arranger) put(c int32) {
	i := a.head[c]
	a.head[c], a.taken[i] = a.next[i], true
	a.order = append(a.order, i)
	k := a.count[c]
	end := a.least[k] - 1 // the last class with k images trades places with c, which then has fewer
	d := a.byN[end]
	a.byN[a.place[c]], a.place[d] = d, a.place[c]
	a.byN[end], a.place[c] = c, end
	a.least[k]--
	a.count[c]--
	a.rest--
	if a.first < 0 {
		a.first = c
	}
	a.last = c
}

// choose is the class for the next place.
func (a *arranger) choose() int32 {
	for int(a.from) < len(a.taken) && a.taken[a.from] {
		a.from++
	}
	c := a.class[a.from]
	if c == a.last {
		for a.scan = max(a.scan, a.from); int(a.scan) < len(a.taken) && (a.taken[a.scan] || a.class[a.scan] == c); {
			a.scan++
		}
		c = a.class[a.scan] // exists, or the order was spoilt before
	}
	if a.first < 0 {
		return c
	}
	if over := a.leftOver(c); over >= 0 {
		return over
	}
	return c
}

// leftOver is a class of which too many images would be left if c came next, or −1. Of r images
// still to be laid out between two given neighbours, a class can have at most every second one:
// ⌈r/2⌉ if it is neither neighbour's, ⌊r/2⌋ if it is one's and ⌈r/2⌉−1 if it is that of both. Only
// the most frequent classes can exceed that.
func (a *arranger) leftOver(c int32) int32 {
	r := a.rest - 1
	for _, d := range a.byN[:min(3, len(a.byN))] {
		count, most := int(a.count[d]), r+1
		if d == c {
			count, most = count-1, most-1
		}
		if d == a.first {
			most--
		}
		if count > most/2 {
			return d
		}
	}
	return -1
}

// crowded orders a shard of which one class has more than half: each other image stands alone
// between images of that class, which fill the gaps evenly.
func (a *arranger) crowded() []int32 {
	big := a.byN[0]
	many, others := int64(a.count[big]), int64(a.rest)-int64(a.count[big])
	if others == 0 {
		for a.rest > 0 {
			a.put(big)
		}
		return a.order
	}
	gap := int64(0)
	for i, c := range a.class {
		if c == big {
			continue
		}
		a.order = append(a.order, int32(i))
		for range (gap+1)*many/others - gap*many/others {
			a.put(big)
		}
		gap++
	}
	return a.order
}
