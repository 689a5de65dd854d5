package dataset

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/premix/premix/io/blob"
)

// A Brief is the part of a plan's row with the images and labels of a sample. Reading it decodes a
// tenth of the file's bytes.
type Brief struct {
	Key         string  `parquet:"key"`
	Method      string  `parquet:"method"`
	Mixed       bool    `parquet:"mixed"`
	Lam         float64 `parquet:"lam"`
	Label       int32   `parquet:"label"`
	TargetLabel int32   `parquet:"target_label"`
	SourceLabel int32   `parquet:"source_label"`
	TargetName  string  `parquet:"target_name"`
	SourceName  string  `parquet:"source_name"`
}

// ReadBriefs reads a plan file row by row.
func ReadBriefs(ctx context.Context, uri string, yield func(Brief) error) (err error) {
	data, err := blob.ReadAll(ctx, uri, blob.MaxMeta)
	if err != nil {
		return fmt.Errorf("dataset: plan: %w", err)
	}
	return decodeBriefs(uri, data, yield)
}

func decodeBriefs(uri string, data []byte, yield func(Brief) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("dataset: plan %s: damaged Parquet: %v", uri, p)
		}
	}()
	f, err := openPlan(data)
	if err != nil {
		return fmt.Errorf("dataset: plan %s: %w", uri, err)
	}
	r := parquet.NewGenericReader[Brief](f)
	defer r.Close()
	var rows [128]Brief
	for {
		n, err := r.Read(rows[:])
		for _, row := range rows[:n] {
			if err := yield(row); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("dataset: plan %s: %w", uri, err)
		}
	}
}

// IsPlan reports whether the bytes are a plan file: whether its columns are those of one.
func IsPlan(data []byte) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	_, err := openPlan(data)
	return err == nil
}

func openPlan(data []byte) (*parquet.File, error) {
	if err := sound(data); err != nil {
		return nil, err
	}
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	if !parquet.EqualNodes(planSchema, f.Schema()) {
		return nil, fmt.Errorf("columns are not those of a plan of premix")
	}
	if n := f.NumRows(); n < 0 || n > maxPlanRows || n > int64(len(data))*64 {
		return nil, fmt.Errorf("%d rows in %d bytes", n, len(data))
	}
	return f, nil
}

var planSchema = parquet.SchemaOf(planRow{})
