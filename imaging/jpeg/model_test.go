package jpeg

import (
	"bytes"
	"fmt"
	"testing"
)

var jfif = segment(mAPP0, append([]byte("JFIF\x00"), make([]byte, 9)...)...)

func adobe(transform byte) []byte {
	return segment(mAPP14, append([]byte("Adobe"), 0, 100, 0, 0, 0, 0, transform)...)
}

func TestModels(t *testing.T) {
	frame := func(ids ...byte) []byte {
		var comps, scan []byte
		for _, id := range ids {
			comps, scan = append(comps, id, 0x11, 0), append(scan, id, 0)
		}
		s := append([]byte{byte(len(ids))}, scan...)
		return join(sof(0xc0, 8, 8, 8, comps...), segment(mSOS, append(s, 0, 63, 0)...))
	}
	tests := []struct {
		data []byte
		want ColorModel
	}{
		{frame(1), Gray},
		{join(adobe(0), frame(1)), Gray},
		{frame(1, 2, 3), YCbCr},
		{frame(0, 1, 2), YCbCr},
		{frame('R', 'G', 'B'), RGB},
		{join(jfif, frame('R', 'G', 'B')), YCbCr},
		{join(adobe(0), frame(1, 2, 3)), RGB},
		{join(adobe(1), frame('R', 'G', 'B')), YCbCr},
		{join(adobe(7), frame(1, 2, 3)), YCbCr},
		{join(jfif, adobe(0), frame(1, 2, 3)), YCbCr},
		{frame(1, 2, 3, 4), CMYK},
		{join(jfif, adobe(0), frame(1, 2, 3, 4)), CMYK},
		{join(adobe(2), frame(1, 2, 3, 4)), YCCK},
		{join(adobe(1), frame(1, 2, 3, 4)), YCCK},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			h, err := DecodeHeader(join(soi, tt.data))
			if err != nil || h.Model != tt.want {
				t.Errorf("%v, %v; want %v", h.Model, err, tt.want)
			}
		})
	}
}

// without removes the segments of a marker that stand before the first scan.
func without(t *testing.T, data []byte, marker byte) []byte {
	t.Helper()
	for i, end := 2, headerLen(t, data); i < end; {
		n := 2 + int(data[i+2])<<8 + int(data[i+3])
		if data[i+1] == marker {
			data, end = join(data[:i], data[i+n:]), end-n
			continue
		}
		i += n
	}
	return data
}

// scanEnd is the place of the marker that ends the coded data from i on.
func scanEnd(data []byte, i int) int {
	for ; i+1 < len(data); i++ {
		if m := data[i+1]; data[i] == 0xff && m != 0 && (m < mRST0 || m > mRST7) {
			return i
		}
	}
	return len(data)
}

// What stands behind the first scan says nothing about colour, as in libjpeg, which decides when it
// comes to that scan.
func TestModelLatched(t *testing.T) {
	files := smallFiles(t)
	plain := func(name string) []byte { return without(t, without(t, files[name], mAPP0), mAPP14) }
	tests := []struct {
		name         string
		before, late []byte
		model        ColorModel
	}{
		{"scans-420-53x39", nil, adobe(0), YCbCr},
		{"420-progressive-37x29", nil, adobe(0), YCbCr},
		{"420-progressive-37x29", adobe(0), jfif, RGB},
		{"420-progressive-37x29", adobe(0), adobe(1), RGB},
		{"420-progressive-37x29", jfif, adobe(0), YCbCr},
		{"cmyk-progressive-26x18", nil, adobe(2), CMYK},
		{"cmyk-progressive-26x18", adobe(2), adobe(0), YCCK},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			data := join(soi, tt.before, plain(tt.name)[2:])
			var d Decoder
			want, err := checkDecode(t, &d, data, Options{})
			if err != nil {
				t.Fatal(err)
			}
			at := scanEnd(data, headerLen(t, data))
			late := join(data[:at], tt.late, data[at:])
			got, err := checkDecode(t, &d, late, Options{})
			if h, herr := DecodeHeader(late); err != nil || !bytes.Equal(got, want) || h.Model != tt.model {
				t.Errorf("%v, %v, %v, want %v; same pixels: %t", err, herr, h.Model, tt.model, bytes.Equal(got, want))
			}
		})
	}
}
