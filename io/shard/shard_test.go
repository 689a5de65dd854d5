package shard

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
)

func TestAppendFloat(t *testing.T) {
	tests := []struct {
		f    float64
		want string
	}{
		{0, "0.0"}, {1, "1.0"}, {-1, "-1.0"}, {0.25, "0.25"}, {1.0 / 3, "0.3333333333333333"}, {math.Copysign(0, -1), "-0.0"},
		{1000, "1000.0"}, {1e20, "100000000000000000000.0"}, {1e21, "1.0e+21"}, {1.5e21, "1.5e+21"},
		{1e-6, "0.000001"}, {1e-7, "1.0e-07"}, {1.25e-7, "1.25e-07"}, {-5e-324, "-5.0e-324"},
		{math.MaxFloat64, "1.7976931348623157e+308"}, {0.7662109375, "0.7662109375"},
	}
	for _, tt := range tests {
		got := string(AppendFloat([]byte("x."), tt.f))[2:]
		if got != tt.want {
			t.Errorf("%v is %s, want %s", tt.f, got, tt.want)
		}
		var back float64
		if err := json.Unmarshal([]byte(got), &back); err != nil || math.Float64bits(back) != math.Float64bits(tt.f) {
			t.Errorf("%s reads back as %v, %v", got, back, err)
		}
	}
}

func FuzzAppendFloat(f *testing.F) {
	f.Add(0.1)
	f.Add(1e300)
	f.Fuzz(func(t *testing.T, v float64) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Skip()
		}
		s := AppendFloat(nil, v)
		var back float64
		if err := json.Unmarshal(s, &back); err != nil || back != v || !strings.Contains(string(s), ".") {
			t.Fatalf("%v is %s, which reads as %v, %v", v, s, back, err)
		}
	})
}

func spec(split string, replica int) Spec {
	return Spec{
		Name: "flowers", Split: split, Replica: replica, Shards: 1, Classes: []string{"a", "b"},
		LabelForm: Pair, ImageFormat: "jpg", Size: premix.Size{H: 4, W: 4},
	}
}

func TestSpecCheck(t *testing.T) {
	good := spec("train", 0)
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	bad := Spec{Replica: -7, Classes: []string{"a\rb", "\xff"}, LabelForm: "soft", ImageFormat: "webp", Size: premix.Size{H: -1}}
	err := bad.Check()
	if err == nil {
		t.Fatal("no error")
	}
	if n := len(strings.Split(err.Error(), "\n")); n != 9 {
		t.Errorf("%d complaints, want 9: %v", n, err)
	}
}

func TestSplitName(t *testing.T) {
	for _, tt := range []struct {
		replica int
		want    string
	}{{-1, "train"}, {0, "train-r000"}, {12, "train-r012"}, {1234, "train-r1234"}} {
		s := spec("train", tt.replica)
		if got := s.SplitName("-"); got != tt.want {
			t.Errorf("replica %d: %s, want %s", tt.replica, got, tt.want)
		}
	}
}

func TestMerge(t *testing.T) {
	sets := []Set{{Spec: spec("validation", -1)}, {Spec: spec("train", 2)}, {Spec: spec("train", 1)}}
	got, err := Merge(sets)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range got {
		names = append(names, s.Spec.SplitName("-"))
	}
	if diff := cmp.Diff([]string{"train-r001", "train-r002", "validation"}, names); diff != "" {
		t.Error(diff)
	}
	if sets[0].Spec.Split != "validation" {
		t.Error("the argument was changed")
	}
	if err := SameForm(got); err != nil {
		t.Error(err)
	}
	got[1].Spec.LabelForm = Dense
	if err := SameForm(got); err == nil {
		t.Error("label forms differ: no error")
	}
}

func TestMessages(t *testing.T) {
	for _, tt := range []struct {
		d    Deviation
		want string
	}{
		{Deviation{Record: -1, Offset: 9, What: "no end"}, "byte 9: no end"},
		{Deviation{Record: 2, Offset: 9, What: "x"}, "record 2 at byte 9: x"},
		{Deviation{Record: 2, Offset: 9, Key: "k", What: "x"}, "record 2 (k) at byte 9: x"},
	} {
		if got := tt.d.String(); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	cause := errors.New("cause")
	err := &RecordError{Record: 2, Offset: 9, Err: cause}
	if err.Error() != "record 2 at byte 9: cause" || !errors.Is(err, cause) {
		t.Error(err)
	}
}
