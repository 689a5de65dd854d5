package tfexample

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Len is the number of features.
func (e *Example) Len() int { return len(e.features) }

// Feature returns the name and kind of the i-th feature, in the order of the message.
func (e *Example) Feature(i int) (name string, kind Kind) {
	f := &e.features[i]
	return string(e.text(f.name)), f.kind
}

// Kind returns that of a feature, and whether it is there.
func (e *Example) Kind(name string) (Kind, bool) {
	f := e.find(name)
	if f == nil {
		return None, false
	}
	return f.kind, true
}

// want finds a feature of a kind. A feature with an empty or missing list is of every kind, as
// in TensorFlow.
func (e *Example) want(name string, kind Kind) (*feature, error) {
	f := e.find(name)
	if f == nil {
		return nil, fmt.Errorf("tfexample: feature %s %w", name, ErrMissing)
	}
	if f.kind != kind && f.kind != None {
		return nil, fmt.Errorf("tfexample: feature %s holds %v, want %v", name, f.kind, kind)
	}
	return f, nil
}

func one(name string, n int) error {
	if n != 1 {
		return fmt.Errorf("tfexample: feature %s has %d values, want 1", name, n)
	}
	return nil
}

// Bytes returns the only value of a feature and its offset in the message. The value is a part
// of the parsed bytes.
func (e *Example) Bytes(name string) (value []byte, offset int, err error) {
	f, err := e.want(name, Bytes)
	if err != nil {
		return nil, 0, err
	}
	count := 0
	var last span
	err = e.each(f.list, 1, func(v span) error { count++; last = v; return nil })
	if err == nil {
		err = one(name, count)
	} else {
		err = fmt.Errorf("tfexample: feature %s: %w", name, err)
	}
	if err != nil {
		return nil, 0, err
	}
	return e.data[last.lo:last.hi:last.hi], last.lo, nil
}

// Text returns the only value of a feature of bytes as a string.
func (e *Example) Text(name string) (string, error) {
	v, _, err := e.Bytes(name)
	return string(v), err
}

// Int returns the only value of a feature of integers.
func (e *Example) Int(name string) (int64, error) {
	var buf [4]int64
	v, err := e.Ints(buf[:0], name)
	if err == nil {
		err = one(name, len(v))
	}
	if err != nil {
		return 0, err
	}
	return v[0], nil
}

// Float returns the only value of a feature of floats.
func (e *Example) Float(name string) (float32, error) {
	var buf [4]float32
	v, err := e.Floats(buf[:0], name)
	if err == nil {
		err = one(name, len(v))
	}
	if err != nil {
		return 0, err
	}
	return v[0], nil
}

// Ints appends the values of a feature of integers to dst.
func (e *Example) Ints(dst []int64, name string) ([]int64, error) {
	f, err := e.want(name, Ints)
	if err != nil {
		return dst, err
	}
	err = e.numbers(f, protowire.VarintType, func(rest []byte) int {
		v, n := protowire.ConsumeVarint(rest)
		if n >= 0 {
			dst = append(dst, int64(v))
		}
		return n
	})
	if err != nil {
		return dst, fmt.Errorf("tfexample: feature %s: %w", name, err)
	}
	return dst, nil
}

// Floats appends the values of a feature of floats to dst.
func (e *Example) Floats(dst []float32, name string) ([]float32, error) {
	f, err := e.want(name, Floats)
	if err != nil {
		return dst, err
	}
	err = e.numbers(f, protowire.Fixed32Type, func(rest []byte) int {
		v, n := protowire.ConsumeFixed32(rest)
		if n >= 0 {
			dst = append(dst, math.Float32frombits(v))
		}
		return n
	})
	if err != nil {
		return dst, fmt.Errorf("tfexample: feature %s: %w", name, err)
	}
	return dst, nil
}

// numbers walks a list in its two forms: packed fields, and fields of a value each. Take returns
// how many bytes a value had, negative for a protowire error.
func (e *Example) numbers(f *feature, typ protowire.Type, take func([]byte) int) error {
	for at := f.list.lo; at < f.list.hi; {
		rest := e.data[at:f.list.hi]
		num, got, n := protowire.ConsumeTag(rest)
		if n < 0 {
			return fmt.Errorf("byte %d: %w", at, parseError(n))
		}
		rest = rest[n:]
		switch {
		case num == 1 && got == typ:
			m := take(rest)
			if m < 0 {
				return fmt.Errorf("byte %d: %w", at, parseError(m))
			}
			n += m
		case num == 1 && got == protowire.BytesType:
			packed, m := protowire.ConsumeBytes(rest)
			if m < 0 {
				return fmt.Errorf("byte %d: %w", at, parseError(m))
			}
			n += m
			for len(packed) > 0 {
				k := take(packed)
				if k < 0 {
					return fmt.Errorf("byte %d: packed values: %w", at, parseError(k))
				}
				packed = packed[k:]
			}
		case num == 1:
			return fmt.Errorf("byte %d: a value of wire type %d", at, got)
		default:
			m := protowire.ConsumeFieldValue(num, got, rest)
			if m < 0 {
				return fmt.Errorf("byte %d: %w", at, parseError(m))
			}
			n += m
		}
		at += n
	}
	return nil
}
