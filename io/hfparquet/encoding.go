package hfparquet

import (
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/premix/premix"
	"github.com/premix/premix/io/shard"
)

// putRow adds a record to the columns of its schema, which are in the order of the file.
func putRow(columns []*chunkWriter, r *shard.Record) {
	next := func() *chunkWriter {
		c := columns[0]
		columns = columns[1:]
		return c
	}
	putBinary(next(), r.Image)
	next().string(r.Key + "." + r.ImageFormat)
	next().integers(r.Label)
	next().string(r.Key)
	next().integers(r.LabelA)
	next().integers(r.LabelB)
	next().double(r.Lam)
	next().double(r.LamDrawn)
	next().integers(r.Box.X0, r.Box.Y0, r.Box.X1, r.Box.Y1)
	next().integers(r.SrcBox.X0, r.SrcBox.Y0, r.SrcBox.X1, r.SrcBox.Y1)
	next().integers(r.Peak.X, r.Peak.Y)
	next().flag(r.Flat)
	next().string(r.Method)
	next().flag(r.Mixed)
	next().integers(r.Replica)
	next().string(r.Target)
	next().string(r.Source)
	if len(columns) > 0 {
		next().shares(r.Soft)
	}
}

// recordFields are the columns of a record, the image first.
var recordFields = []field{
	{column: "image.bytes", value: func(r *shard.Record, v parquet.Value) error {
		b, err := blob(v)
		r.Image = append(r.Image[:0], b...)
		return err
	}},
	{column: "image.path", value: func(r *shard.Record, v parquet.Value) error {
		b, err := blob(v)
		if dot := strings.LastIndexByte(string(b), '.'); dot >= 0 {
			r.Key, r.ImageFormat = string(b[:dot]), strings.Replace(strings.ToLower(string(b[dot+1:])), "jpeg", "jpg", 1)
		}
		return err
	}},
	intField("label", func(r *shard.Record) *int { return &r.Label }),
	textField("key", func(r *shard.Record) *string { return &r.Key }),
	intField("label_a", func(r *shard.Record) *int { return &r.LabelA }),
	intField("label_b", func(r *shard.Record) *int { return &r.LabelB }),
	floatField("lam", func(r *shard.Record) *float64 { return &r.Lam }),
	floatField("lam_drawn", func(r *shard.Record) *float64 { return &r.LamDrawn }),
	boxField("box", func(r *shard.Record) *premix.Box { return &r.Box }),
	boxField("src_box", func(r *shard.Record) *premix.Box { return &r.SrcBox }),
	{column: "peak", list: func(r *shard.Record, v []parquet.Value) error {
		n, err := integers(v, 2)
		r.Peak = premix.Peak{X: n[0], Y: n[1]}
		return err
	}},
	boolField("flat", func(r *shard.Record) *bool { return &r.Flat }),
	textField("method", func(r *shard.Record) *string { return &r.Method }),
	boolField("mixed", func(r *shard.Record) *bool { return &r.Mixed }),
	intField("replica", func(r *shard.Record) *int { return &r.Replica }),
	textField("target", func(r *shard.Record) *string { return &r.Target }),
	textField("source", func(r *shard.Record) *string { return &r.Source }),
	{column: "soft_label", floats: func(r *shard.Record) *[]float32 { return &r.Soft }},
}

func blob(v parquet.Value) ([]byte, error) {
	if k := v.Kind(); k != parquet.ByteArray && k != parquet.FixedLenByteArray {
		return nil, fmt.Errorf("holds %v, want bytes", k)
	}
	return v.ByteArray(), nil
}

// integer takes all widths that files have: 0-based labels fit into 32 bits.
func integer(v parquet.Value) (int, error) {
	switch v.Kind() {
	case parquet.Int32:
		return int(v.Int32()), nil
	case parquet.Int64:
		if n := v.Int64(); int64(int32(n)) == n {
			return int(n), nil
		}
		return 0, fmt.Errorf("holds %d, beyond 32 bits", v.Int64())
	}
	return 0, fmt.Errorf("holds %v, want integers", v.Kind())
}

// integers takes exactly n ≤ 4 values.
func integers(v []parquet.Value, n int) (out [4]int, err error) {
	if len(v) != n {
		return out, fmt.Errorf("has %d values, want %d", len(v), n)
	}
	for i := range v {
		if out[i], err = integer(v[i]); err != nil {
			return out, err
		}
	}
	return out, nil
}

func intField(column string, dst func(*shard.Record) *int) field {
	return field{column: column, value: func(r *shard.Record, v parquet.Value) error {
		n, err := integer(v)
		if err == nil {
			*dst(r) = n
		}
		return err
	}}
}

func textField(column string, dst func(*shard.Record) *string) field {
	return field{column: column, value: func(r *shard.Record, v parquet.Value) error {
		b, err := blob(v)
		*dst(r) = string(b)
		return err
	}}
}

func floatField(column string, dst func(*shard.Record) *float64) field {
	return field{column: column, value: func(r *shard.Record, v parquet.Value) error {
		switch v.Kind() {
		case parquet.Double:
			*dst(r) = v.Double()
		case parquet.Float:
			*dst(r) = float64(v.Float())
		default:
			return fmt.Errorf("holds %v, want floats", v.Kind())
		}
		return nil
	}}
}

func boolField(column string, dst func(*shard.Record) *bool) field {
	return field{column: column, value: func(r *shard.Record, v parquet.Value) error {
		if v.Kind() != parquet.Boolean {
			return fmt.Errorf("holds %v, want booleans", v.Kind())
		}
		*dst(r) = v.Boolean()
		return nil
	}}
}

func boxField(column string, dst func(*shard.Record) *premix.Box) field {
	return field{column: column, list: func(r *shard.Record, v []parquet.Value) error {
		n, err := integers(v, 4)
		*dst(r) = premix.Box{X0: n[0], Y0: n[1], X1: n[2], Y1: n[3]}
		return err
	}}
}
