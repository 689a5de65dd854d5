package imaging

import (
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/premix/premix"
)

// All that a decoder allocates, and so what it ever holds, is within what DecodeConfig announces:
// for whole files, and for files with bytes changed, many of them in their headers.
func TestDecodeMemory(t *testing.T) {
	const seed = 7
	rng := rand.New(rand.NewPCG(seed, seed))
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	files := map[string][]byte{
		"large.jpg": encoded(t, "jpeg:90", generated("rings", 700, 500)),
		"large.png": encoded(t, "png", generated("rings", 700, 500)),
	}
	for _, p := range pillowPixels(t) {
		files[p.name] = read(t, p.name)
	}
	for format, data := range large(t) {
		files["large."+string(format)] = data
	}
	kept := 0
	drawn, _ := made(t)
	for _, name := range slices.Sorted(maps.Keys(drawn)) {
		if kept++; kept%8 == 0 {
			files[name] = drawn[name]
		}
	}
	params := DecodeParams{Limits: Limits{MaxPixels: 1 << 22}, ApplyEXIF: true, AcceptTruncated: true}
	var slowest time.Duration
	for name, whole := range files {
		for round := range rounds {
			data := whole
			if round > 0 {
				at := rng.IntN(len(data))
				if round%2 == 0 {
					at = rng.IntN(min(len(data), 64))
				}
				data = flip(data, at)
				data[at] = byte(rng.Uint32())
			}
			c, err := DecodeConfig(data, params)
			if err != nil {
				continue
			}
			var d Decoder
			var m Image
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			_, err = d.Decode(t.Context(), &m, data, params)
			slowest = max(slowest, time.Since(start))
			runtime.ReadMemStats(&after)
			if err != nil && premix.AsFault(err) == nil {
				t.Fatalf("seed %d, %s, round %d: %v is no fault", seed, name, round, err)
			}
			rounding := c.Memory/32 + 10<<10 // of the allocator, to its size classes
			if got := int64(after.TotalAlloc - before.TotalAlloc); got > c.Memory+rounding {
				t.Errorf("seed %d, %s, round %d: %d×%d: %d bytes allocated, %d announced", seed, name, round, c.W, c.H, got, c.Memory)
			}
		}
	}
	t.Log("slowest image:", slowest)
}
