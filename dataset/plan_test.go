package dataset_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset"
	"github.com/premix/premix/internal/golden"
)

func recipes(n int) []premix.Recipe {
	samples := make([]premix.Sample, n)
	for i := range samples {
		samples[i] = premix.Sample{
			Name: fmt.Sprintf("n%08d/im age %d.JPEG", i%7, i), Location: premix.Location{Offset: int64(512 * i), Length: int64(100 + i)},
			Digest: premix.Digest{byte(i), 1, 2, 15: byte(i >> 8)}, Label: i % 7, Width: 500 + i, Height: 375, Replica: 2,
			Crop: premix.Crop{X: 0.5, Y: float64(i), W: 100.25, H: 90}, Flip: i%2 == 0,
			Peak: premix.Peak{X: i % 224, Y: 3}, Trough: premix.Peak{X: 0, Y: i % 5}, Flat: i%11 == 0,
		}
	}
	out := make([]premix.Recipe, n)
	for i := range out {
		a, b := &samples[i], &samples[(i+1)%n]
		out[i] = premix.Recipe{Key: fmt.Sprintf("r002-%09d", 40+i), Replica: 2, Position: int64(40 + i), Shard: 3, Index: int64(i),
			Method: "saliencymix", Mixed: true, LamDrawn: 1 / float64(i+3), Lam: 0.75, Box: premix.Box{X0: 1, Y0: 2, X1: 3, Y1: 4},
			SrcBox: premix.Box{X0: 1, Y0: 2, X1: 3, Y1: 4}, Peak: b.Peak, Flat: b.Flat, Label: a.Label, LabelA: a.Label, LabelB: b.Label,
			Target: a, Source: b}
		if i%4 == 3 {
			out[i].Method, out[i].Mixed, out[i].Lam, out[i].LamDrawn = "none", false, 1, 1
			out[i].Box, out[i].SrcBox, out[i].Peak, out[i].Source, out[i].LabelB = premix.Box{}, premix.Box{}, premix.NoPeak, a, a.Label
		}
	}
	return out
}

func TestPlan(t *testing.T) {
	ctx := context.Background()
	for _, n := range []int{0, 1, 5, 300, 1252} {
		want := recipes(n)
		uri := filepath.Join(t.TempDir(), "plan", "a.parquet")
		if _, err := dataset.WritePlan(ctx, uri, want); err != nil {
			t.Fatal(err)
		}
		got, err := dataset.ReadPlan(ctx, uri)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != n {
			t.Fatalf("%d rows, want %d", len(got), n)
		}
		for i := range got {
			if diff := cmp.Diff(want[i], got[i]); diff != "" {
				t.Fatalf("row %d (-want +got):\n%s", i, diff)
			}
			if same := got[i].Source == got[i].Target; same != (want[i].Source == want[i].Target) {
				t.Errorf("row %d: source is target: %v", i, same)
			}
		}
		a, _ := dataset.EncodePlan(want)
		b, _ := dataset.EncodePlan(got)
		if !bytes.Equal(a, b) {
			t.Errorf("%d rows: encoding what was read gives other bytes", n)
		}
	}
	if _, err := dataset.EncodePlan([]premix.Recipe{{Key: "000000000"}}); err == nil {
		t.Error("a recipe without samples was written")
	}
}

// TestPlanGolden pins the bytes: they are part of what is the same everywhere.
func TestPlanGolden(t *testing.T) {
	data, err := dataset.EncodePlan(recipes(8))
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "plan.parquet", data)
}

// TestPlanEncoders wants of an encoder that was used before, for other plans and by others at once, the bytes of a fresh one.
func TestPlanEncoders(t *testing.T) {
	sizes := []int{300, 0, 8, 1252, 1}
	var want [][]byte
	for _, n := range sizes {
		data, err := dataset.EncodePlan(recipes(n))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, data)
	}
	var g errgroup.Group
	for k := range 8 {
		g.Go(func() error {
			for i := range 2 * len(sizes) {
				j := (i*3 + k) % len(sizes)
				if _, err := dataset.EncodePlan([]premix.Recipe{{Key: "000000000"}}); err == nil {
					return errors.New("a recipe without samples was written")
				}
				data, err := dataset.EncodePlan(recipes(sizes[j]))
				if err != nil {
					return err
				}
				if !bytes.Equal(data, want[j]) {
					return fmt.Errorf("the plan of %d rows has other bytes", sizes[j])
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

func TestPlanDamaged(t *testing.T) {
	data, err := dataset.EncodePlan(recipes(40))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(data); n += 1 + len(data)/200 {
		if _, err := dataset.DecodePlan(data[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were read", n, len(data))
		}
		bad := bytes.Clone(data)
		bad[n] ^= 0x10
		if _, err := dataset.DecodePlan(bad); err == nil {
			t.Errorf("byte %d was changed, unnoticed", n)
		}
	}
}

func FuzzDecodePlan(f *testing.F) {
	for _, n := range []int{0, 1, 9} {
		data, err := dataset.EncodePlan(recipes(n))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		recipes, err := dataset.DecodePlan(data)
		if err != nil {
			return
		}
		if _, err := dataset.EncodePlan(recipes); err != nil {
			t.Errorf("what was read cannot be written: %v", err)
		}
	})
}

func TestKeyPosition(t *testing.T) {
	for key, want := range map[string]int64{"000000012": 12, "r003-000000000": 0, "r003-1234567890123": 1234567890123} {
		if got, err := dataset.KeyPosition(key); err != nil || got != want {
			t.Errorf("%s: %d, %v", key, got, err)
		}
	}
	for _, key := range []string{"", "r003-", "a", "-1-", "12x", "99999999999999999999"} {
		if n, err := dataset.KeyPosition(key); err == nil {
			t.Errorf("%q is position %d", key, n)
		}
	}
}

func TestBriefs(t *testing.T) {
	want := recipes(300)
	uri := filepath.Join(t.TempDir(), "a.parquet")
	if _, err := dataset.WritePlan(context.Background(), uri, want); err != nil {
		t.Fatal(err)
	}
	i := 0
	err := dataset.ReadBriefs(context.Background(), uri, func(b dataset.Brief) error {
		r := &want[i]
		brief := dataset.Brief{Key: r.Key, Method: r.Method, Mixed: r.Mixed, Lam: r.Lam, Label: int32(r.Label),
			TargetLabel: int32(r.LabelA), SourceLabel: int32(r.LabelB), TargetName: r.Target.Name, SourceName: r.Source.Name}
		if diff := cmp.Diff(brief, b); diff != "" {
			t.Fatalf("row %d (-want +got):\n%s", i, diff)
		}
		i++
		return nil
	})
	if err != nil || i != len(want) {
		t.Errorf("%d rows, %v", i, err)
	}
	if dataset.IsPlan([]byte("PAR1 no plan PAR1")) {
		t.Error("anything is a plan")
	}
}
