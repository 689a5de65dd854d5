package dataset

import (
	"errors"
	"fmt"
	"testing"

	"github.com/premix/premix"
)

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
