package plan

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/premix/premix"
)

// The first words of a stream are part of every output: these values never change. The counter
// layout is the one that the documentation of Stream states, spelled out once more here.
func TestStreamLayout(t *testing.T) {
	const seed, replica, ordinal = 0x0123456789abcdef, 7, 0x1122334455667788
	s := newStream(seed, replica, ordinal, PurposeLambda)
	for k := range uint32(3) {
		w := philox([4]uint32{0x55667788, 0x11223344, replica, 4<<24 | k}, [2]uint32{0x89abcdef, 0x01234567})
		for i := range 2 {
			want := uint64(w[2*i]) | uint64(w[2*i+1])<<32
			if got := s.Uint64(); got != want {
				t.Errorf("word %d of block %d: %x, want %x", i, k, got, want)
			}
		}
	}
}

// From an independent program that follows the documentation.
func TestStreamGolden(t *testing.T) {
	s := newStream(0, 0, 0, PurposeLambda)
	d := DigestStream(1, 2, premix.Digest{1, 2, 3, 15: 16}, PurposeCrop)
	got := []uint64{s.Uint64(), s.Uint64(), s.Uint64(), d.Uint64(), d.Uint64()}
	want := []uint64{
		8717889882814467484, 8973175483281241527, 14017980897932636942,
		18430866688579150725, 2398770277333185357,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Any single change of seed, replica, ordinal or purpose gives an unrelated stream.
func TestStreamsDiffer(t *testing.T) {
	seen := map[uint64]bool{}
	for _, seed := range []uint64{0, 1, 1 << 32, 1 << 63} {
		for _, replica := range []int{0, 1, 1 << 31} {
			for _, ordinal := range []uint64{0, 1, 1 << 32, 1 << 62} {
				for p := PurposePermutation; p <= PurposeCrop; p++ {
					s := newStream(seed, replica, ordinal, p)
					for range 3 {
						seen[s.Uint64()] = true
					}
				}
			}
		}
	}
	if want := 4 * 3 * 4 * 7 * 3; len(seen) != want {
		t.Errorf("%d different words of %d", len(seen), want)
	}
}

func TestDigestStreamDependsOnEverything(t *testing.T) {
	first := func(seed uint64, replica int, d premix.Digest, p Purpose) uint64 {
		s := DigestStream(seed, replica, d, p)
		return s.Uint64()
	}
	seen := map[uint64]bool{first(0, 0, premix.Digest{}, PurposeCrop): true}
	for bit := range 128 {
		var d premix.Digest
		d[bit/8] = 1 << (bit % 8)
		seen[first(0, 0, d, PurposeCrop)] = true
	}
	seen[first(1, 0, premix.Digest{}, PurposeCrop)] = true
	seen[first(0, 1, premix.Digest{}, PurposeCrop)] = true
	seen[first(0, 0, premix.Digest{}, PurposeCentre)] = true
	if len(seen) != 132 {
		t.Errorf("%d different streams of 132", len(seen))
	}
}

func TestFloat64IsUniform(t *testing.T) {
	var across, along []float64
	s := newStream(11, 0, 0, PurposeMix)
	for i := range 100000 {
		along = append(along, s.Float64())
		a := newStream(11, 3, uint64(i), PurposeLambda)
		across = append(across, a.Float64())
	}
	follows(t, "along a stream", along, unit)
	follows(t, "across ordinals", across, unit)
	for _, v := range along {
		if v < 0 || v >= 1 || v*(1<<53) != math.Trunc(v*(1<<53)) {
			t.Fatalf("%v is not one of the 2^53 multiples of 2^-53 in [0,1)", v)
		}
	}
}

func TestIntnIsUniform(t *testing.T) {
	for _, n := range []int{1, 2, 3, 10, 224, 1000} {
		counts := make([]int, n)
		s := newStream(5, 0, uint64(n), PurposeCentre)
		for range 200 * n {
			counts[s.Intn(n)]++
		}
		uniformCounts(t, "Intn", append(counts, 200)) // one more, so that n = 1 has a comparison
	}
}

// Of three quarters of the range, a biased method returns some numbers twice as often.
func TestIntnHasNoBias(t *testing.T) {
	const n = 3 << 61
	counts := make([]int, 3)
	s := newStream(5, 1, 0, PurposeCentre)
	for range 90000 {
		counts[s.Intn(n)>>61]++
	}
	uniformCounts(t, "thirds", counts)
}

func BenchmarkStream(b *testing.B) {
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		s := newStream(1, 2, i, PurposeLambda)
		if s.Float64() >= 1 {
			b.Fatal("impossible")
		}
	}
}
