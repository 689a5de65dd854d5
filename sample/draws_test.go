package sample

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/source"
)

// TestCropsFollowTheirLaws draws the crops of images as the peaks stage does, and holds them
// against torchvision's laws: the share of the area uniform, the ratio log-uniform, the place
// uniform, the flip a coin, each independent of the others and of those of another replica. The
// image is large, so that rounding hides nothing, and every first try fits. Seeds are fixed;
// thresholds are where a right generator fails once in ten thousand.
func TestCropsFollowTheirLaws(t *testing.T) {
	const n, side = 6000, 100_000
	params := &Params{Geometry: crop.Geometry{
		Mode: crop.RRC, Size: premix.Size{H: 8, W: 8}, Scale: [2]float64{0.08, 0.5}, Ratio: crop.DefaultRatio, HFlip: 0.5, Filter: imaging.Bilinear,
	}, CropSeed: 12}
	var area, ratio, x, y []float64
	flips, joint := make([]int, 2), make([]int, 64)
	for i := range n {
		digest := source.DigestOf(binary.LittleEndian.AppendUint64(nil, uint64(i)))
		a, b := drawCrop(params, digest, 0, side), drawCrop(params, digest, 1, side)
		area = append(area, (a.Crop.W*a.Crop.H/side/side-0.08)/0.42)
		ratio = append(ratio, (math.Log(a.Crop.W/a.Crop.H)-math.Log(0.75))/(math.Log(4.0/3)-math.Log(0.75)))
		x = append(x, a.Crop.X/(side-a.Crop.W+1))
		y = append(y, a.Crop.Y/(side-a.Crop.H+1))
		coin := map[bool]int{true: 1}
		flips[coin[a.Flip]]++
		half := func(v float64) int { return min(max(int(2*v), 0), 1) }
		joint[half(area[i])|half(ratio[i])<<1|half(x[i])<<2|coin[a.Flip]<<3|coin[b.Flip]<<4|half(b.Crop.X/(side-b.Crop.W+1))<<5]++
	}
	uniform(t, "share of the area", area)
	uniform(t, "logarithm of the ratio", ratio)
	uniform(t, "column", x)
	uniform(t, "row", y)
	equally(t, "flips", flips)
	equally(t, "area, ratio, column, flip, and column and flip of another replica", joint)

	// Another seed, replica or image is another crop.
	digest := source.DigestOf([]byte("an image"))
	first, other := drawCrop(params, digest, 0, side), *params
	other.CropSeed++
	for what, p := range map[string]crop.Plan{
		"replica": drawCrop(params, digest, 1, side), "seed": drawCrop(&other, digest, 0, side), "image": drawCrop(params, source.DigestOf([]byte("another")), 0, side),
	} {
		if p.Crop == first.Crop {
			t.Errorf("another %s has the same crop %v", what, p.Crop)
		}
	}
	if again := drawCrop(params, digest, 0, side); again != first {
		t.Errorf("%v, then %v", first, again)
	}
}

// TestPaddedCropsFollowTheirLaws: each place in the padded image is as likely as any other, for rows and
// columns, the flip is a coin, and another replica has others.
func TestPaddedCropsFollowTheirLaws(t *testing.T) {
	const n, side = 6000, 32
	params := &Params{Geometry: crop.Geometry{
		Mode: crop.Pad, Padding: 4, Size: premix.Size{H: side, W: side}, Resize: side, HFlip: 0.5, Filter: imaging.Bilinear,
	}, CropSeed: 5}
	places, joint := make([]int, 81), make([]int, 8)
	for i := range n {
		digest := source.DigestOf(binary.LittleEndian.AppendUint64(nil, uint64(i)))
		a, b := drawCrop(params, digest, 0, side), drawCrop(params, digest, 1, side)
		places[(a.Win.Y0+4)*9+a.Win.X0+4]++
		coin := map[bool]int{true: 1}
		joint[coin[a.Flip]|coin[b.Flip]<<1|coin[a.Win == b.Win]<<2]++
	}
	equally(t, "places", places)
	equally(t, "flips of two replicas", []int{joint[0] + joint[4], joint[1] + joint[5], joint[2] + joint[6], joint[3] + joint[7]})
	if same := joint[4] + joint[5] + joint[6] + joint[7]; same == 0 || same > n/40 {
		t.Errorf("%d of %d crops are at one place in two replicas, want about 1 in 81", same, n)
	}
}

// drawCrop is the crop of a square image.
func drawCrop(p *Params, d premix.Digest, replica, side int) crop.Plan {
	return p.plan(&premix.Sample{Digest: d, Replica: replica, Width: side, Height: side})
}

// uniform fails if values differ from uniform ones in [0,1) by more than chance (Kolmogorov–Smirnov).
func uniform(t *testing.T, what string, values []float64) {
	t.Helper()
	v := slices.Sorted(slices.Values(values))
	n, d := float64(len(v)), 0.0
	for i, f := range v {
		d = max(d, math.Abs(f-float64(i)/n), math.Abs(float64(i+1)/n-f))
	}
	if d*math.Sqrt(n) > 2.225 {
		t.Errorf("%s: Kolmogorov–Smirnov %.3f, at most 2.225", what, d*math.Sqrt(n))
	}
}

// equally fails if counts differ from equal ones by more than chance (Pearson's χ²).
func equally(t *testing.T, what string, counts []int) {
	t.Helper()
	total, x := 0, 0.0
	for _, c := range counts {
		total += c
	}
	want := float64(total) / float64(len(counts))
	for _, c := range counts {
		x += (float64(c) - want) * (float64(c) - want) / want
	}
	if limit := (distuv.ChiSquared{K: float64(len(counts) - 1)}).Quantile(0.9999); x > limit {
		t.Errorf("%s: χ² = %.1f, at most %.1f: %v", what, x, limit, counts)
	}
}
