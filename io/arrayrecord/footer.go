package arrayrecord

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// The messages of the footer, as protobuf writes them (cpp/layout.proto): numbers that are zero are
// written too.
//
//	RiegeliFooterMetadata { array_record_metadata = 1 { version = 1, num_chunks = 2, num_records = 3, writer_options = 4 } }
//	ArrayRecordFooter     { chunk_offset = 1, decoded_data_size = 2, num_records = 3 }
//	RiegeliPostscript     { footer_offset = 1, magic = 2 }

const (
	footerVersion = 1
	postMagic     = 0x71930e704fdae05e
)

// field appends a number under the field's tag.
func field(dst []byte, number byte, v uint64) []byte {
	return binary.AppendUvarint(append(dst, number<<3), v)
}

func appendMetadata(dst []byte, chunks, records uint64, options string) []byte {
	inner := field(field(field(nil, 1, footerVersion), 2, chunks), 3, records)
	inner = binary.AppendUvarint(append(inner, 4<<3|2), uint64(len(options)))
	inner = append(inner, options...)
	dst = binary.AppendUvarint(append(dst, 1<<3|2), uint64(len(inner)))
	return append(dst, inner...)
}

func appendEntry(dst []byte, offset, decoded, records uint64) []byte {
	return field(field(field(dst, 1, offset), 2, decoded), 3, records)
}

func appendPostscript(dst []byte, footer uint64) []byte {
	return field(field(dst, 1, footer), 2, postMagic)
}

var errMessage = errors.New("not a message of the footer")

// message reads the numbers and the bytes of a protobuf message, of which the last of each field counts.
func message(p []byte, numbers *[5]uint64, texts *[5][]byte) error {
	for len(p) > 0 {
		tag, n := binary.Uvarint(p)
		if n <= 0 {
			return errMessage
		}
		p = p[n:]
		v, n := binary.Uvarint(p)
		switch tag & 7 {
		case 0, 2:
			if n <= 0 {
				return errMessage
			}
			p = p[n:]
		case 1, 5: // fields of later versions
			size := 8
			if tag&7 == 5 {
				size = 4
			}
			if len(p) < size {
				return errMessage
			}
			p = p[size:]
			continue
		default:
			return errMessage
		}
		var text []byte
		if tag&7 == 2 {
			if v > uint64(len(p)) {
				return errMessage
			}
			text, p, v = p[:v], p[v:], 0
		}
		if f := tag >> 3; f > 0 && f < 5 {
			numbers[f], texts[f] = v, text
		}
	}
	return nil
}

// metadata is the footer's first message.
type metadata struct {
	chunks, records uint64
	options         string
}

// parseMetadata reports whether p is the first message of a footer. It is short, and begins with its version.
func parseMetadata(p []byte) (m metadata, ok bool) {
	if len(p) > 4096 || len(p) < 4 || p[0] != 1<<3|2 {
		return m, false
	}
	if _, n := binary.Uvarint(p[1:]); n <= 0 || !bytes.HasPrefix(p[1+n:], []byte{1 << 3, footerVersion}) {
		return m, false
	}
	var n [5]uint64
	var t [5][]byte
	if message(p, &n, &t) != nil || t[1] == nil {
		return m, false
	}
	var inner [5]uint64
	var texts [5][]byte
	if message(t[1], &inner, &texts) != nil || inner[1] != footerVersion {
		return m, false
	}
	return metadata{inner[2], inner[3], string(texts[4])}, true
}

// An Entry is one chunk of records, as the footer lists it.
type Entry struct {
	Offset  int64 // where the chunk begins
	Bytes   int64 // of its records, decoded
	Records int64
}

func parseEntry(p []byte) (e Entry, ok bool) {
	var n [5]uint64
	var t [5][]byte
	if message(p, &n, &t) != nil {
		return e, false
	}
	e = Entry{int64(n[1]), int64(n[2]), int64(n[3])}
	return e, e.Offset > 0 && e.Bytes >= 0 && e.Records > 0
}

// parsePostscript returns where the footer is, if p is a postscript.
func parsePostscript(p []byte) (footer int64, ok bool) {
	var n [5]uint64
	var t [5][]byte
	if len(p) > 64 || message(p, &n, &t) != nil {
		return 0, false
	}
	return int64(n[1]), n[2] == postMagic && int64(n[1]) > 0
}
