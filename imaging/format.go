package imaging

import (
	"path"
	"strings"

	"github.com/premix/premix/imaging/internal/png"
	"github.com/premix/premix/imaging/internal/pnm"
)

// A Format names the encoding of an image file.
type Format string

// The formats that premix reads. Unknown stands for everything else.
const (
	Unknown Format = ""
	JPEG    Format = "jpeg"
	PNG     Format = "png"
	GIF     Format = "gif"
	WebP    Format = "webp"
	BMP     Format = "bmp"
	TIFF    Format = "tiff"
	PNM     Format = "pnm" // PBM, PGM and PPM
)

// Sniff tells the format by the first bytes of a file, never by its name: data sets hold PNG
// files that are called .JPEG. It says Unknown to everything that premix does not read.
func Sniff(data []byte) Format {
	s := string(data[:min(len(data), 18)])
	switch {
	case strings.HasPrefix(s, "\xff\xd8\xff"):
		return JPEG
	case strings.HasPrefix(s, png.Magic):
		return PNG
	case strings.HasPrefix(s, "GIF87a"), strings.HasPrefix(s, "GIF89a"):
		return GIF
	case strings.HasPrefix(s, "RIFF") && len(s) >= 12 && s[8:12] == "WEBP":
		return WebP
	case strings.HasPrefix(s, "BM") && len(s) == 18 && bmpInfoSize(s[14:]):
		return BMP
	case strings.HasPrefix(s, "II*\x00"), strings.HasPrefix(s, "MM\x00*"):
		return TIFF
	case pnm.Is(data):
		return PNM
	}
	return Unknown
}

// bmpInfoSize reports whether s starts with the size of one of the information headers of BMP:
// "BM" alone is how many a text starts.
func bmpInfoSize(s string) bool {
	switch uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24 {
	case 12, 40, 52, 56, 64, 108, 124:
		return true
	}
	return false
}

// HasImageName reports whether the extension of name is one of a format that premix reads. An
// entry whose bytes are not an image is a side file if its name is not an image's either, and a broken
// image otherwise.
func HasImageName(name string) bool {
	switch lower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff",
		".ppm", ".pgm", ".pbm", ".pnm":
		return true
	}
	return false
}

// lower is strings.ToLower for extensions. Those of ImageNet are capitals, and a listing asks for a million.
func lower(ext string) string {
	switch ext {
	case ".JPEG":
		return ".jpeg"
	case ".JPG":
		return ".jpg"
	}
	return strings.ToLower(ext)
}

// foreign names the format of bytes that premix knows but does not read, for the reason of a
// fault; it is empty for bytes that it does not know.
func foreign(data []byte) string {
	s := string(data[:min(len(data), 16)])
	switch {
	case len(s) >= 3 && s[0] == 'P' && (s[1] == '7' || s[1] == 'F' || s[1] == 'f') && strings.ContainsRune(" \t\r\n#", rune(s[2])):
		return "PNM of the kind P" + s[1:2]
	case strings.HasPrefix(s, "\x00\x00\x00\x0cjP  "), strings.HasPrefix(s, "\xff\x4f\xff\x51"):
		return "JPEG 2000"
	case strings.HasPrefix(s, "\xff\x0a"), strings.HasPrefix(s, "\x00\x00\x00\x0cJXL "):
		return "JPEG XL"
	case len(s) >= 12 && s[4:8] == "ftyp" && (s[8:12] == "avif" || s[8:12] == "avis"):
		return "AVIF"
	case len(s) >= 12 && s[4:8] == "ftyp":
		return "HEIF or MP4"
	case strings.HasPrefix(s, "II+\x00"), strings.HasPrefix(s, "MM\x00+"):
		return "BigTIFF"
	case strings.HasPrefix(s, "8BPS"):
		return "PSD"
	case strings.HasPrefix(s, "\x00\x00\x01\x00"):
		return "ICO"
	case strings.HasPrefix(s, "%PDF"):
		return "PDF"
	}
	return ""
}
