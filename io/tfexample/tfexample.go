// Package tfexample encodes and parses tf.train.Example, the message inside most TFRecords. Add
// features to an [Encoder], and Append the message; or Parse one into an [Example], and ask for
// features by name:
//
//	Example  = 1: Features
//	Features = { 1: entry }              a map of names to features
//	entry    = 1: name  2: Feature
//	Feature  = 1: BytesList | 2: FloatList | 3: Int64List
//	lists    = { 1: value }              floats and integers packed into one field
//
// (tensorflow/core/example/example.proto and feature.proto). TensorFlow itself writes the map in
// an order that changes from run to run; here features are sorted by name, so that equal examples
// are equal bytes. The parser takes any order, and packed and unpacked lists.
package tfexample

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// A Kind is the type of a feature's list.
type Kind int

// The kinds, with the field numbers of Feature.
const (
	None   Kind = 0 // a feature without a list
	Bytes  Kind = 1
	Floats Kind = 2
	Ints   Kind = 3
)

func (k Kind) String() string {
	if k < None || k > Ints {
		return fmt.Sprintf("kind %d", int(k))
	}
	return [...]string{"nothing", "bytes", "float", "int64"}[k]
}

// ErrMissing is wrapped by the error of a getter whose feature is not there.
var ErrMissing = errors.New("is missing")

// An Encoder collects the features of an example. The zero value is ready; Reset makes it so
// again. It keeps the values that it is given until then.
type Encoder struct {
	features []pending
	arena    []byte // encoded numbers
}

type pending struct {
	name string
	kind Kind
	data []byte // of Bytes: the value; of the others: the packed field
}

// Reset forgets all features.
func (e *Encoder) Reset() { e.features, e.arena = e.features[:0], e.arena[:0] }

// Bytes adds a feature of one byte string.
func (e *Encoder) Bytes(name string, v []byte) { e.add(name, Bytes, v) }

// Text adds a feature of one byte string.
func (e *Encoder) Text(name, v string) {
	start := len(e.arena)
	e.arena = append(e.arena, v...)
	e.add(name, Bytes, e.arena[start:])
}

// Floats adds a feature of floats.
func (e *Encoder) Floats(name string, v ...float32) {
	start := len(e.arena)
	for _, f := range v {
		e.arena = binary.LittleEndian.AppendUint32(e.arena, math.Float32bits(f))
	}
	e.add(name, Floats, e.arena[start:])
}

// Ints adds a feature of integers.
func (e *Encoder) Ints(name string, v ...int64) {
	start := len(e.arena)
	for _, n := range v {
		e.arena = binary.AppendUvarint(e.arena, uint64(n))
	}
	e.add(name, Ints, e.arena[start:])
}

// Bool adds a feature of one integer, 0 or 1.
func (e *Encoder) Bool(name string, v bool) {
	n := int64(0)
	if v {
		n = 1
	}
	e.Ints(name, n)
}

// add keeps the features sorted. A name that is already there is a programming error.
func (e *Encoder) add(name string, kind Kind, data []byte) {
	e.features = append(e.features, pending{})
	i := len(e.features) - 1
	for i > 0 && e.features[i-1].name >= name {
		if e.features[i-1].name == name {
			panic(fmt.Sprintf("tfexample: feature %q is added twice", name))
		}
		e.features[i] = e.features[i-1]
		i--
	}
	e.features[i] = pending{name, kind, data}
}

// sizes are the lengths of a feature's nested messages.
func (p *pending) sizes() (list, feature, entry int) {
	list = tagged(len(p.data))
	if p.kind != Bytes && len(p.data) == 0 {
		list = 0 // no values, no packed field
	}
	feature = tagged(list)
	entry = tagged(len(p.name)) + tagged(feature)
	return list, feature, entry
}

// tagged is the size of a field of n bytes with its tag and length; all tags are one byte.
func tagged(n int) int { return 1 + protowire.SizeBytes(n) }

// Append appends the encoded example.
func (e *Encoder) Append(dst []byte) []byte {
	const field1, field2 = 1<<3 | 2, 2<<3 | 2
	total := 0
	for i := range e.features {
		_, _, entry := e.features[i].sizes()
		total += tagged(entry)
	}
	open := func(tag byte, n int) { dst = binary.AppendUvarint(append(dst, tag), uint64(n)) }
	open(field1, total)
	for i := range e.features {
		p := &e.features[i]
		list, feature, entry := p.sizes()
		open(field1, entry)
		open(field1, len(p.name))
		dst = append(dst, p.name...)
		open(field2, feature)
		open(byte(p.kind)<<3|2, list)
		if list > 0 {
			open(field1, len(p.data))
			dst = append(dst, p.data...)
		}
	}
	return dst
}
