package jpeg

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/premix/premix"
)

// Small bombs meet the same limits as large ones, if the limits are as small.
func TestBombLimits(t *testing.T) {
	const side, steps = 200, 600_000 // 625 blocks a component
	limits := map[string]string{
		"runs": "steps", "refined-zeros": "steps", "passes-forgiven": "steps", "direct-refined": "steps", "smoothed": "steps",
		"smoothed-passes": "steps", "arith-large": "steps", "arith-ones": "steps", "arith-passes": "steps", "arith-refined": "steps",
		"arith-empty-passes": "steps", "scans-of-a-dot": "more than 64 times",
		"tables": "no image data", "junk": "no image data",
		"refined": "", "dense": "", "restarts": "", "arith-restarts": "", "junk-behind": "", "arith-empty": "", "arith-zeros": "",
	}
	for _, b := range append(huffmanBombs(), arithmeticBombs()...) {
		t.Run(b.name, func(t *testing.T) {
			want, known := limits[b.name]
			if !known {
				t.Fatal("what limits it?")
			}
			_, err := checkDecode(t, &Decoder{stepLimit: steps}, b.make(side), Options{AcceptTruncated: true})
			f := premix.AsFault(err)
			if want == "" && err != nil || want != "" && (f == nil || !strings.Contains(f.Reason, want)) {
				t.Errorf("%v; want a fault about %q", err, want)
			}
		})
	}
}

// A small file may ask for any number of passes over a large image. 64 are done.
func TestPasses(t *testing.T) {
	file := func(scans int) []byte {
		b := newBomb(0xc2, 80, 1)
		b.add(dcTable, eobTable())
		for range scans {
			b.sos(1, 0, 0, 0, 0)
			b.flat()
		}
		return append(b.out, eoi...)
	}
	if _, err := checkDecode(t, new(Decoder), file(64), Options{}); err != nil {
		t.Errorf("64 passes: %v", err)
	}
	_, err := checkDecode(t, new(Decoder), file(65), Options{})
	if f := premix.AsFault(err); f == nil || f.Kind != premix.TooLarge || !strings.Contains(f.Reason, "64 times") {
		t.Errorf("65 passes: %v; want a fault of kind %s", err, premix.TooLarge)
	}
}

// Images that are parts of one have the steps of one.
func TestSpent(t *testing.T) {
	b := newBomb(0xc0, 80, 1)
	b.add(dcTable, dht(0x10, []byte{1}, 0))
	b.sos(0, 0, 63, 0, 0)
	b.add(make([]byte, 2*b.blocks()/8), eoi)
	var spent int64
	d := &Decoder{stepLimit: 2 * stepsBlock * int64(b.blocks())}
	for i := range 2 {
		if _, _, err := d.Decode(nil, b.out, Options{Spent: &spent}); err != nil || spent != d.stepLimit/2*int64(i+1) {
			t.Fatalf("image %d: %d steps, %v", i, spent, err)
		}
	}
	_, _, err := d.Decode(nil, b.out, Options{Spent: &spent})
	if f := premix.AsFault(err); f == nil || f.Kind != premix.TooLarge || !strings.Contains(f.Reason, "steps") {
		t.Errorf("%v; want a fault about steps", err)
	}
	if _, _, err := d.Decode(nil, b.out, Options{}); err != nil {
		t.Errorf("an image of its own: %v", err)
	}
}

// A watched context counts the looks at it, and ends at one of them.
type watched struct {
	context.Context
	looks, end int
}

func (w *watched) Err() error {
	if w.looks++; w.end > 0 && w.looks >= w.end {
		return context.Canceled
	}
	return nil
}

// The context is looked at every 65,536 blocks.
func TestContext(t *testing.T) {
	const side = 2048 // 65,536 blocks a component
	tests := []struct {
		name  string
		file  func() []byte
		looks int
	}{
		{"one scan", func() []byte {
			b := newBomb(0xc0, side, 1)
			b.add(dcTable, dht(0x10, []byte{1}, 0))
			b.sos(0, 0, 63, 0, 0)
			b.add(make([]byte, 2*b.blocks()/8), eoi)
			return b.out
		}, 1},
		{"one scan of three components", func() []byte {
			b := newBomb(0xc0, side, 3)
			b.add(dcTable, dht(0x10, []byte{1}, 0))
			b.sos(0, 0, 63, 0, 0)
			b.add(make([]byte, 3*2*b.blocks()/8), eoi)
			return b.out
		}, 3},
		{"arithmetic", func() []byte {
			b := newBomb(0xc9, side, 1)
			b.sos(0, 0, 63, 0, 0)
			return append(b.out, eoi...)
		}, 1},
		{"progressive", func() []byte { // 4 + 2 passes, and the output
			b := newBomb(0xc2, side, 3)
			b.add(dcTable, eobTable())
			for range 4 {
				b.sos(0, 0, 0, 0, 0)
				b.flat()
			}
			for c := range 3 {
				b.sos(c+1, 1, 63, 0, 1)
				b.skip()
				b.sos(c+1, 1, 63, 1, 0)
				b.skip()
			}
			return append(b.out, eoi...)
		}, 3 * (4 + 2 + 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := tt.file()
			ctx := &watched{Context: context.Background()}
			var d Decoder
			if _, _, err := d.DecodeContext(ctx, nil, data, Options{}); err != nil || ctx.looks != tt.looks {
				t.Errorf("%d looks, %v; want %d", ctx.looks, err, tt.looks)
			}
			for _, end := range []int{1, tt.looks} {
				ctx = &watched{Context: context.Background(), end: end}
				pix, _, err := d.DecodeContext(ctx, nil, data, Options{})
				// The cause is asked for once more.
				if pix != nil || !errors.Is(err, context.Canceled) || premix.AsFault(err) != nil || ctx.looks != end+1 {
					t.Errorf("ended at look %d of %d: %v", end, ctx.looks, err)
				}
			}
		})
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	if _, _, err := new(Decoder).DecodeContext(ctx, nil, tests[0].file(), Options{}); err != cause {
		t.Errorf("%v; want the cause", err)
	}
}
