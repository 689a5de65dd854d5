package inspect

import (
	"bytes"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/golden"
	"github.com/premix/premix/internal/sharedtest"
	"github.com/premix/premix/internal/testimage"
	"github.com/premix/premix/io/shard"
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

func TestReadParams(t *testing.T) {
	for settings, want := range map[string]premix.Size{
		`{"size":224}`: {H: 224, W: 224}, `{"size":"24x32"}`: {H: 24, W: 32}, `{"size":"x"}`: {}, `{}`: {}, `{"size":-1}`: {}, `[`: {}, `{"size":"3x0"}`: {},
	} {
		if got := readParams([]byte(settings)).size; got != want {
			t.Errorf("%s: %v, want %v", settings, got, want)
		}
	}
	if p := readParams([]byte(`{"exif":"apply","truncated":"accept"}`)).decode; !p.ApplyEXIF || !p.AcceptTruncated {
		t.Errorf("%+v", p)
	}
	if p := readParams([]byte(`{"exif":"ignore","truncated":"fail"}`)).decode; p.ApplyEXIF || p.AcceptTruncated {
		t.Errorf("%+v", p)
	}
}

// TestKeepRecord: a sample of a contact sheet says its classes and shares, and where the patch and
// its peak lie in it.
func TestKeepRecord(t *testing.T) {
	r := Report{pictures: 4, names: []string{"cat", "dog"}}
	rec := shard.Record{Key: "000000007", Mixed: true, Label: 1, LabelA: 0, LabelB: 1, Lam: 0.25, Box: premix.Box{X0: 10, Y0: 20, X1: 30, Y1: 40},
		SrcBox: premix.Box{X0: 0, Y0: 5, X1: 20, Y1: 25}, Peak: premix.Peak{X: 3, Y: 9}, Image: []byte("x")}
	r.keepRecord(&rec, "")
	rec.SrcBox.X1 = 60 // resized: there is no one place of the peak
	r.keepRecord(&rec, "train")
	r.keepRecord(&shard.Record{Key: "000000008", Label: 5, Peak: premix.NoPeak}, "")
	box := []mark{{10, 20, 30, 40, green}}
	want := []thumbnail{
		{caption: []string{"000000007", "0.25 cat", "0.75 dog"}, data: []byte("x"), marks: box, point: &[2]float64{13.5, 24.5}},
		{caption: []string{"train 000000007", "0.25 cat", "0.75 dog"}, data: []byte("x"), marks: box},
		{caption: []string{"000000008", "class 5"}},
	}
	if diff := cmp.Diff(want, r.first, cmp.AllowUnexported(thumbnail{}, mark{})); diff != "" {
		t.Error(diff)
	}
}

// TestSheetUpright: originals of a cache are drawn as its settings decode them, so that crops fit.
func TestSheetUpright(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(sharedtest.Dir(t, "data", "oddities"), "orient6.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	r := Report{Kind: KindCache, pictures: 1}
	s := premix.Sample{Name: "a.jpg", Crop: premix.Crop{W: 1800, H: 1200}, Peak: premix.NoPeak}
	r.keepPeak(&s, data, readParams([]byte(`{"size":64,"exif":"apply"}`)))
	sheet, err := r.ContactSheet()
	if err != nil {
		t.Fatal(err)
	}
	// 176 × 117 pixels with a frame around; 117 × 176 if it stood on its side.
	left, top := margin, 2*margin+lineHeight
	for _, p := range []struct {
		x, y int
		want color.Color
	}{{left + 88, top, yellow}, {left + 88, top + 116, yellow}, {left, top + 60, yellow}, {left + 175, top + 60, yellow}, {left + 60, top + 150, paper}} {
		if got := sheet.At(p.x, p.y); got != p.want {
			t.Errorf("%d,%d is %v, want %v", p.x, p.y, got, p.want)
		}
	}
}
