package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf16"

	"github.com/klauspost/compress/zlib"
)

// The MAT-File format, level 5 ("MAT-File Format", The MathWorks): a header of 128 bytes, then
// elements of type, size and data, padded to 8 bytes. Only what the devkit's meta.mat needs is
// read: one matrix of structs, whose fields are numbers and texts.
const (
	miMatrix     = 14
	miCompressed = 15

	mxStruct = 2
	mxChar   = 4
)

// maxMatBytes bounds a decompressed element, maxMatFields the elements and the fields of a matrix.
const (
	maxMatBytes  = 64 << 20
	maxMatFields = 1 << 20
)

var errMat = errors.New("not a MAT file of level 5, or a broken one")

type element struct {
	kind uint32
	data []byte
}

// A matReader takes elements from the front of a byte slice.
type matReader struct {
	order binary.ByteOrder
	data  []byte
}

func (r *matReader) next() (element, error) {
	if len(r.data) < 8 {
		return element{}, errMat
	}
	kind := r.order.Uint32(r.data)
	if small := kind >> 16; small != 0 { // up to four bytes are in the tag itself
		if small > 4 {
			return element{}, errMat
		}
		e := element{kind & 0xffff, r.data[4 : 4+small]}
		r.data = r.data[8:]
		return e, nil
	}
	size := uint64(r.order.Uint32(r.data[4:]))
	if size > uint64(len(r.data)-8) {
		return element{}, errMat
	}
	e := element{kind, r.data[8 : 8+size]}
	skip := 8 + size
	if kind != miCompressed {
		skip += (8 - size%8) % 8
	}
	r.data = r.data[min(skip, uint64(len(r.data))):]
	return e, nil
}

// A matrix is the head of a miMatrix element; rest are its parts.
type matrix struct {
	class byte
	count int // of elements, in all dimensions
	rest  matReader
}

func (r *matReader) matrix(e element) (matrix, error) {
	m := matrix{rest: matReader{r.order, e.data}}
	if e.kind != miMatrix {
		return m, errMat
	}
	if len(e.data) == 0 {
		return m, nil // an empty field
	}
	flags, err := m.rest.next()
	if err != nil || len(flags.data) < 4 {
		return m, errMat
	}
	m.class = byte(r.order.Uint32(flags.data))
	dims, err := m.rest.next()
	if err != nil || len(dims.data)%4 != 0 {
		return m, errMat
	}
	m.count = 1
	for i := 0; i < len(dims.data); i += 4 {
		d := int(int32(r.order.Uint32(dims.data[i:])))
		if d < 0 || d > 0 && m.count > maxMatFields/d {
			return m, errMat
		}
		m.count *= d
	}
	if _, err := m.rest.next(); err != nil { // the name
		return m, errMat
	}
	return m, nil
}

// readMeta reads meta.mat of the ILSVRC2012 devkit: the WNIDs by ILSVRC2012_ID, the first at
// index 0, of the synsets without children, which are the classes.
func readMeta(data []byte) ([]string, error) {
	if len(data) < 128 {
		return nil, errMat
	}
	r := &matReader{order: binary.LittleEndian, data: data[128:]}
	switch string(data[126:128]) {
	case "IM":
	case "MI":
		r.order = binary.BigEndian
	default:
		return nil, errMat
	}
	for len(r.data) > 0 {
		e, err := r.next()
		if err != nil {
			return nil, err
		}
		if e.kind == miCompressed {
			if e, err = r.inflate(e.data); err != nil {
				return nil, err
			}
		}
		if e.kind != miMatrix {
			continue
		}
		m, err := r.matrix(e)
		if err != nil {
			return nil, err
		}
		if m.class == mxStruct {
			return m.synsets()
		}
	}
	return nil, errors.New("no struct in the MAT file")
}

func (r *matReader) inflate(data []byte) (element, error) {
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return element{}, errMat
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxMatBytes+1))
	if err != nil || len(plain) > maxMatBytes {
		return element{}, errMat
	}
	inner := matReader{r.order, plain}
	return inner.next()
}

// fields returns the position of each field of the struct by its name, and how many fields an element has.
func (m *matrix) fields() (positions map[string]int, n int, err error) {
	width, err := m.rest.next()
	if err != nil || len(width.data) != 4 {
		return nil, 0, errMat
	}
	names, err := m.rest.next()
	size := int(m.rest.order.Uint32(width.data))
	if err != nil || size < 1 || size > 64 || len(names.data)%size != 0 {
		return nil, 0, errMat
	}
	positions = map[string]int{}
	for i := 0; i < len(names.data); i += size {
		name, _, _ := strings.Cut(string(names.data[i:i+size]), "\x00")
		positions[name] = i / size
	}
	return positions, len(names.data) / size, nil
}

// synsets reads a matrix of structs that has the fields ILSVRC2012_ID and WNID.
func (m matrix) synsets() ([]string, error) {
	field, fields, err := m.fields()
	if err != nil {
		return nil, err
	}
	idAt, ok1 := field["ILSVRC2012_ID"]
	wnidAt, ok2 := field["WNID"]
	childrenAt, ok3 := field["num_children"]
	if !ok1 || !ok2 || fields > maxMatFields/max(1, m.count) {
		return nil, errors.New("the struct has no fields ILSVRC2012_ID and WNID")
	}
	found := map[int]string{}
	for range m.count {
		id, wnid, children := 0, "", 0
		for f := range fields {
			e, err := m.rest.next()
			if err != nil {
				return nil, err
			}
			switch {
			case f == idAt:
				id, err = m.rest.number(e)
			case f == wnidAt:
				wnid, err = m.rest.text(e)
			case f == childrenAt && ok3:
				children, err = m.rest.number(e)
			}
			if err != nil {
				return nil, err
			}
		}
		if children == 0 {
			if id < 1 || id > 1<<16 || wnid == "" || found[id] != "" {
				return nil, fmt.Errorf("synset %q has the id %d", wnid, id)
			}
			found[id] = escape(wnid)
		}
	}
	return synsetList(found)
}

// synsetList returns the names of the synsets in the order of their ids, which must be 1 to their number.
func synsetList(found map[int]string) ([]string, error) {
	list := make([]string, len(found))
	for id, wnid := range found {
		if id > len(list) {
			return nil, fmt.Errorf("%d synsets, but one has the id %d", len(list), id)
		}
		list[id-1] = wnid
	}
	return list, nil
}

func (r *matReader) number(e element) (int, error) {
	m, err := r.matrix(e)
	if err != nil || m.count != 1 {
		return 0, errMat
	}
	v, err := m.rest.next()
	if err != nil {
		return 0, err
	}
	d, o := v.data, r.order
	switch {
	case v.kind == 1 && len(d) == 1:
		return int(int8(d[0])), nil
	case v.kind == 2 && len(d) == 1:
		return int(d[0]), nil
	case v.kind == 3 && len(d) == 2:
		return int(int16(o.Uint16(d))), nil
	case v.kind == 4 && len(d) == 2:
		return int(o.Uint16(d)), nil
	case v.kind == 5 && len(d) == 4:
		return int(int32(o.Uint32(d))), nil
	case v.kind == 6 && len(d) == 4:
		return int(o.Uint32(d)), nil
	case v.kind == 9 && len(d) == 8:
		if f := math.Float64frombits(o.Uint64(d)); f == math.Trunc(f) && math.Abs(f) < 1<<31 {
			return int(f), nil
		}
	}
	return 0, errMat
}

func (r *matReader) text(e element) (string, error) {
	m, err := r.matrix(e)
	if err != nil || m.class != mxChar {
		return "", errMat
	}
	v, err := m.rest.next()
	if err != nil {
		return "", err
	}
	switch v.kind {
	case 1, 2, 16: // int8, uint8, UTF-8
		return string(v.data), nil
	case 4, 17: // uint16, UTF-16
		units := make([]uint16, len(v.data)/2)
		for i := range units {
			units[i] = r.order.Uint16(v.data[2*i:])
		}
		return string(utf16.Decode(units)), nil
	}
	return "", errMat
}
