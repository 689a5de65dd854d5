// Package shardtest is the conformance suite of shard formats: call [Run] in a test and [Bench] in a
// benchmark. It tests what package shard promises of every format.
package shardtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
	"github.com/premix/premix/io/shard"
)

// Run tests a format.
func Run(t *testing.T, f shard.Format) {
	t.Run("RoundTrip", func(t *testing.T) { roundTrip(t, f) })
	t.Run("SameBytes", func(t *testing.T) { sameBytes(t, f) })
	t.Run("Empty", func(t *testing.T) { empty(t, f) })
	t.Run("Huge", func(t *testing.T) { huge(t, f) })
	t.Run("Streams", func(t *testing.T) { streams(t, f) })
	t.Run("Limit", func(t *testing.T) { limit(t, f) })
	t.Run("Truncated", func(t *testing.T) { truncated(t, f) })
	t.Run("Flipped", func(t *testing.T) { flipped(t, f) })
	t.Run("FailingReader", func(t *testing.T) { failingReader(t, f) })
	t.Run("FailingWriter", func(t *testing.T) { failingWriter(t, f) })
	t.Run("Refused", func(t *testing.T) { refused(t, f) })
	t.Run("BadSpec", func(t *testing.T) { badSpec(t, f) })
	t.Run("Paths", func(t *testing.T) { paths(t, f) })
	t.Run("SideFiles", func(t *testing.T) { sideFiles(t, f) })
}

// Spec returns that of the shards that Records fit into.
func Spec(form string) shard.Spec {
	return shard.Spec{
		Name: "flowers", Split: "train", Replica: -1, Shards: 4, Classes: []string{"daisy", "rose's", "tulip ü", "violet"},
		LabelForm: form, ImageFormat: "jpg", Size: premix.Size{H: 8, W: 6},
	}
}

// Records returns n small records that differ in every field and touch its limits.
func Records(s shard.Spec, n int) []shard.Record {
	recs := make([]shard.Record, n)
	lams := []float64{0.75, 1, 0, 0.5009765625, 1.0 / 3, 1e-9}
	drawn := []float64{0.7512345678901234, 0.1, 1e-17, 0.5, 1, 0}
	for i := range recs {
		r := &recs[i]
		c := len(s.Classes)
		*r = shard.Record{
			Key: fmt.Sprintf("%09d", i), ImageFormat: s.ImageFormat, W: s.Size.W, H: s.Size.H,
			LabelA: i % c, LabelB: (i + 1) % c, Lam: lams[i%len(lams)], LamDrawn: drawn[i%len(drawn)],
			Box: premix.Box{X0: i, Y0: 1, X1: i + 2, Y1: 300 + i}, SrcBox: premix.Box{X0: 0, Y0: 2, X1: 2, Y1: 301},
			Peak: premix.Peak{X: i, Y: 7}, Flat: i%2 == 1, Method: "saliencymix", Mixed: true, Replica: i % 3,
			Target: fmt.Sprintf("tülip/\"a\\b\" %d.jpg", i), Source: fmt.Sprintf("rose's/%d\t.JPEG", i),
		}
		r.Label = r.LabelA
		if r.Lam < 0.5 {
			r.Label = r.LabelB
		}
		if i%4 == 1 { // unmixed
			r.Lam, r.LabelB, r.Label, r.Method, r.Mixed, r.Source = 1, r.LabelA, r.LabelA, "none", false, r.Target
			r.Box, r.SrcBox, r.Peak = premix.Box{}, premix.Box{}, premix.NoPeak
		}
		r.Class = s.Classes[r.Label]
		for k := range 5 + 7*i {
			r.Image = append(r.Image, byte(k*k+i))
		}
		if s.Dense() {
			r.Soft = make([]float32, c) // quarters, which float16 holds exactly
			r.Soft[r.LabelA] += 0.75
			r.Soft[(r.LabelA+2)%c] += 0.25
		}
	}
	return recs
}

// Kept is the record as the format can keep it.
func Kept(tr shard.Traits, r shard.Record) shard.Record {
	if tr.Float32 {
		r.Lam, r.LamDrawn = float64(float32(r.Lam)), float64(float32(r.LamDrawn))
	}
	if !tr.ImageSize {
		r.W, r.H = 0, 0
	}
	if !tr.Class {
		r.Class = ""
	}
	return r
}

// Write returns a shard and its index.
func Write(t testing.TB, f shard.Format, s shard.Spec, recs []shard.Record) (data, index []byte) {
	t.Helper()
	var buf bytes.Buffer
	w := f.NewWriter(&buf, s)
	for i := range recs {
		if err := w.Write(&recs[i]); err != nil {
			t.Fatalf("write %d: %v", i, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	return buf.Bytes(), w.Index()
}

// A Reading is what came of reading a shard to its end.
type Reading struct {
	Records    []shard.Record
	Deviations []shard.Deviation
	Defects    []*shard.RecordError // reading went on after them
	Err        error                // what ended it; nil at the end of the shard
}

// Read reads a shard, keeping copies of the records.
func Read(f shard.Format, r io.Reader, maxBytes int64) Reading {
	var out Reading
	rd := f.NewReader(r, shard.ReadOptions{MaxBytes: maxBytes, Report: func(d shard.Deviation) { out.Deviations = append(out.Deviations, d) }})
	for {
		var rec shard.Record
		err := rd.Next(&rec)
		var defect *shard.RecordError
		switch {
		case err == nil:
			out.Records = append(out.Records, rec)
			continue
		case err == io.EOF:
		case errors.As(err, &defect):
			out.Defects = append(out.Defects, defect)
			continue
		default:
			out.Err = err
		}
		var again shard.Record
		if err2 := rd.Next(&again); err2 != err {
			out.Err = fmt.Errorf("shardtest: the final error %v is followed by %v", err, err2)
		}
		return out
	}
}

func roundTrip(t *testing.T, f shard.Format) {
	forms := []string{shard.Pair, shard.Dense}
	if f.Traits().Dense16 {
		forms = append(forms, shard.Dense16)
	}
	for _, form := range forms {
		for _, image := range []string{"jpg", "png"} {
			t.Run(form+"/"+image, func(t *testing.T) {
				s := Spec(form)
				s.ImageFormat = image
				recs := Records(s, 13)
				data, _ := Write(t, f, s, recs)
				got := Read(f, bytes.NewReader(data), 0)
				if got.Err != nil || len(got.Defects) > 0 || len(got.Deviations) > 0 {
					t.Errorf("error %v, defects %v, deviations %v", got.Err, got.Defects, got.Deviations)
				}
				for i := range recs {
					recs[i] = Kept(f.Traits(), recs[i])
				}
				if diff := cmp.Diff(recs, got.Records); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func sameBytes(t *testing.T, f shard.Format) {
	s := Spec(shard.Dense)
	a, ai := Write(t, f, s, Records(s, 20))
	b, bi := Write(t, f, s, Records(s, 20))
	if !bytes.Equal(a, b) || !bytes.Equal(ai, bi) {
		t.Error("the same records, written twice, give other bytes")
	}
	c, _ := Write(t, f, s, Records(s, 19))
	if bytes.Equal(a, c) {
		t.Error("other records give the same bytes")
	}
}

func empty(t *testing.T, f shard.Format) {
	data, _ := Write(t, f, Spec(shard.Pair), nil)
	got := Read(f, bytes.NewReader(data), 0)
	if got.Err != nil || len(got.Records) > 0 || len(got.Deviations) > 0 {
		t.Errorf("%d records, error %v, deviations %v", len(got.Records), got.Err, got.Deviations)
	}
}

func huge(t *testing.T, f shard.Format) {
	s := Spec(shard.Pair)
	recs := Records(s, 3)
	recs[1].Image = make([]byte, 24<<20)
	for i := range recs[1].Image {
		recs[1].Image[i] = byte(i >> 8)
	}
	data, _ := Write(t, f, s, recs)
	got := Read(f, bytes.NewReader(data), 0)
	if got.Err != nil || len(got.Records) != len(recs) {
		t.Fatalf("%d records, error %v", len(got.Records), got.Err)
	}
	for i := range recs {
		if !bytes.Equal(got.Records[i].Image, recs[i].Image) {
			t.Errorf("image %d differs", i)
		}
	}
}

func limit(t *testing.T, f shard.Format) {
	s := Spec(shard.Pair)
	recs := Records(s, 3)
	recs[1].Image = make([]byte, 100_000)
	data, _ := Write(t, f, s, recs)
	got := Read(f, bytes.NewReader(data), 50_000)
	if got.Err == nil && len(got.Defects) == 0 {
		t.Errorf("an image of 100,000 bytes was read under a limit of 50,000: %d records", len(got.Records))
	}
	for _, r := range got.Records {
		if len(r.Image) > 50_000 {
			t.Errorf("record %s has %d bytes", r.Key, len(r.Image))
		}
	}
}
