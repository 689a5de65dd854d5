package plan

import (
	"fmt"
	"math"
	"testing"
)

func TestPermutationIsBijection(t *testing.T) {
	for n := int64(1); n <= 2000; n++ {
		p := NewPermutation(n, uint64(n)*77, int(n%5))
		seen := make([]bool, n)
		for i := range n {
			x := p.At(i)
			if x < 0 || x >= n || seen[x] {
				t.Fatalf("n %d: At(%d) = %d, outside or taken", n, i, x)
			}
			seen[x] = true
			if back := p.Inverse(x); back != i {
				t.Fatalf("n %d: Inverse(At(%d)) = %d", n, i, back)
			}
		}
	}
}

func TestPermutationOfLargeSets(t *testing.T) {
	for _, n := range []int64{1281167, 1<<32 - 1, 1 << 32, 1<<32 + 1, 1 << 40, math.MaxInt64 - 5, math.MaxInt64} {
		p := NewPermutation(n, 3, 1)
		seen := map[int64]bool{}
		s := newStream(1, 0, uint64(n), PurposeCrop)
		for i := range int64(2000) {
			for _, x := range []int64{i, n - 1 - i, int64(s.Uint64() % uint64(n))} {
				y := p.At(x)
				if y < 0 || y >= n || p.Inverse(y) != x {
					t.Fatalf("n %d: At(%d) = %d, Inverse %d", n, x, y, p.Inverse(y))
				}
				if x == i && seen[y] {
					t.Fatalf("n %d: %d twice", n, y)
				}
				seen[y] = true
			}
		}
	}
}

// Every order of few elements is equally likely over seeds, down to the smallest networks.
func TestPermutationOrdersAreUniform(t *testing.T) {
	factorial := 1
	for n := int64(2); n <= 6; n++ {
		factorial *= int(n)
		counts := map[string]int{}
		for seed := range uint64(factorial * 60) {
			p := NewPermutation(n, seed, 0)
			order := ""
			for i := range n {
				order += fmt.Sprint(p.At(i))
			}
			counts[order]++
		}
		values := make([]int, 0, factorial)
		for _, c := range counts {
			values = append(values, c)
		}
		for len(values) < factorial {
			values = append(values, 0)
		}
		uniformCounts(t, fmt.Sprintf("orders of %d", n), values)
	}
}

// Where an image goes, which one follows it, and how it moves from replica to replica look random.
func TestPermutationIsUniform(t *testing.T) {
	const n = 100
	for _, n := range []int64{16, n, 64, 1000} {
		at, next, moved := make([]int, n), make([]int, n), make([]int, n)
		for seed := range uint64(200 * n / 4) {
			p, q := NewPermutation(n, 9, int(seed)), NewPermutation(n, 9, int(seed)+1)
			for _, i := range []int64{0, 1, n / 2, n - 1} {
				x := p.At(i)
				at[x]++
				next[p.Inverse((x+1)%n)]++
				moved[(q.At(i)-x+n)%n]++
			}
		}
		uniformCounts(t, fmt.Sprintf("positions of %d", n), at)
		uniformCounts(t, fmt.Sprintf("moves of %d", n), moved)
		// The successor of i is never i: leave those out that were asked for.
		uniformCounts(t, fmt.Sprintf("successors of %d", n), next[2:n/2])
	}
}

// Two replicas agree about a place no more often than chance: about once in a set.
func TestReplicasAreIndependent(t *testing.T) {
	const n = 5000
	agree, pairs := 0, 0
	for replica := range 60 {
		p, q := NewPermutation(n, 1, replica), NewPermutation(n, 1, replica+1)
		follow := map[int64]int64{}
		for i := range int64(n) {
			if p.At(i) == q.At(i) {
				agree++
			}
			follow[i] = p.Inverse((p.At(i) + 1) % n)
		}
		for i := range int64(n) {
			if q.Inverse((q.At(i)+1)%n) == follow[i] {
				pairs++
			}
		}
	}
	// Both are sums of 60 nearly Poisson numbers of mean 1: 60 ± 4·√60.
	for what, got := range map[string]int{"places": agree, "pairs": pairs} {
		if got < 29 || got > 91 {
			t.Errorf("%d %s of 60 replicas' agree, about 60 would by chance", got, what)
		}
	}
}

// From an independent program that follows the documentation. These values never change.
func TestPermutationGolden(t *testing.T) {
	p := NewPermutation(1281167, 0, 0)
	got := [4]int64{p.At(0), p.At(1), p.At(640000), p.At(1281166)}
	if want := [4]int64{895743, 934242, 532485, 194024}; got != want {
		t.Errorf("positions %v, want %v", got, want)
	}
}

func BenchmarkPermutation(b *testing.B) {
	p := NewPermutation(1281167, 0, 0)
	b.ReportAllocs()
	for i := int64(0); b.Loop(); i++ {
		p.At(i % 1281167)
	}
}
