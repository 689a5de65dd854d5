package cache

import (
	"encoding/hex"
	"fmt"
	"math"

	"github.com/premix/premix"
)

// A row is a premix.Sample as the columns of a file, which [columns] read.
type row struct {
	Key           string  `parquet:"key,plain"`
	Name          string  `parquet:"name,plain"`
	URI           string  `parquet:"uri,plain"`
	Offset        int64   `parquet:"offset"`
	Length        int64   `parquet:"length"`
	Digest        string  `parquet:"digest,plain"`
	Label         int32   `parquet:"label"`
	Class         string  `parquet:"class,plain"`
	Width         int32   `parquet:"width"`
	Height        int32   `parquet:"height"`
	Replica       int32   `parquet:"replica"`
	CropX         float64 `parquet:"crop_x"`
	CropY         float64 `parquet:"crop_y"`
	CropW         float64 `parquet:"crop_w"`
	CropH         float64 `parquet:"crop_h"`
	Flip          bool    `parquet:"flip"`
	PeakRow       int32   `parquet:"peak_row"`
	PeakCol       int32   `parquet:"peak_col"`
	TroughRow     int32   `parquet:"trough_row"`
	TroughCol     int32   `parquet:"trough_col"`
	Flat          bool    `parquet:"flat"`
	FailureStage  string  `parquet:"failure_stage,plain"`
	FailureKind   string  `parquet:"failure_kind,plain"`
	FailureReason string  `parquet:"failure_reason,plain"`
}

// toRow returns the columns of a sample. It is an error if a number does not fit.
func toRow(s *premix.Sample) (row, error) {
	r := row{
		Key: toText(s.Key), Name: toText(s.Name), URI: toText(s.Location.URI),
		Offset: s.Location.Offset, Length: s.Location.Length,
		Digest: hex.EncodeToString(s.Digest[:]),
		Class:  toText(s.Class),
		CropX:  s.Crop.X, CropY: s.Crop.Y, CropW: s.Crop.W, CropH: s.Crop.H,
		Flip: s.Flip, Flat: s.Flat,
	}
	if f := s.Fault; f != nil {
		if f.Kind == "" {
			return r, fmt.Errorf("entry %q failed without a kind", s.Name)
		}
		r.FailureStage, r.FailureKind, r.FailureReason = string(s.FaultStage), string(f.Kind), toText(f.Reason)
	}
	for _, c := range []struct {
		to   *int32
		from int
	}{
		{&r.Label, s.Label}, {&r.Width, s.Width}, {&r.Height, s.Height}, {&r.Replica, s.Replica},
		{&r.PeakRow, s.Peak.Y}, {&r.PeakCol, s.Peak.X}, {&r.TroughRow, s.Trough.Y}, {&r.TroughCol, s.Trough.X},
	} {
		if c.from < math.MinInt32 || c.from > math.MaxInt32 {
			return r, fmt.Errorf("entry %q: %d does not fit 32 bits", s.Name, c.from)
		}
		*c.to = int32(c.from)
	}
	return r, nil
}
