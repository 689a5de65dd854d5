package saliency

import (
	"hash/crc32"
	"testing"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/testimage"
)

// TestMapsArePortable holds the detectors that use floating point to the same bits on every
// architecture and with every build tag. The values are ours; they may change only together with
// the version of the detectors in the recipe's fingerprint.
func TestMapsArePortable(t *testing.T) {
	tests := []struct {
		kind                     string
		w, h                     int
		spectral, frequencytuned uint32 // CRC-32 of the maps
	}{
		{"hash", 224, 224, 0x4a1b93b2, 0xc51339a6},
		{"rings", 224, 224, 0x31090650, 0x40add8e2},
		{"ramp", 224, 224, 0x7754b77f, 0xfc09c550},
		{"disc", 224, 224, 0x05008eca, 0x993682de},
		{"hash", 41, 33, 0x166fd3c7, 0x708e8c6f},
		{"rings", 64, 64, 0x9a4a99c4, 0x9b081408},
		{"disc", 64, 64, 0x3d4c862d, 0x71d89852},
		{"rings", 500, 375, 0x8ea52d82, 0x123bfc27},
		{"disc", 250, 17, 0x4d25f66d, 0xa7a6dd4f},
		{"hash", 9, 1, 0xcfce03a1, 0x21d964d9},
	}
	for _, tt := range tests {
		img := &imaging.Image{W: tt.w, H: tt.h, Pix: testimage.Generate(tt.kind, tt.w, tt.h, 3)}
		for _, d := range []struct {
			name string
			want uint32
		}{{"spectral", tt.spectral}, {"frequencytuned", tt.frequencytuned}} {
			det, err := New(d.name, Params{})
			if err != nil {
				t.Fatal(err)
			}
			var m Map
			det.Map(&m, img)
			if got := crc32.ChecksumIEEE(m.Pix); got != d.want {
				t.Errorf("%s of %s %d×%d: map of CRC %08x, want %08x", d.name, tt.kind, tt.w, tt.h, got, d.want)
			}
		}
	}
}
