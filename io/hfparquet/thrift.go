package hfparquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Parquet keeps its footer and page headers in Thrift's compact protocol. The decoder of
// parquet-go believes the lengths that it finds there and allocates for them. So both are walked
// here first, without allocating anything.
//
//	struct = { field } 0
//	field  = delta<<4|type [ zigzag id, if delta = 0 ] value
//	list   = size<<4|type [ varint size, if 15 ] { value }
//	binary = varint length, bytes

// The types of the compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12
)

const (
	maxDepth    = 32
	maxStructs  = 1 << 17 // in lists: each becomes some hundred bytes
	maxElements = 1 << 20 // of lists of anything else
)

var errThrift = errors.New("malformed Thrift")

// A walker goes over one message.
type walker struct {
	data              []byte
	at                int
	structs, elements int
}

func (w *walker) varint() (uint64, error) {
	v, n := binary.Uvarint(w.data[w.at:])
	if n <= 0 {
		return 0, errThrift
	}
	w.at += n
	return v, nil
}

func (w *walker) skip(n uint64) error {
	if n > uint64(len(w.data)-w.at) {
		return errThrift
	}
	w.at += int(n)
	return nil
}

func (w *walker) byte() (byte, error) {
	if w.at >= len(w.data) {
		return 0, errThrift
	}
	w.at++
	return w.data[w.at-1], nil
}

// message walks a struct. Field, if not nil, is called with the number and type of each field,
// and walks its value itself if it returns true.
func (w *walker) message(depth int, field func(id int64, typ byte) (bool, error)) error {
	if depth > maxDepth {
		return errThrift
	}
	id := int64(0)
	for {
		b, err := w.byte()
		if err != nil || b == 0 {
			return err
		}
		typ := b & 15
		if delta := b >> 4; delta != 0 {
			id += int64(delta)
		} else {
			v, err := w.varint()
			if err != nil {
				return err
			}
			id = unzigzag(v)
		}
		if field != nil {
			done, err := field(id, typ)
			if err != nil {
				return err
			}
			if done {
				continue
			}
		}
		if typ == thriftTrue || typ == thriftFalse {
			continue // the type is the value
		}
		if err := w.value(typ, depth); err != nil {
			return err
		}
	}
}

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

func (w *walker) value(typ byte, depth int) error {
	switch typ {
	case thriftTrue, thriftFalse, thriftByte:
		return w.skip(1)
	case thriftI16, thriftI32, thriftI64:
		_, err := w.varint()
		return err
	case thriftDouble:
		return w.skip(8)
	case thriftBinary:
		n, err := w.varint()
		if err != nil {
			return err
		}
		return w.skip(n)
	case thriftList, thriftSet:
		return w.list(func(typ byte) error { return w.value(typ, depth+1) })
	case thriftStruct:
		return w.message(depth+1, nil)
	case thriftMap: // Parquet has none
	}
	return errThrift
}

// list walks a list; element walks one of its elements.
func (w *walker) list(element func(typ byte) error) error {
	b, err := w.byte()
	if err != nil {
		return err
	}
	n := uint64(b >> 4)
	if n == 15 {
		if n, err = w.varint(); err != nil {
			return err
		}
	}
	typ, count, limit := b&15, &w.elements, maxElements
	if typ == thriftStruct || typ == thriftList || typ == thriftSet {
		count, limit = &w.structs, maxStructs
	}
	if n > uint64(limit-*count) {
		return fmt.Errorf("a list of %d elements: more than %d in all are not read", n, limit)
	}
	*count += int(n)
	for range n {
		if err := element(typ); err != nil {
			return err
		}
	}
	return nil
}

// A pageHeader is what has to be believed before a page is read.
type pageHeader struct {
	size         int // of the header
	kind         int64
	uncompressed int64
	compressed   int64
	values       int64
	checksum     int64 // 0 if there is none
	levels       int64 // of a data page v2: bytes before the part that is compressed
	plain        bool  // of a data page v2: no part is compressed
}

// parsePageHeader reads the header at the start of data (PageHeader of parquet.thrift).
func parsePageHeader(data []byte) (pageHeader, error) {
	w := walker{data: data}
	var h pageHeader
	number := func(dst *int64) (bool, error) {
		v, err := w.varint()
		*dst = unzigzag(v)
		return true, err
	}
	err := w.message(0, func(id int64, typ byte) (bool, error) {
		switch {
		case id == 1 && typ == thriftI32:
			return number(&h.kind)
		case id == 2 && typ == thriftI32:
			return number(&h.uncompressed)
		case id == 3 && typ == thriftI32:
			return number(&h.compressed)
		case id == 4 && typ == thriftI32:
			return number(&h.checksum)
		case (id == 5 || id == 7 || id == 8) && typ == thriftStruct: // data, dictionary, data v2
			v2 := id == 8
			return true, w.message(1, func(id int64, typ byte) (bool, error) {
				switch {
				case id == 1 && typ == thriftI32:
					return number(&h.values)
				case v2 && (id == 5 || id == 6) && typ == thriftI32:
					var n int64
					done, err := number(&n)
					if n < 0 {
						err = errThrift
					}
					h.levels += n
					return done, err
				case v2 && id == 7:
					h.plain = typ == thriftFalse
				}
				return false, nil
			})
		}
		return false, nil
	})
	h.size = w.at
	if err == nil && (h.uncompressed < 0 || h.compressed < 0 || h.values < 0) {
		err = errors.New("a page header with a negative size")
	}
	return h, err
}
