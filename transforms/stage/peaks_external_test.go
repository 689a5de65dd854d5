package stage

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/io/peakfile"
	"github.com/premix/premix/io/source"
	"github.com/premix/premix/sample"
)

// A fakeSet is a folder of images of different sizes, with a bright spot in the map of each.
type fakeSet struct {
	dir, maps string
	size      map[string]premix.Size
	spot      map[string]premix.Peak
}

func newFakeSet(t *testing.T) *fakeSet {
	t.Helper()
	s := &fakeSet{dir: t.TempDir(), maps: t.TempDir(), size: map[string]premix.Size{}, spot: map[string]premix.Peak{}}
	for i := range 8 {
		name := fmt.Sprintf("c%d/i%d.png", i%2, i)
		size := premix.Size{H: 60 + 11*i, W: 130 - 9*i}
		s.size[name], s.spot[name] = size, premix.Peak{X: 20 + 3*i, Y: 30 - i}
		img := image.NewRGBA(image.Rect(0, 0, size.W, size.H))
		for p := range img.Pix {
			img.Pix[p] = byte(p*p>>7) | 3
		}
		for p := 3; p < len(img.Pix); p += 4 {
			img.Pix[p] = 255
		}
		savePNG(t, filepath.Join(s.dir, name), img)
		m := image.NewGray(img.Rect)
		for p := range m.Pix {
			m.Pix[p] = 60
		}
		m.SetGray(s.spot[name].X, s.spot[name].Y, color.Gray{255})
		m.SetGray(0, 0, color.Gray{0})
		savePNG(t, filepath.Join(s.maps, name), m)
	}
	return s
}

func savePNG(t *testing.T, path string, m image.Image) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// peaksOf runs the peaks stage and returns its rows by name and replica.
func (s *fakeSet) peaksOf(t *testing.T, peaks, geometry string) map[string]premix.Sample {
	t.Helper()
	g := crop.Geometry{Size: premix.Size{H: 32, W: 48}, Resize: 56, Scale: [2]float64{0.5, 1}, Ratio: crop.DefaultRatio, Filter: imaging.Bilinear}
	if g.Parse(geometry); g.Random() {
		g.HFlip = 0.5
	}
	job := &Job{
		Params:   sample.Params{Geometry: g},
		Replicas: []int{0, 1}, Cache: CacheInfo{URI: t.TempDir(), Fingerprint: "f", Settings: []byte("{}")},
	}
	info, err := peakfile.Look(t.Context(), peaks, peakfile.Known{})
	if err != nil {
		t.Fatal(err)
	}
	job.External, job.Detector = &info, "file"
	catalog, err := source.Discover(t.Context(), []source.Input{{URI: s.dir}}, job.Source)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]premix.Sample{}
	for _, c := range catalog.Containers {
		chunks, err := source.Split(t.Context(), c, job.Source)
		if err != nil {
			t.Fatal(err)
		}
		for _, chunk := range chunks {
			sum, err := Peaks(t.Context(), job, chunk)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := reloadRows(t.Context(), job, sum)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows.Rows {
				out[fmt.Sprint(r.Name, " ", r.Replica)] = r
			}
		}
	}
	return out
}

// TestMaps cuts maps as their images are cut, and finds the spot where the crop shows it.
func TestMaps(t *testing.T) {
	s := newFakeSet(t)
	for _, geometry := range []string{crop.RRC, crop.Center, crop.Squash, "pad:6", "pad:6:reflect"} {
		flipped, inside := 0, 0
		for key, got := range s.peaksOf(t, s.maps, geometry) {
			if got.Fault != nil {
				t.Fatalf("%s: %v", key, got.Fault)
			}
			spot := s.spot[got.Name]
			c := got.Crop
			x := (float64(spot.X) + 0.5 - c.X) * 48 / c.W
			y := (float64(spot.Y) + 0.5 - c.Y) * 32 / c.H
			if got.Flip {
				x = 48 - x
			}
			if x < 1 || y < 1 || x > 47 || y > 31 {
				continue // the crop shows it at its border, or not at all
			}
			inside++
			if got.Flip {
				flipped++
			}
			if got.Flat || float64(got.Peak.X) > x+1 || float64(got.Peak.X) < x-2 || float64(got.Peak.Y) > y+1 || float64(got.Peak.Y) < y-2 {
				t.Errorf("%s %s: peak at %v, the spot is at %.1f,%.1f", geometry, key, got.Peak, x, y)
			}
		}
		if inside < 3 || geometry == crop.RRC && (flipped == 0 || inside == flipped) {
			t.Errorf("%s: %d spots inside, %d of them mirrored: nothing was tested", geometry, inside, flipped)
		}
	}
}

// TestMapsOfCrops takes maps of the size of the crop, where all replicas have the same.
func TestMapsOfCrops(t *testing.T) {
	s := newFakeSet(t)
	for name := range s.size {
		m := image.NewGray(image.Rect(0, 0, 48, 32))
		for p := range m.Pix {
			m.Pix[p] = 9
		}
		if name != "c0/i0.png" {
			m.SetGray(41, 5, color.Gray{200})
			m.SetGray(42, 5, color.Gray{200}) // the first maximum counts
			m.SetGray(7, 30, color.Gray{1})
		}
		savePNG(t, filepath.Join(s.maps, name), m)
	}
	for key, got := range s.peaksOf(t, s.maps, crop.Center) {
		if got.Fault != nil {
			t.Fatalf("%s: %v", key, got.Fault)
		}
		if got.Flat != (got.Name == "c0/i0.png") {
			t.Errorf("%s: flat %v", key, got.Flat)
		}
		if !got.Flat && (got.Peak != premix.Peak{X: 41, Y: 5} || got.Trough != premix.Peak{X: 7, Y: 30}) {
			t.Errorf("%s: peak %v, trough %v", key, got.Peak, got.Trough)
		}
	}
	for key, got := range s.peaksOf(t, s.maps, crop.RRC) {
		if got.Fault == nil || got.Fault.Kind != premix.BadPeak || got.FaultStage != premix.StagePeak || !strings.Contains(got.Fault.Reason, "the map is 48×32, the image") {
			t.Errorf("%s: fault %v: a random crop has no map of its own", key, got.Fault)
		}
	}
}

// TestBadMaps makes failures of the images of maps that are none.
func TestBadMaps(t *testing.T) {
	s := newFakeSet(t)
	want := map[string]string{
		"c0/i0.png": "there is no map c0/i0.png", "c1/i1.png": "is no PNG", "c0/i2.png": "the map: png: ", "c1/i3.png": "the map is 5×4, the image 103×93",
	}
	os.Remove(filepath.Join(s.maps, "c0/i0.png"))
	os.WriteFile(filepath.Join(s.maps, "c1/i1.png"), []byte("no"), 0o644)
	whole, err := os.ReadFile(filepath.Join(s.maps, "c0/i2.png"))
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(s.maps, "c0/i2.png"), whole[:len(whole)-20], 0o644)
	savePNG(t, filepath.Join(s.maps, "c1/i3.png"), image.NewGray(image.Rect(0, 0, 5, 4)))
	good := 0
	for key, got := range s.peaksOf(t, s.maps, crop.Squash) {
		reason := want[got.Name]
		switch {
		case reason == "" && got.Fault == nil:
			good++
		case got.Fault == nil || reason == "" || got.Fault.Kind != premix.BadPeak || !strings.Contains(got.Fault.Reason, reason):
			t.Errorf("%s: %v, want %q", key, got.Fault, reason)
		}
	}
	if good != 4 {
		t.Errorf("%d good images, want 4", good)
	}
}

// TestTable takes peaks in pixels of the original and of the crop, replica by replica.
func TestTable(t *testing.T) {
	s := newFakeSet(t)
	var original, cropped strings.Builder
	original.WriteString("name,peak_x,peak_y\n")
	cropped.WriteString("name,replica,peak_row,peak_col,trough_row,trough_col\n")
	for name, spot := range s.spot {
		fmt.Fprintf(&original, "%s,%d,%d\n", name, spot.X, spot.Y)
		fmt.Fprintf(&cropped, "%s,0,1,2,3,4\n", name)
		if name != "c1/i7.png" {
			fmt.Fprintf(&cropped, "%s,1,5,6,31,47\n", name)
		} else {
			fmt.Fprintf(&cropped, "%s,1,5,6,32,47\n", name)
		}
	}
	path := filepath.Join(t.TempDir(), "peaks.csv")
	os.WriteFile(path, []byte(original.String()), 0o644)
	maps, table := s.peaksOf(t, s.maps, crop.Squash), s.peaksOf(t, path, crop.Squash)
	for key, want := range maps {
		got := table[key].Peak
		if dx, dy := got.X-want.Peak.X, got.Y-want.Peak.Y; dx*dx > 1 || dy*dy > 1 || table[key].Trough != premix.NoPeak {
			t.Errorf("%s: the table says %v, the map %v", key, got, want.Peak)
		}
	}
	os.WriteFile(path, []byte(cropped.String()), 0o644)
	for key, got := range s.peaksOf(t, path, crop.RRC) {
		peak, trough := premix.Peak{X: 2, Y: 1}, premix.Peak{X: 4, Y: 3}
		if got.Replica == 1 {
			peak, trough = premix.Peak{X: 6, Y: 5}, premix.Peak{X: 47, Y: 31}
		}
		if key == "c1/i7.png 1" {
			if got.Fault == nil || !strings.Contains(got.Fault.Reason, "the trough at row 32, column 47 is outside of the crop of 32 rows and 48 columns") {
				t.Errorf("%s: %v", key, got.Fault)
			}
			continue
		}
		if got.Fault != nil || got.Peak != peak || got.Trough != trough {
			t.Errorf("%s: %+v, want %v and %v", key, got, peak, trough)
		}
	}
}
