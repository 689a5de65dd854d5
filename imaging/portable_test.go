package imaging

import (
	"hash/crc32"
	"math"
	"testing"
)

// The portable functions agree with package math to one unit in the last place, and their bits
// are the same wherever the test runs.
func TestPortable(t *testing.T) {
	tests := []struct {
		name     string
		f, math  func(float64) float64
		from, to float64
		crc      uint32
	}{
		{"sin", portableSin, math.Sin, -3 * math.Pi, 3 * math.Pi, 0x526b629a},
		{"exp", portableExp, math.Exp, -20, 20, 0xd6619589},
		{"log", portableLog, math.Log, 1e-6, 300, 0x4dbe83ef},
	}
	for _, tt := range tests {
		const n = 100000
		crc := crc32.NewIEEE()
		for i := range n + 1 {
			x := tt.from + float64((tt.to-tt.from)*float64(i))/n
			got, want := tt.f(x), tt.math(x)
			if ulps := math.Abs(float64(int64(math.Float64bits(got)) - int64(math.Float64bits(want)))); ulps > 2 && math.Abs(got-want) > 1e-25 {
				t.Fatalf("%s(%v) = %v, package math says %v", tt.name, x, got, want)
			}
			b := math.Float64bits(got)
			crc.Write([]byte{byte(b), byte(b >> 8), byte(b >> 16), byte(b >> 24), byte(b >> 32), byte(b >> 40), byte(b >> 48), byte(b >> 56)})
		}
		if crc.Sum32() != tt.crc {
			t.Errorf("%s: CRC %08x of %d values, want %08x", tt.name, crc.Sum32(), n+1, tt.crc)
		}
	}
	if portableSin(0) != 0 || portableSin(math.Pi/2) != 1 || math.Abs(portableSin(math.Pi)-1.2246467991473532e-16) > 1e-25 {
		t.Error("sin(0), sin(π/2) or sin(π) is wrong")
	}
	if portableExp(0) != 1 || portableLog(1) != 0 || portableLog(math.E) != 1 {
		t.Error("exp(0), log(1) or log(e) is wrong")
	}
}
