package plan

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix"
)

// withMore are rows with the peaks of further detectors.
func withMore(rows []Row, more int) []Row {
	s := newStream(3, 0, 1, PurposeCrop)
	for i := range rows {
		for k := range more {
			spot := Spot{Peak: premix.Peak{X: s.Intn(224), Y: s.Intn(224)}, Trough: premix.Peak{X: s.Intn(224), Y: s.Intn(224)}, Flat: i%5 == k}
			if i%3 == k {
				spot.Peak, spot.Trough = premix.NoPeak, premix.NoPeak
			}
			rows[i].More = append(rows[i].More, spot)
		}
	}
	return rows
}

func TestRowsOfSeveralDetectors(t *testing.T) {
	for _, more := range []int{1, 4, maxMore} {
		rows := withMore(imagenet(30, 2, true, true), more)
		rows[0].More[0] = Spot{Peak: premix.Peak{X: math.MaxInt32}, Trough: premix.Peak{Y: math.MaxInt32}}
		data, err := AppendRows(nil, rows)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadRows(nil, data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(rows, got); diff != "" {
			t.Errorf("%d (-want +got):\n%s", more, diff)
		}
		for cut := range data {
			if _, err := ReadRows(nil, data[:cut]); err == nil {
				t.Fatalf("%d: no error for the first %d of %d bytes", more, cut, len(data))
			}
		}
		if _, err := ReadRows(nil, append(data, 0)); err == nil {
			t.Errorf("%d: no error for a byte too many", more)
		}
	}
}

// TestRowsOfSeveralDetectorsAreSmall: with the most detectors that a job has, a row is below 60 + 7·9 bytes, of 256.
func TestRowsOfSeveralDetectorsAreSmall(t *testing.T) {
	rows := withMore(imagenet(20, 64, true, false), 7)
	data, err := AppendRows(nil, rows)
	if err != nil {
		t.Fatal(err)
	}
	if size := float64(len(data)) / float64(len(rows)); size > 60+7*9 {
		t.Errorf("%.1f bytes a row", size)
	}
}

func TestRowsOfSeveralDetectorsRefuse(t *testing.T) {
	for name, edit := range map[string]func([]Row){
		"one row has fewer": func(r []Row) { r[1].More = r[1].More[:1] },
		"one row has none":  func(r []Row) { r[2].More = nil },
		"the first has none": func(r []Row) {
			r[0].More = nil
		},
		"too many":     func(r []Row) { withMore(r, maxMore) },
		"half a peak":  func(r []Row) { r[1].More[1].Peak = premix.Peak{X: -1, Y: 4} },
		"a far trough": func(r []Row) { r[1].More[1].Trough = premix.Peak{X: math.MaxInt32 + 1} },
	} {
		rows := withMore(imagenet(3, 64, true, false), 2)
		edit(rows)
		if got, err := AppendRows([]byte{1}, rows); err == nil || len(got) != 1 {
			t.Errorf("%s: error %v, %d bytes", name, err, len(got))
		}
	}
}
