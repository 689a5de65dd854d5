package inspect_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"path/filepath"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/dataset/inspect"
	"github.com/premix/premix/dataset/internal/fixture"
	"github.com/premix/premix/io/cache"
)

// TestSheets: sheets are drawn for everything that has pictures, and show its marks.
func TestSheets(t *testing.T) {
	dir := t.TempDir()
	o := fixture.Output{Dir: filepath.Join(dir, "out"), In: filepath.Join(dir, "in")}
	o.Make(t)
	store := cache.Open(filepath.Join(dir, "cache"), "0123456789abcdef", []byte(`{"size":"24x32"}`))
	var cached string
	for chunk, file := range map[string]string{"00": "disc/image 00.png", "01": "hash/image 01.jpg"} {
		sample := premix.Sample{Key: file, Name: file, Location: premix.Location{URI: filepath.Join(o.In, file), Length: -1},
			Width: 40, Height: 60, Crop: premix.Crop{X: 4, Y: 6, W: 30, H: 30}, Peak: premix.Peak{X: 3, Y: 4}, Trough: premix.NoPeak}
		names, err := store.Save(ctx, chunk, cache.Meta{Container: "x", First: file, Last: file, Replicas: []int{0}}, &cache.Chunk{Rows: []premix.Sample{sample}})
		if err != nil {
			t.Fatal(err)
		}
		cached = "cache/0123456789abcdef/" + names[0]
	}
	frame, crop, peak := color.RGBA{0x20, 0xe0, 0x40, 0xff}, color.RGBA{0xff, 0xd0, 0x20, 0xff}, color.RGBA{0xff, 0x30, 0x30, 0xff}
	for path, inks := range map[string][]color.RGBA{
		"out": {frame, peak}, "out/demo-train-000000.tar": {frame, peak}, "in": nil, "in/disc/image 00.png": {peak},
		"cache": {crop, peak}, "cache/0123456789abcdef": {crop, peak}, cached: {crop, peak},
	} {
		r := look(t, filepath.Join(dir, path), inspect.Options{Pictures: 8})
		sheet, err := r.ContactSheet()
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		var b bytes.Buffer
		if err := inspect.WritePNG(&b, sheet); err != nil {
			t.Error(err)
		}
		if m, err := png.Decode(&b); err != nil || m.Bounds() != sheet.Bounds() {
			t.Errorf("%s: %v", path, err)
		}
		for _, ink := range inks {
			if count(sheet, ink) == 0 {
				t.Errorf("%s: no mark of colour %v", path, ink)
			}
		}
	}
	// Pictures come from all shards and all chunks: two of two are wider than one.
	for _, path := range []string{"out", "cache"} {
		one := draw(t, filepath.Join(dir, path), 1)
		if two := draw(t, filepath.Join(dir, path), 2); two.Bounds().Dx() < 2*one.Bounds().Dx()-16 {
			t.Errorf("%s: a sheet of one is %v, of two %v", path, one.Bounds(), two.Bounds())
		}
	}
	r := look(t, filepath.Join(dir, "out"), inspect.Options{})
	if _, err := r.ContactSheet(); err != inspect.ErrNoPicture {
		t.Errorf("without pictures: %v", err)
	}
	s, err := inspect.Find(ctx, o.Dir, "5", inspect.Options{Params: params(&o)})
	if err != nil {
		t.Fatal(err)
	}
	sheet := s.Sheet()
	full := count(sheet, color.RGBA{0x20, 0xe0, 0x40, 0xff})
	if full == 0 || count(sheet, color.RGBA{0xff, 0x30, 0x30, 0xff}) == 0 || count(sheet, color.RGBA{0xff, 0xd0, 0x20, 0xff}) == 0 {
		t.Error("box, peak or crop is not drawn")
	}
	s, err = inspect.Find(ctx, o.Dir, "5", inspect.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if few := count(s.Sheet(), color.RGBA{0x20, 0xe0, 0x40, 0xff}); few == 0 || few >= full {
		t.Errorf("without sources %d pixels of the box, with them %d", few, full)
	}
}

func draw(t *testing.T, path string, pictures int) image.Image {
	t.Helper()
	r := look(t, path, inspect.Options{Pictures: pictures})
	sheet, err := r.ContactSheet()
	if err != nil {
		t.Fatal(err)
	}
	return sheet
}

func count(m image.Image, want color.RGBA) int {
	n := 0
	for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y++ {
		for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x++ {
			if color.RGBAModel.Convert(m.At(x, y)) == want {
				n++
			}
		}
	}
	return n
}
