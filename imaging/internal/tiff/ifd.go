package tiff

import (
	"encoding/binary"
	"strings"

	"github.com/premix/premix"
)

// The tags that decide pixels.
const (
	tagWidth          = 256
	tagLength         = 257
	tagBits           = 258
	tagCompression    = 259
	tagPhotometric    = 262
	tagFillOrder      = 266
	tagStripOffsets   = 273
	tagSamples        = 277
	tagRowsPerStrip   = 278
	tagStripCounts    = 279
	tagPlanar         = 284
	tagT4Options      = 292
	tagT6Options      = 293
	tagPredictor      = 317
	tagColorMap       = 320
	tagTileWidth      = 322
	tagTileLength     = 323
	tagTileOffsets    = 324
	tagTileCounts     = 325
	tagExtraSamples   = 338
	tagSampleFormat   = 339
	tagJPEGTables     = 347
	tagYCbCrWeights   = 529
	tagYCbCrSampling  = 530
	tagReferenceRange = 532
)

// decides reports whether a tag is one of these.
func decides(tag uint16) bool {
	switch tag {
	case tagWidth, tagLength, tagBits, tagCompression, tagPhotometric, tagFillOrder, tagStripOffsets, tagSamples, tagRowsPerStrip,
		tagStripCounts, tagPlanar, tagT4Options, tagT6Options, tagPredictor, tagColorMap, tagTileWidth, tagTileLength, tagTileOffsets,
		tagTileCounts, tagExtraSamples, tagSampleFormat, tagJPEGTables, tagYCbCrWeights, tagYCbCrSampling, tagReferenceRange:
		return true
	}
	return false
}

// A file is a TIFF structure with its first directory.
type file struct {
	data  []byte
	order binary.ByteOrder
	dir   []byte // entries of 12 bytes
}

func corrupt(format string, args ...any) error {
	return premix.Faultf(premix.Corrupt, "tiff: "+format, args...)
}

func unsupported(format string, args ...any) error {
	return premix.Faultf(premix.Unsupported, "tiff: "+format, args...)
}

func truncated(what string) error {
	return premix.Faultf(premix.Truncated, "tiff: the file ends before its %s do", what)
}

func open(data []byte) (f file, err error) {
	f.data = data
	switch {
	case strings.HasPrefix(string(data[:min(4, len(data))]), "II*\x00"):
		f.order = binary.LittleEndian
	case strings.HasPrefix(string(data[:min(4, len(data))]), "MM\x00*"):
		f.order = binary.BigEndian
	default:
		return f, corrupt("not a TIFF file")
	}
	if len(data) < 8 {
		return f, truncated("headers")
	}
	at := int64(f.order.Uint32(data[4:]))
	if at+2 > int64(len(data)) {
		return f, truncated("headers")
	}
	n := 12 * int(f.order.Uint16(data[at:]))
	if f.dir = data[at+2:]; len(f.dir) < n {
		return f, truncated("headers")
	}
	f.dir = f.dir[:n]
	for e := f.dir; len(e) >= 12; e = e[12:] {
		if size := f.size(e); size > 4 && decides(f.order.Uint16(e)) && int64(f.order.Uint32(e[8:]))+size > int64(len(data)) {
			return f, truncated("headers")
		}
	}
	return f, nil
}

// size is that of the values of an entry, 0 if their type is none that matters.
func (f *file) size(entry []byte) int64 {
	return int64(f.order.Uint32(entry[4:])) * kindSize[f.order.Uint16(entry[2:])]
}

// A field is the values of a tag. The zero field has none.
type field struct {
	order  binary.ByteOrder
	kind   uint16
	n      int
	values []byte
}

// The types of values that matter.
const (
	kindByte      = 1
	kindShort     = 3
	kindLong      = 4
	kindRational  = 5
	kindUndefined = 7
)

var kindSize = map[uint16]int64{kindByte: 1, kindShort: 2, kindLong: 4, kindRational: 8, kindUndefined: 1}

// field returns the values of a tag that decides pixels, and none if they are not of a type that is
// known.
func (f *file) field(tag uint16) field {
	for e := f.dir; len(e) >= 12; e = e[12:] {
		if f.order.Uint16(e) != tag {
			continue
		}
		size, values := f.size(e), e[8:12]
		if size > 4 {
			at := int64(f.order.Uint32(e[8:]))
			values = f.data[at : at+size]
		}
		if size == 0 {
			return field{}
		}
		return field{f.order, f.order.Uint16(e[2:]), int(f.order.Uint32(e[4:])), values}
	}
	return field{}
}

// at returns the i-th value, or 0 where there is none.
func (x *field) at(i int) int64 {
	if i >= x.n {
		return 0
	}
	switch x.kind {
	case kindByte:
		return int64(x.values[i])
	case kindShort:
		return int64(x.order.Uint16(x.values[2*i:]))
	case kindLong:
		return int64(x.order.Uint32(x.values[4*i:]))
	}
	return 0
}

// ratio returns the i-th value of type rational, or otherwise where there is none.
func (x *field) ratio(i int, otherwise float32) float32 {
	if i >= x.n || x.kind != kindRational {
		return otherwise
	}
	num, den := x.order.Uint32(x.values[8*i:]), x.order.Uint32(x.values[8*i+4:])
	if den == 0 {
		return otherwise
	}
	return float32(float64(num) / float64(den))
}

// number returns the first value of a tag, or otherwise where it has none.
func (f *file) number(tag uint16, otherwise int64) int64 {
	if x := f.field(tag); x.n > 0 {
		return x.at(0)
	}
	return otherwise
}
