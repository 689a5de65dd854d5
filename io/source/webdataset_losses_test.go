package source

import (
	"fmt"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/io/tarfile"
	"github.com/zeebo/xxh3"
)

// TestTransitionsOfLosses has a case for each line of the table of losses, in its order.
func TestTransitionsOfLosses(t *testing.T) {
	const between, open, pieces, whole, apart = "damage between", "damage in", "pieces", "whole", "apart"
	tests := []struct {
		before []string // what leads to the state
		meets  string
		want   wait
		told   string // by the row of a sample; the damages are numbered
		row    string
	}{
		{nil, between, ahead, "", ""},
		{nil, open, inside, "", ""},
		{[]string{between}, between, ahead, "", "1"},
		{[]string{between}, open, inside, "", "1"},
		{[]string{between}, pieces, nothing, "1", ""},
		{[]string{between}, whole, nothing, "", "1"},
		{[]string{between}, apart, nothing, "", "1"},
		{[]string{open}, open, inside, "", "1"},
		{[]string{open}, pieces, nothing, "1", ""},
		{[]string{open}, whole, ahead, "", ""},
		{[]string{open, whole}, pieces, nothing, "1", ""}, // the next one
		{[]string{open, whole}, whole, nothing, "", "1"},
		{nil, whole, nothing, "", ""},
		{nil, apart, nothing, "", ""},
	}
	for _, test := range tests {
		var l losses
		n := 0
		name := func(d *tarfile.Damage) string {
			if d == nil {
				return ""
			}
			return d.Fault.Reason
		}
		step := func(event string) (told, row string) {
			switch event {
			case between, open:
				n++
				return "", name(l.meet(&tarfile.Damage{Fault: &premix.Fault{Reason: fmt.Sprint(n)}}, event == open))
			case apart:
				return "", name(l.apart())
			}
			a, b := l.sample(event == pieces && l.damage != nil)
			return name(a), name(b)
		}
		for _, event := range test.before {
			step(event)
		}
		if told, row := step(test.meets); l.state != test.want || told != test.told || row != test.row || (l.damage == nil) != (l.state == nothing) {
			t.Errorf("%q, then %s: state %d, told %q, row %q; want %d, %q, %q", test.before, test.meets, l.state, told, row, test.want, test.told, test.row)
		}
	}
}

// TestManyMembers: a sample of many members leaves nothing behind that each sample after it would pay for.
func TestManyMembers(t *testing.T) {
	const n = 100_000
	r := &sampleReader{seen: map[xxh3.Uint128]group{}, yield: func(Entry) error { return nil }}
	for i := range n {
		if err := r.member(tarfile.Member{Name: fmt.Sprintf("a.x%d", i), Type: '1'}); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.cur.exts) != n {
		t.Fatalf("%d members", len(r.cur.exts))
	}
	if err := r.flush(); err != nil {
		t.Fatal(err)
	}
	if r.cur.exts != nil {
		t.Error("the set of extensions is kept, and each sample clears all of it")
	}
}
