package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/premix/premix"
)

// A plan whose parts count its rows differently, with a checksum that fits, loses none in silence.
func TestBriefsCount(t *testing.T) {
	const n = 300
	s := &premix.Sample{Name: "a.jpg"}
	data, err := EncodePlan(slices.Repeat([]premix.Recipe{{Key: "0", Method: "none", Lam: 1, Target: s, Source: s}}, n))
	if err != nil {
		t.Fatal(err)
	}
	places := 0
	for at := 0; at < len(data)-1; at++ {
		if !bytes.Equal(data[at:at+2], []byte{0xd8, 0x04}) { // 300 as a number of Thrift
			continue
		}
		for _, other := range [][]byte{{0xd6, 0x04}, {0xda, 0x04}, {0x80, 0x00}} { // 299, 301, 0
			places++
			damaged, rows := bytes.Clone(data), 0
			copy(damaged[at:], other)
			sumMark.Set(damaged)
			if err := decodeBriefs("a", damaged, briefColumns, func(Brief) error { rows++; return nil }); err == nil && rows != n {
				t.Errorf("byte %d is % x: %d rows of %d, and no error", at, other, rows, n)
			}
		}
	}
	if places < 3*len(briefColumns) {
		t.Errorf("%d places: too few to tell", places)
	}
}

// Whatever a plan file holds, it is read or refused, also where its checksum fits.
func FuzzBriefs(f *testing.F) {
	for _, n := range []int{0, 1, 9} {
		recipes := make([]premix.Recipe, n)
		for i := range recipes {
			s := &premix.Sample{Name: fmt.Sprintf("a/%d.jpg", i), Label: i}
			recipes[i] = premix.Recipe{Key: fmt.Sprintf("%09d", i), Method: "none", Lam: 1, Target: s, Source: s}
		}
		data, err := EncodePlan(recipes)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		sumMark.Set(data)
		var rows, labels []Brief
		err := decodeBriefs("a", data, briefColumns, func(b Brief) error {
			rows = append(rows, b)
			return nil
		})
		if decodeBriefs("a", data, labelColumns, func(b Brief) error {
			labels = append(labels, b)
			return nil
		}) != nil || err != nil {
			return
		}
		for i, b := range rows {
			if (Brief{Lam: b.Lam, TargetLabel: b.TargetLabel, SourceLabel: b.SourceLabel}) != labels[i] && b.Lam == b.Lam {
				t.Errorf("row %d: %+v, and its labels alone %+v", i, b, labels[i])
			}
		}
		stop := errors.New("stop")
		if err := decodeBriefs("a", data, briefColumns, func(Brief) error { return stop }); len(rows) > 0 && err != stop {
			t.Errorf("%v, not the error of the caller", err)
		}
	})
}
