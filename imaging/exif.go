package imaging

import (
	"bytes"
	"encoding/binary"

	"github.com/premix/premix/imaging/internal/png"
)

// exifOrientation returns the EXIF orientation of an image, 1 to 8, and 1 where there is none or
// it cannot be read: malformed metadata never spoils an image.
func exifOrientation(f Format, data []byte) int {
	switch f {
	case JPEG:
		return tiffOrientation(jpegEXIF(data))
	case PNG:
		return tiffOrientation(pngEXIF(data))
	case WebP:
		return tiffOrientation(webpEXIF(data))
	case TIFF:
		return tiffOrientation(data)
	}
	return 1
}

// jpegEXIF returns the TIFF structure in the first APP1 segment that holds EXIF, or nil.
func jpegEXIF(data []byte) []byte {
	for i := 2; i+4 <= len(data); {
		if data[i] != 0xff {
			return nil
		}
		marker := data[i+1]
		switch {
		case marker == 0xff: // fill
			i++
			continue
		case marker == 0x01 || 0xd0 <= marker && marker <= 0xd8: // no length
			i += 2
			continue
		case marker == 0xda || marker == 0xd9: // the scan
			return nil
		}
		n := int(binary.BigEndian.Uint16(data[i+2:]))
		if n < 2 || i+2+n > len(data) {
			return nil
		}
		if payload, ok := bytes.CutPrefix(data[i+4:i+2+n], []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return payload
		}
		i += 2 + n
	}
	return nil
}

// pngEXIF returns the payload of the first eXIf chunk, or nil.
func pngEXIF(data []byte) []byte {
	for i := len(png.Magic); i+12 <= len(data); {
		n := binary.BigEndian.Uint32(data[i:])
		if uint64(n) > uint64(len(data)-i-12) {
			return nil
		}
		if string(data[i+4:i+8]) == "eXIf" {
			return data[i+8 : i+8+int(n)]
		}
		i += 12 + int(n)
	}
	return nil
}

// webpEXIF returns the payload of the first EXIF chunk, or nil.
func webpEXIF(data []byte) []byte {
	for i := 12; i+8 <= len(data); {
		n := binary.LittleEndian.Uint32(data[i+4:])
		if uint64(n) > uint64(len(data)-i-8) {
			return nil
		}
		if string(data[i:i+4]) == "EXIF" {
			payload, _ := bytes.CutPrefix(data[i+8:i+8+int(n)], []byte("Exif\x00\x00"))
			return payload
		}
		i += 8 + int(n) + int(n&1)
	}
	return nil
}

// tiffOrientation returns the orientation of a TIFF structure, 1 if it has none or none that is
// defined.
func tiffOrientation(b []byte) int {
	const orientation = 0x0112
	if v, ok := tiffShort(b, orientation); ok && 1 <= v && v <= 8 {
		return v
	}
	return 1
}

// tiffShort returns the value of the first entry with the given tag in the first directory of a
// TIFF structure, if it is a single 16-bit number.
func tiffShort(b []byte, tag uint16) (v int, ok bool) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte("II*\x00")):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte("MM\x00*")):
		order = binary.BigEndian
	default:
		return 0, false
	}
	if len(b) < 8 {
		return 0, false
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 0, false
	}
	count := int(order.Uint16(b[at:]))
	for e := b[at+2:]; count > 0 && len(e) >= 12; count, e = count-1, e[12:] {
		const short = 3
		if order.Uint16(e) == tag {
			ok := order.Uint16(e[2:]) == short && order.Uint32(e[4:]) == 1
			return int(order.Uint16(e[8:])), ok
		}
	}
	return 0, false
}
