package inspect

import (
	"bytes"
	"image"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/golden"
	"github.com/premix/premix/internal/testimage"
)

// TestPanel pins how a picture is scaled and marked, and the font.
func TestPanel(t *testing.T) {
	img := imaging.Image{W: 20, H: 15, Pix: testimage.Generate("rings", 20, 15, 3)}
	p := panel{title: "λ 0.5 × of it", img: rgb(&img), boxes: boxMark(premix.Box{X0: 3, Y0: 2, X1: 14, Y1: 9}, green), peak: premix.Peak{X: 17, Y: 12}}
	c := newCanvas(64, 64)
	p.draw(c, 2, 2, 60)
	var b bytes.Buffer
	if err := WritePNG(&b, c); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "panel.png", b.Bytes())
}

func TestFit(t *testing.T) {
	for _, test := range []struct{ w, h, maxW, maxH, wantW, wantH int }{
		{224, 224, 256, 256, 224, 224}, {100, 50, 256, 256, 200, 100}, {500, 375, 256, 256, 256, 192},
		{375, 500, 256, 256, 192, 256}, {10000, 1, 256, 256, 256, 1}, {1, 10000, 256, 256, 1, 256}, {0, 5, 9, 9, 0, 0},
	} {
		if w, h := fit(test.w, test.h, test.maxW, test.maxH); w != test.wantW || h != test.wantH {
			t.Errorf("%d×%d is %d×%d, want %d×%d", test.w, test.h, w, h, test.wantW, test.wantH)
		}
	}
}

// TestMarksOutside: marks may reach over the edge of the canvas, as those of a hostile plan do.
func TestMarksOutside(t *testing.T) {
	c := newCanvas(20, 20)
	c.frame(image.Rect(-100, -5, 300, 9), green)
	c.frame(image.Rect(5, 5, 5, 5), green)
	c.cross(-3, 25, red)
	c.text(0, 0, 3, ink, "too long")
}

func TestCropSize(t *testing.T) {
	for settings, want := range map[string]premix.Size{
		`{"size":224}`: {H: 224, W: 224}, `{"size":"24x32"}`: {H: 24, W: 32}, `{"size":"x"}`: {}, `{}`: {}, `{"size":-1}`: {}, `[`: {}, `{"size":"3x0"}`: {},
	} {
		r := Report{Caches: []Cache{{Settings: []byte(settings)}}}
		if got := r.cropSize(); got != want {
			t.Errorf("%s: %v, want %v", settings, got, want)
		}
	}
}
