package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/checksum"
)

// maxPlanRows bounds the rows of a plan file, which is that of one shard.
const maxPlanRows = 1 << 24

// EncodePlan returns the plan file of a shard: Parquet with zstd, one row for each recipe, in their
// order. Equal recipes give equal bytes.
func EncodePlan(recipes []premix.Recipe) ([]byte, error) {
	var b bytes.Buffer
	w := parquet.NewGenericWriter[planRow](&b,
		parquet.Compression(planCodec),
		parquet.CreatedBy("premix", "plan", strconv.Itoa(Schema)), // not the library's version
		parquet.MaxRowsPerRowGroup(maxPlanRows),
		parquet.WriteBufferSize(0), // into memory
		parquet.KeyValueMetadata("premix", fmt.Sprintf(`{"schema":%d%s%s"}`, Schema, sumMark, checksum.None)))
	rows := make([]planRow, 0, 256)
	flush := func() error {
		_, err := w.Write(rows)
		rows = rows[:0]
		return err
	}
	for i := range recipes {
		if recipes[i].Target == nil || recipes[i].Source == nil {
			return nil, fmt.Errorf("dataset: plan: recipe %q lacks its target or source", recipes[i].Key)
		}
		rows = append(rows, toRow(&recipes[i]))
		if len(rows) == cap(rows) {
			if err := flush(); err != nil {
				return nil, fmt.Errorf("dataset: plan: %w", err)
			}
		}
	}
	if err := errors.Join(flush(), w.Close()); err != nil {
		return nil, fmt.Errorf("dataset: plan: %w", err)
	}
	data := b.Bytes()
	sumMark.Set(data)
	return data, nil
}

// planCodec has the encoders of all plans: the tables of one take a megabyte. A writer is not kept from one plan to the
// next: after a Reset it writes other bytes.
var planCodec = &zstd.Codec{Level: zstd.SpeedDefault, Concurrency: 1}

// sumMark precedes the checksum of a plan file, at the end of its metadata.
const sumMark checksum.Mark = `,"checksum":"`

// sound reports whether the bytes are those that were written.
func sound(data []byte) error {
	switch err := sumMark.Verify(data); {
	case err == checksum.ErrMissing:
		return errors.New("not a plan of premix, or cut off: it has no checksum")
	case err != nil:
		return errors.New("damaged: its checksum does not fit")
	}
	return nil
}

// WritePlan commits the plan file of a shard at uri, and returns its size.
func WritePlan(ctx context.Context, uri string, recipes []premix.Recipe) (size int64, err error) {
	data, err := EncodePlan(recipes)
	if err != nil {
		return 0, err
	}
	if err := blob.WriteFile(ctx, uri, data); err != nil {
		return 0, fmt.Errorf("dataset: plan: %w", err)
	}
	return int64(len(data)), nil
}

// ReadPlan reads a plan file. It sets these fields of the samples: Name, the offset and length of
// Location, Label, Digest, Width, Height, Replica, Crop, Flip, Peak, Trough and Flat. If source and
// target are the same entry, as in an unmixed sample, they are the same pointer.
func ReadPlan(ctx context.Context, uri string) ([]premix.Recipe, error) {
	data, err := blob.ReadAll(ctx, uri, blob.MaxMeta)
	if err != nil {
		return nil, fmt.Errorf("dataset: plan: %w", err)
	}
	recipes, err := DecodePlan(data)
	if err != nil {
		return nil, fmt.Errorf("dataset: plan %s: %w", uri, err)
	}
	return recipes, nil
}

// DecodePlan is [ReadPlan] for bytes in memory.
func DecodePlan(data []byte) (recipes []premix.Recipe, err error) {
	defer func() {
		// the Parquet library trusts some offsets and lengths in the file
		if p := recover(); p != nil {
			recipes, err = nil, fmt.Errorf("damaged Parquet: %v", p)
		}
	}()
	f, err := openPlan(data)
	if err != nil {
		return nil, err
	}
	r := parquet.NewGenericReader[planRow](f)
	defer r.Close()
	var rows [128]planRow
	for {
		n, err := r.Read(rows[:])
		for i := range rows[:n] {
			recipe, err := rows[i].recipe()
			if err != nil {
				return nil, fmt.Errorf("row %d: %w", len(recipes), err)
			}
			recipes = append(recipes, recipe)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if int64(len(recipes)) != f.NumRows() {
		return nil, fmt.Errorf("%d rows, the footer says %d", len(recipes), f.NumRows())
	}
	return recipes, nil
}
