package stage

import (
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCounts(t *testing.T) {
	many := map[string]int64{}
	for i := range 1000 {
		many[fmt.Sprintf("nn%08d", 1440764+1013*i)] = int64(i % 3)
	}
	for _, want := range []map[string]int64{{}, {"n": 1}, {"i0": 0, "i1": 7, "i10": 1 << 40}, {"na": 1, "nab": 2, "nb\x00\xff": 3}, many} {
		c := CountsOf(want)
		var sum int64
		for _, n := range want {
			sum += n
		}
		if d := cmp.Diff(want, maps.Collect(c.All())); d != "" || !c.whole() || c.Total() != sum {
			t.Errorf("%d images, whole %v (-want +got):\n%s", c.Total(), c.whole(), d)
		}
	}
	if n := len(CountsOf(many)); n > 7200 {
		t.Errorf("a thousand labels take %d bytes", n)
	}
}

// FuzzCounts decodes what may be broken: nothing is read beyond it, and what is whole is what CountsOf writes.
func FuzzCounts(f *testing.F) {
	f.Add([]byte(CountsOf(map[string]int64{"ncat": 1, "ncow": 2, "b3:dog": 500})))
	f.Add([]byte{0, 1, 'a', 1, 5, 0, 1})
	f.Add([]byte{0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Add([]byte{0, 1, 'b', 1, 0, 1, 'a', 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		c := Counts(data)
		read := maps.Collect(c.All())
		if !c.whole() {
			return
		}
		if d := cmp.Diff(read, maps.Collect(CountsOf(read).All())); d != "" {
			t.Error(d)
		}
	})
}
