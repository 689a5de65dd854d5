package exact

import (
	"hash/crc32"
	"math"
	"math/rand/v2"
	"testing"
)

// The functions agree with package math to two units in the last place, and their bits
// are the same wherever the test runs.
func TestBitsOfSweeps(t *testing.T) {
	tests := []struct {
		name     string
		f, math  func(float64) float64
		from, to float64
		crc      uint32
	}{
		{"sin", Sin, math.Sin, -3 * math.Pi, 3 * math.Pi, 0x526b629a},
		{"exp", Exp, math.Exp, -20, 20, 0xd6619589},
		{"log", Log, math.Log, 1e-6, 300, 0x4dbe83ef},
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
	if Sin(0) != 0 || Sin(math.Pi/2) != 1 || math.Abs(Sin(math.Pi)-1.2246467991473532e-16) > 1e-25 {
		t.Error("sin(0), sin(π/2) or sin(π) is wrong")
	}
	if Exp(0) != 1 || Log(1) != 0 || Log(math.E) != 1 {
		t.Error("exp(0), log(1) or log(e) is wrong")
	}
}

// Both functions are within two units in the last place of the standard library's, which differs
// by one from one architecture to the next.
func TestAgainstMath(t *testing.T) {
	u := rand.New(rand.NewPCG(1, 2))
	for range 200000 {
		x := math.Exp2(u.Float64()*2000 - 1000)
		if got, want := Log(x), math.Log(x); math.Abs(got-want) > 4.5e-16*math.Max(math.Abs(want), 1) {
			t.Fatalf("log %v = %v, want %v", x, got, want)
		}
		y := u.Float64()*1400 - 700
		if got, want := Exp(y), math.Exp(y); math.Abs(got-want) > 4.5e-16*want {
			t.Fatalf("exp %v = %v, want %v", y, got, want)
		}
	}
	for _, x := range []float64{1, 0x1p-53, 0.5, math.SmallestNonzeroFloat64 * (1 << 52), math.MaxFloat64, 1 - 0x1p-53} {
		if got, want := Log(x), math.Log(x); math.Abs(got-want) > 4.5e-16*math.Max(math.Abs(want), 1) {
			t.Errorf("log %v = %v, want %v", x, got, want)
		}
	}
	if Log(1) != 0 || Exp(0) != 1 || Exp(-701) != 0 || Exp(math.Inf(-1)) != 0 {
		t.Error("log 1, exp 0 or a vanishing exp is off")
	}
}

// The bits of some results, from an independent program: equal on every architecture.
func TestBitsOfResults(t *testing.T) {
	for _, tt := range []struct{ x, log, exp float64 }{
		{0.1, -0x1.26bb1bbb55515p+1, 0x1.1aec7b35a00d4p+0},
		{0.7853981633974483, -0x1.eeb95b094c193p-3, 0x1.18bd669471caap+1},
		{3, 0x1.193ea7aad030ap+0, 0x1.415e5bf6fb106p+4},
	} {
		if log, exp := Log(tt.x), Exp(tt.x); log != tt.log || exp != tt.exp {
			t.Errorf("%v: log %x, want %x; exp %x, want %x", tt.x, log, tt.log, exp, tt.exp)
		}
	}
}

// ulps is how many float64 lie between a and b.
func ulps(a, b float64) int64 {
	return max(int64(math.Float64bits(a))-int64(math.Float64bits(b)), int64(math.Float64bits(b))-int64(math.Float64bits(a)))
}

func TestKernelFormsAgainstMath(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100000 {
		x := 1 + math.Exp(r.Float64()*40-20)
		if d := ulps(KernelLog(x), math.Log(x)); d > 1 {
			t.Fatalf("log %v = %v, %d ulps from %v", x, KernelLog(x), d, math.Log(x))
		}
		x = r.Float64()*60 - 30
		if d := ulps(KernelExp(x), math.Exp(x)); d > 2 {
			t.Fatalf("exp %v = %v, %d ulps from %v", x, KernelExp(x), d, math.Exp(x))
		}
	}
	if KernelLog(1) != 0 || KernelExp(0) != 1 {
		t.Errorf("log 1 = %v, exp 0 = %v", KernelLog(1), KernelExp(0))
	}
}
