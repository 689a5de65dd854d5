package hfparquet

import (
	"cmp"
	"encoding/binary"

	"github.com/parquet-go/parquet-go"
)

// A dictionary numbers the distinct values of a chunk in the order of their first appearance.
type dictionary struct {
	texts  map[string]int32
	floats map[uint32]int32
	body   []byte // PLAIN
}

func (d *dictionary) len() int32 { return int32(len(d.texts) + len(d.floats)) }

func (d *dictionary) reset() {
	clear(d.texts)
	clear(d.floats)
	d.body = d.body[:0]
}

func (d *dictionary) text(s string) int32 {
	n, ok := d.texts[s]
	if !ok {
		n = d.len()
		d.texts[s] = n
		d.body = append(binary.LittleEndian.AppendUint32(d.body, uint32(len(s))), s...)
	}
	return n
}

func (d *dictionary) float(bits uint32) int32 {
	n, ok := d.floats[bits]
	if !ok {
		n = d.len()
		d.floats[bits] = n
		d.body = binary.LittleEndian.AppendUint32(d.body, bits)
	}
	return n
}

// A span is the least and the greatest of some values, of which one kind is used.
type span struct {
	integers limits[int64]
	floats   limits[float64]
	texts    limits[string]
}

type limits[T cmp.Ordered] struct {
	some   bool
	lo, hi T
}

// add takes no NaN: records have none.
func (l *limits[T]) add(v T) {
	switch {
	case !l.some:
		l.some, l.lo, l.hi = true, v, v
	case v < l.lo:
		l.lo = v
	case v > l.hi:
		l.hi = v
	}
}

func (l *limits[T]) merge(o limits[T]) {
	if o.some {
		l.add(o.lo)
		l.add(o.hi)
	}
}

func (s *span) merge(o *span) {
	s.integers.merge(o.integers)
	s.floats.merge(o.floats)
	s.texts.merge(o.texts)
}

// values returns null where there were no values.
func (s *span) values(kind parquet.Kind) (lo, hi parquet.Value) {
	switch {
	case s.texts.some:
		return parquet.ByteArrayValue([]byte(s.texts.lo)), parquet.ByteArrayValue([]byte(s.texts.hi))
	case s.floats.some && kind == parquet.Float:
		return parquet.FloatValue(float32(s.floats.lo)), parquet.FloatValue(float32(s.floats.hi))
	case s.floats.some:
		return parquet.DoubleValue(s.floats.lo), parquet.DoubleValue(s.floats.hi)
	case s.integers.some && kind == parquet.Boolean:
		return parquet.BooleanValue(s.integers.lo != 0), parquet.BooleanValue(s.integers.hi != 0)
	case s.integers.some:
		return parquet.Int64Value(s.integers.lo), parquet.Int64Value(s.integers.hi)
	}
	return parquet.Value{}, parquet.Value{}
}
