package dataset

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/premix/premix"
)

// planRow is a row of a plan file: all that is needed to make a sample again from its two images.
// Columns have the order of the fields.
//
// There is no column uri, because plan files have the same bytes wherever the input is. Name, offset
// and length are the place of an entry in the input; inputs.json, or --in, has the place of the input.
type planRow struct {
	Key      string  `parquet:"key"`
	Replica  int32   `parquet:"replica"`
	Shard    int64   `parquet:"shard"`
	Index    int64   `parquet:"index"`
	Method   string  `parquet:"method,dict"`
	Mixed    bool    `parquet:"mixed"`
	LamDrawn float64 `parquet:"lam_drawn"`
	Lam      float64 `parquet:"lam"`
	Box      []int32 `parquet:"box,list"`
	SrcBox   []int32 `parquet:"src_box,list"`
	Peak     []int32 `parquet:"peak,list"`
	Flat     bool    `parquet:"flat"`
	Label    int32   `parquet:"label"`

	TargetName   string   `parquet:"target_name"`
	TargetOffset int64    `parquet:"target_offset"`
	TargetLength int64    `parquet:"target_length"`
	TargetLabel  int32    `parquet:"target_label"`
	TargetDigest [16]byte `parquet:"target_digest"`
	TargetWidth  int32    `parquet:"target_width"`
	TargetHeight int32    `parquet:"target_height"`
	TargetCropX  float64  `parquet:"target_crop_x"`
	TargetCropY  float64  `parquet:"target_crop_y"`
	TargetCropW  float64  `parquet:"target_crop_w"`
	TargetCropH  float64  `parquet:"target_crop_h"`
	TargetFlip   bool     `parquet:"target_flip"`
	TargetPeak   []int32  `parquet:"target_peak,list"`
	TargetTrough []int32  `parquet:"target_trough,list"`
	TargetFlat   bool     `parquet:"target_flat"`

	SourceName   string   `parquet:"source_name"`
	SourceOffset int64    `parquet:"source_offset"`
	SourceLength int64    `parquet:"source_length"`
	SourceLabel  int32    `parquet:"source_label"`
	SourceDigest [16]byte `parquet:"source_digest"`
	SourceWidth  int32    `parquet:"source_width"`
	SourceHeight int32    `parquet:"source_height"`
	SourceCropX  float64  `parquet:"source_crop_x"`
	SourceCropY  float64  `parquet:"source_crop_y"`
	SourceCropW  float64  `parquet:"source_crop_w"`
	SourceCropH  float64  `parquet:"source_crop_h"`
	SourceFlip   bool     `parquet:"source_flip"`
	SourcePeak   []int32  `parquet:"source_peak,list"`
	SourceTrough []int32  `parquet:"source_trough,list"`
	SourceFlat   bool     `parquet:"source_flat"`
}

func toRow(r *premix.Recipe) planRow {
	t, s := r.Target, r.Source
	return planRow{
		Key: r.Key, Replica: int32(r.Replica), Shard: r.Shard, Index: r.Index,
		Method: r.Method, Mixed: r.Mixed, LamDrawn: r.LamDrawn, Lam: r.Lam,
		Box: boxList(r.Box), SrcBox: boxList(r.SrcBox), Peak: peakList(r.Peak), Flat: r.Flat,
		Label: int32(r.Label),

		TargetName: t.Name, TargetOffset: t.Location.Offset, TargetLength: t.Location.Length,
		TargetLabel: int32(r.LabelA), TargetDigest: t.Digest,
		TargetWidth: int32(t.Width), TargetHeight: int32(t.Height),
		TargetCropX: t.Crop.X, TargetCropY: t.Crop.Y, TargetCropW: t.Crop.W, TargetCropH: t.Crop.H,
		TargetFlip: t.Flip, TargetPeak: peakList(t.Peak), TargetTrough: peakList(t.Trough), TargetFlat: t.Flat,

		SourceName: s.Name, SourceOffset: s.Location.Offset, SourceLength: s.Location.Length,
		SourceLabel: int32(r.LabelB), SourceDigest: s.Digest,
		SourceWidth: int32(s.Width), SourceHeight: int32(s.Height),
		SourceCropX: s.Crop.X, SourceCropY: s.Crop.Y, SourceCropW: s.Crop.W, SourceCropH: s.Crop.H,
		SourceFlip: s.Flip, SourcePeak: peakList(s.Peak), SourceTrough: peakList(s.Trough), SourceFlat: s.Flat,
	}
}

func (row *planRow) recipe() (premix.Recipe, error) {
	position, err := KeyPosition(row.Key)
	if err != nil {
		return premix.Recipe{}, err
	}
	r := premix.Recipe{
		Key: row.Key, Replica: int(row.Replica), Position: position, Shard: row.Shard, Index: row.Index,
		Method: row.Method, Mixed: row.Mixed, LamDrawn: row.LamDrawn, Lam: row.Lam, Flat: row.Flat,
		Label: int(row.Label), LabelA: int(row.TargetLabel), LabelB: int(row.SourceLabel),
	}
	target := premix.Sample{
		Name:     row.TargetName,
		Location: premix.Location{Offset: row.TargetOffset, Length: row.TargetLength},
		Digest:   row.TargetDigest, Label: int(row.TargetLabel),
		Width: int(row.TargetWidth), Height: int(row.TargetHeight), Replica: int(row.Replica),
		Crop: premix.Crop{X: row.TargetCropX, Y: row.TargetCropY, W: row.TargetCropW, H: row.TargetCropH},
		Flip: row.TargetFlip, Flat: row.TargetFlat,
	}
	source := premix.Sample{
		Name:     row.SourceName,
		Location: premix.Location{Offset: row.SourceOffset, Length: row.SourceLength},
		Digest:   row.SourceDigest, Label: int(row.SourceLabel),
		Width: int(row.SourceWidth), Height: int(row.SourceHeight), Replica: int(row.Replica),
		Crop: premix.Crop{X: row.SourceCropX, Y: row.SourceCropY, W: row.SourceCropW, H: row.SourceCropH},
		Flip: row.SourceFlip, Flat: row.SourceFlat,
	}
	for _, e := range []*premix.Sample{&target, &source} {
		if e.Location.Length < 0 {
			return r, fmt.Errorf("%s: a length of %d bytes", e.Name, e.Location.Length)
		}
	}
	if r.Box, err = toBox(row.Box); err != nil {
		return r, fmt.Errorf("box: %w", err)
	}
	if r.SrcBox, err = toBox(row.SrcBox); err != nil {
		return r, fmt.Errorf("src_box: %w", err)
	}
	for _, column := range []struct {
		name   string
		values []int32
		peak   *premix.Peak
	}{
		{"peak", row.Peak, &r.Peak},
		{"target_peak", row.TargetPeak, &target.Peak}, {"target_trough", row.TargetTrough, &target.Trough},
		{"source_peak", row.SourcePeak, &source.Peak}, {"source_trough", row.SourceTrough, &source.Trough},
	} {
		if *column.peak, err = toPeak(column.values); err != nil {
			return r, fmt.Errorf("%s: %w", column.name, err)
		}
	}
	r.Target, r.Source = &target, &source
	if target == source {
		r.Source = r.Target
	}
	return r, nil
}

// KeyPosition returns the position in the replica that a key contains: the digits after its last
// hyphen.
func KeyPosition(key string) (int64, error) {
	n, err := strconv.ParseUint(key[strings.LastIndexByte(key, '-')+1:], 10, 63)
	if err != nil {
		return 0, fmt.Errorf("key %q is none of premix", key)
	}
	return int64(n), nil
}

func boxList(b premix.Box) []int32 {
	return []int32{int32(b.X0), int32(b.Y0), int32(b.X1), int32(b.Y1)}
}

func peakList(p premix.Peak) []int32 { return []int32{int32(p.X), int32(p.Y)} }

func toBox(v []int32) (premix.Box, error) {
	if len(v) != 4 {
		return premix.Box{}, fmt.Errorf("%d numbers, want 4", len(v))
	}
	return premix.Box{X0: int(v[0]), Y0: int(v[1]), X1: int(v[2]), Y1: int(v[3])}, nil
}

func toPeak(v []int32) (premix.Peak, error) {
	if len(v) != 2 {
		return premix.Peak{}, fmt.Errorf("%d numbers, want 2", len(v))
	}
	return premix.Peak{X: int(v[0]), Y: int(v[1])}, nil
}
