package source

import (
	"fmt"
	"slices"
	"testing"

	"github.com/premix/premix"
)

// leftOut are labels for a choice of ten of n classes.
func leftOut(n int) *Labels {
	l := new(Labels)
	for i := range n {
		l.Own = append(l.Own, fmt.Sprintf("class%05d", i))
	}
	l.Target = []string{}
	for i := range 10 {
		l.Target = append(l.Target, l.Own[i*n/10])
	}
	return l
}

// TestLeftOut compares Of with what a search through both lists says.
func TestLeftOut(t *testing.T) {
	l := leftOut(200)
	l.Own = append(l.Own, l.Own[7], l.Own[20]) // of one that is left out, and of one that is not
	for i := range len(l.Own) + 1 {
		for _, s := range []premix.Sample{{Label: i}, {Label: -1, Class: fmt.Sprintf("class%05d", i)}, {Label: i, Class: fmt.Sprintf("class%05d", i)}} {
			class := s.Class
			if class == "" && i < len(l.Own) {
				class = l.Own[i]
			}
			want := slices.Index(l.Target, class)
			bad := !slices.Contains(l.Own, class) || s.Label >= len(l.Own) || s.Label >= 0 && l.Own[s.Label] != class
			got, err := l.Of(&s)
			if bad != (err != nil) || !bad && got != want {
				t.Errorf("%+v: %d, %v, want %d, bad %v", s, got, err, want, bad)
			}
		}
	}
}

// BenchmarkLeftOut is one label of a class that was not chosen, as an index and as a name.
func BenchmarkLeftOut(b *testing.B) {
	for _, n := range []int{1000, 22000} {
		l := leftOut(n)
		for what, s := range map[string]premix.Sample{"index": {Label: n - 1}, "name": {Label: -1, Class: l.Own[n-1]}} {
			b.Run(fmt.Sprintf("%d/%s", n, what), func(b *testing.B) {
				for b.Loop() {
					if i, err := l.Of(&s); i != -1 || err != nil {
						b.Fatal(i, err)
					}
				}
			})
		}
	}
}
