package saliency

import (
	"encoding/csv"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/sharedtest"
)

// readTSV returns the rows of a file of testdata, without the names of the columns. The files are
// written by testdata/opencv.py.
func readTSV(t *testing.T, name string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma = '\t'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) < 2 {
		t.Fatalf("%s: no rows", name)
	}
	return rows[1:]
}

func text(p premix.Peak) string { return fmt.Sprintf("%d,%d", p.X, p.Y) }

// TestPhotographs compares the detectors with OpenCV on the centres of photographs.
func TestPhotographs(t *testing.T) {
	data := sharedtest.Dir(t, "data")
	rows := readTSV(t, "photos.tsv")
	if testing.Short() {
		rows = rows[:20]
	}
	const side = 224
	var dec imaging.Decoder
	var img, cut imaging.Image
	fine, residual := newFineGrained(Stored), newSpectral(Stored)
	var m Map
	for _, row := range rows {
		encoded, err := os.ReadFile(filepath.Join(data, filepath.FromSlash(row[0])))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dec.Decode(t.Context(), &img, encoded, imaging.DecodeParams{}); err != nil {
			t.Fatalf("%s: %v", row[0], err)
		}
		cut.Resize(min(img.W, side), min(img.H, side))
		x, y := (img.W-cut.W)/2, (img.H-cut.H)/2
		for i := range cut.H {
			copy(cut.Row(i), img.Row(y + i)[3*x:])
		}
		r := fine.Map(&m, &cut)
		got := []string{
			row[0],
			fmt.Sprintf("%08x", crc32.ChecksumIEEE(cut.Pix)),
			fmt.Sprintf("%08x", crc32.ChecksumIEEE(m.Pix)),
			text(r.Peak), text(r.Trough),
			text(residual.Peak(&cut).Peak),
		}
		if diff := cmp.Diff(row, got); diff != "" {
			t.Errorf("-OpenCV +ours:\n%s", diff)
		}
		if p := fine.Peak(&cut); p != r {
			t.Errorf("%s: Peak returns %v, Map %v", row[0], p, r)
		}
	}
}

// TestSpectralValues compares values of the float map with OpenCV's.
func TestSpectralValues(t *testing.T) {
	const tolerance = 3e-6
	for _, row := range readTSV(t, "spectral.tsv") {
		var size [3]int
		for i := range size {
			n, err := strconv.Atoi(row[1+i])
			if err != nil {
				t.Fatal(err)
			}
			size[i] = n
		}
		w, h := size[0], size[1]
		s := newSpectral(Stored)
		if !s.compute(golden{kind: row[0], w: w, h: h, ch: size[2]}.image()) {
			t.Errorf("%s: flat", row[:4])
			continue
		}
		values := strings.Split(row[4], ",")
		n := len(values)
		for k, v := range values {
			want, err := strconv.ParseFloat(v, 64)
			if err != nil {
				t.Fatal(err)
			}
			y, x := (2*k+1)*h/(2*n), (2*(7*k%n)+1)*w/(2*n)
			if got := s.out.at(x, y); math.Abs(float64(got)-want) > tolerance {
				t.Errorf("%s: value (%d, %d) is %.7f, want %s", row[:4], x, y, got, v)
			}
		}
	}
}
