package transforms

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCollect gathers batches of parts that come in any order, and wants the parts in ascending
// order, each once and whole.
func TestCollect(t *testing.T) {
	framed := func(pairs ...any) (b []byte) {
		for i := 0; i < len(pairs); i += 2 {
			b = appendFrame(binary.AppendUvarint(b, uint64(pairs[i].(int))), []byte(pairs[i+1].(string)))
		}
		return b
	}
	in := [][]byte{framed(7, "a", 300, "bc"), framed(3, "d"), framed(3, "", 7, "ef")}
	next := func(b *[]byte) bool {
		if len(in) == 0 {
			return false
		}
		*b, in = in[0], in[1:]
		return true
	}
	type part struct {
		Part    int64
		Batches []string
	}
	var got []part
	collect := &collectFn{newJobFn("test", &Job{Replicas: []int{0}, Rounds: 1})}
	err := collect.ProcessElement(context.Background(), 0, next, func(p int64, all []byte) {
		g := part{Part: p}
		for len(all) > 0 {
			b, rest, err := frame(all)
			if err != nil {
				t.Fatal(err)
			}
			g.Batches = append(g.Batches, string(b))
			all = rest
		}
		got = append(got, g)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []part{{3, []string{"d", ""}}, {7, []string{"a", "ef"}}, {300, []string{"bc"}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestCollectTorn(t *testing.T) {
	collect := &collectFn{newJobFn("test", &Job{Replicas: []int{0}, Rounds: 1})}
	whole := appendFrame(binary.AppendUvarint(nil, 5), []byte("batch"))
	for n := 1; n < len(whole); n++ {
		torn, first := whole[:n], true
		next := func(b *[]byte) bool {
			*b = torn
			defer func() { first = false }()
			return first
		}
		if err := collect.ProcessElement(context.Background(), 0, next, func(int64, []byte) {}); err == nil {
			t.Errorf("%d of %d bytes are taken for whole", n, len(whole))
		}
	}
}
