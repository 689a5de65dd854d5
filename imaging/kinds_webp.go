package imaging

import (
	"bytes"
	"encoding/binary"
	"image"

	"golang.org/x/image/webp"

	"github.com/premix/premix"
)

// A frame of a WebP is the image, or the first picture of an animation.
type frame struct {
	file   []byte
	chunks []byte // of the picture, if it is one of an animation
	alpha  bool   // the first of chunks is that of alpha
	lossy  bool   // without alpha
	w, h   int
	at     image.Point // on the screen
	screen image.Point
	copied int // bytes that still allocates
}

// webpFrame finds the frame and its size.
func webpFrame(data []byte) (frame, error) {
	const header, alpha, animation = 30, 16, 2
	f := frame{file: data}
	extended := len(data) >= header && string(data[12:16]) == "VP8X"
	if extended {
		f.screen = image.Pt(1+uint24(data[24:]), 1+uint24(data[27:]))
	}
	if extended && data[20]&animation == 0 {
		// Whether there is alpha is said twice. As for libwebp, it is so if its chunk is there.
		if f.find(data[header:]) && f.alpha != (data[20]&alpha != 0) && (f.alpha || f.lossy) {
			f.w, f.h = f.screen.X, f.screen.Y
			return f, nil
		}
		f = frame{file: data}
	}
	if !extended || data[20]&animation == 0 {
		c, err := webp.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			return f, libraryFault(WebP, err)
		}
		f.w, f.h, f.screen, f.lossy = c.Width, c.Height, image.Pt(c.Width, c.Height), isLossy(data)
		return f, nil
	}
	for rest := data[header:]; ; {
		name, chunk, next, ok := webpChunk(rest)
		if !ok {
			return f, premix.Faultf(premix.Truncated, "webp: the file ends before its first frame does")
		}
		if name == "ANMF" {
			return f, f.read(chunk)
		}
		rest = next
	}
}

// read reads the chunk of a frame.
func (f *frame) read(chunk []byte) error {
	const header = 16
	if len(chunk) < header {
		return premix.Faultf(premix.Corrupt, "webp: a frame of %d bytes", len(chunk))
	}
	f.at = image.Pt(2*uint24(chunk), 2*uint24(chunk[3:]))
	f.w, f.h = 1+uint24(chunk[6:]), 1+uint24(chunk[9:])
	if f.at.X+f.w > f.screen.X || f.at.Y+f.h > f.screen.Y {
		return premix.Faultf(premix.Corrupt, "webp: a frame of %d×%d at %v on a screen of %d×%d", f.w, f.h, f.at, f.screen.X, f.screen.Y)
	}
	if !f.find(chunk[header:]) {
		return premix.Faultf(premix.Corrupt, "webp: a frame without a picture")
	}
	return nil
}

// find finds the chunks of the first picture, and reports whether there is one.
func (f *frame) find(data []byte) bool {
	from := 0
	for rest := data; ; {
		name, _, next, ok := webpChunk(rest)
		end := len(data) - len(next)
		switch {
		case !ok:
			return false
		case name == "ALPH":
			f.alpha, from = true, len(data)-len(rest)
		case name == "VP8L", name == "VP8 " && !f.alpha:
			f.alpha, from = false, len(data)-len(rest)
		}
		if name == "VP8 " || name == "VP8L" {
			f.chunks, f.lossy = data[from:end], name == "VP8 " && !f.alpha
			f.copied = len(f.chunks) + 64
			return true
		}
		rest = next
	}
}

// isLossy reports whether the first picture of a still is lossy, and has no alpha before it.
func isLossy(data []byte) bool {
	for rest := data[12:]; len(rest) >= 8; {
		switch string(rest[:4]) {
		case "VP8 ":
			return true
		case "VP8L", "ALPH":
			return false
		}
		_, _, next, ok := webpChunk(rest)
		if !ok {
			return false
		}
		rest = next
	}
	return false
}

// still returns the frame as a file of one picture.
func (f *frame) still() []byte {
	if f.chunks == nil {
		return f.file
	}
	b := make([]byte, 0, f.copied)
	b = append(b, "RIFF\x00\x00\x00\x00WEBP"...)
	if f.alpha {
		b = append(b, "VP8X\x0a\x00\x00\x00\x10\x00\x00\x00"...)
		b = append(b, byte(f.w-1), byte((f.w-1)>>8), byte((f.w-1)>>16), byte(f.h-1), byte((f.h-1)>>8), byte((f.h-1)>>16))
	}
	b = append(b, f.chunks...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

// webpChunk cuts a chunk from data, with the byte that makes its length even.
func webpChunk(data []byte) (name string, chunk, rest []byte, ok bool) {
	if len(data) < 8 {
		return "", nil, nil, false
	}
	n := int64(binary.LittleEndian.Uint32(data[4:]))
	if n > int64(len(data)-8) {
		return "", nil, nil, false
	}
	end := 8 + n
	return string(data[:4]), data[8:end], data[min(end+n&1, int64(len(data))):], true
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
