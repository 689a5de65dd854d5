package testimage

import (
	"hash/crc32"
	"testing"
)

// The CRC-32 (IEEE) of each image, as an independent NumPy implementation gives it.
func TestGenerate(t *testing.T) {
	tests := []struct {
		kind     string
		h, w, ch int
		crc      uint32
	}{
		{"hash", 224, 224, 3, 0x999bb674},
		{"hash", 256, 256, 3, 0xb0dbd924},
		{"hash", 33, 41, 3, 0xb2a7e0f3},
		{"hash", 5, 7, 3, 0xb08a9c5d},
		{"hash", 64, 64, 1, 0x8c5c076d},
		{"hash", 17, 250, 1, 0xa1a24c3a},
		{"hash", 1, 9, 3, 0x296fb609},
		{"hash", 9, 1, 1, 0x22470a85},
		{"hash", 1, 1, 3, 0xe6b98b58},
		{"hash", 2, 2, 3, 0x34da7457},
		{"rings", 224, 224, 3, 0x0bcb7363},
		{"rings", 256, 256, 3, 0x875b74ea},
		{"rings", 33, 41, 3, 0x9dfcb5ce},
		{"rings", 5, 7, 3, 0x4cbb950c},
		{"rings", 64, 64, 1, 0xbf2eaae6},
		{"rings", 17, 250, 1, 0x877490a7},
		{"rings", 1, 9, 3, 0x68f06728},
		{"rings", 9, 1, 1, 0xf4482ac4},
		{"rings", 1, 1, 3, 0xff41d912},
		{"rings", 2, 2, 3, 0x7bd5c66f},
		{"ramp", 224, 224, 3, 0x9278ee78},
		{"ramp", 256, 256, 3, 0x1b29127e},
		{"ramp", 33, 41, 3, 0x50d44829},
		{"ramp", 5, 7, 3, 0x94532d38},
		{"ramp", 64, 64, 1, 0x03a1ec9e},
		{"ramp", 17, 250, 1, 0xce47c8d2},
		{"ramp", 1, 9, 3, 0x8374685c},
		{"ramp", 9, 1, 1, 0xe60914ae},
		{"ramp", 1, 1, 3, 0xff41d912},
		{"ramp", 2, 2, 3, 0x8659a0e0},
		{"disc", 224, 224, 3, 0x824a42f8},
		{"disc", 256, 256, 3, 0xc6b5c33c},
		{"disc", 33, 41, 3, 0xb6345570},
		{"disc", 5, 7, 3, 0xec787030},
		{"disc", 64, 64, 1, 0xb6367019},
		{"disc", 17, 250, 1, 0xdd02b1a2},
		{"disc", 1, 9, 3, 0x19a8d2b6},
		{"disc", 9, 1, 1, 0x134aec03},
		{"disc", 1, 1, 3, 0xffffff00},
		{"disc", 2, 2, 3, 0x8ecb2bb2},
	}
	for _, tt := range tests {
		pix := Generate(tt.kind, tt.w, tt.h, tt.ch)
		if got := crc32.ChecksumIEEE(pix); got != tt.crc || len(pix) != tt.w*tt.h*tt.ch {
			t.Errorf("%s %d×%d×%d: %d bytes of CRC %08x, want %08x", tt.kind, tt.h, tt.w, tt.ch, len(pix), got, tt.crc)
		}
	}
}

func TestGenerateUnknown(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Generate("stripes", 1, 1, 1)
}
