package main

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/source/synth"
)

// The size of most of ImageNet's photographs, and of the kernels' sources.
const fullW, fullH = 500, 375

// sides are those of the square crops.
var sides = []int{32, 64, 224, 256, 384}

// pictures are what is measured: the same images in each size, and their encodings.
type pictures struct {
	Source string // what the images are, for people
	Images int
	// Squares holds crops by side, Full the images in full size.
	Squares map[int][]imaging.Image
	Full    []imaging.Image
	// Boxes are the rectangles of RandomResizedCrop, one for each of Full.
	Boxes []premix.Box
	// Files holds JPEG files in full size by the name of their kind.
	Files map[string][][]byte
}

// The kinds of JPEG files.
const (
	asFound = "found" // photographs of 500×375 as their makers saved them; of drawn images 4:4:4
	halved  = "420"   // Full at quality 95, chroma halved
	full    = "444"   // the same with full chroma
	// Files of 500×375 as ImageNet has them; else Full with halved chroma at the quality nearest to their mean size.
	imagenet = "imagenet"
	// One drawn picture. bench/kernels.py puts what Pillow makes of Full in its place.
	progressive = "progressive"
)

// imagenetSize is the mean size of the files of 500×375 in ImageNet.
const imagenetSize = 97_000

//go:embed progressive.jpg
var progressiveFile []byte

// makePictures takes n photographs below dir, spread evenly over those that are large enough, or
// draws n images where dir is empty or does not exist. asImageNet says that the photographs are as those of ImageNet.
func makePictures(dir string, n int, asImageNet bool) (*pictures, error) {
	p := &pictures{Images: n, Squares: map[int][]imaging.Image{}, Files: map[string][][]byte{}}
	all, err := photographs(dir)
	if err != nil {
		return nil, err
	}
	if len(all) > 0 {
		p.Source = fmt.Sprintf("%d photographs of %s", n, dir)
		err = p.takePhotographs(all)
	} else {
		p.Source = fmt.Sprintf("%d images drawn by premix synth (no photographs there)", n)
		err = p.drawImages()
	}
	if err != nil {
		return nil, err
	}
	if err := p.cutSquares(); err != nil {
		return nil, err
	}
	if p.Files[halved], err = encodeAll(p.Full, "jpeg:95"); err != nil {
		return nil, err
	}
	if p.Files[full], err = encodeAll(p.Full, "jpeg:95:444"); err != nil {
		return nil, err
	}
	if p.Files[imagenet] = p.Files[asFound]; !asImageNet || len(all) == 0 {
		if p.Files[imagenet], err = nearest(p.Full, imagenetSize); err != nil {
			return nil, err
		}
	}
	for range p.Full {
		p.Files[progressive] = append(p.Files[progressive], progressiveFile)
	}
	p.drawBoxes()
	return p, nil
}

// nearest encodes images with halved chroma at the quality that gives the mean size nearest to size.
func nearest(images []imaging.Image, size int) ([][]byte, error) {
	var best [][]byte
	for quality := 80; quality <= 100; quality++ {
		files, err := encodeAll(images, fmt.Sprintf("jpeg:%d", quality))
		if err != nil {
			return nil, err
		}
		if best == nil || abs(meanSize(files)-size) < abs(meanSize(best)-size) {
			best = files
		}
	}
	return best, nil
}

func abs(n int) int { return max(n, -n) }

// photographs lists the JPEG files in the sub-folders of the sub-folders of dir (DIR/set/class).
func photographs(dir string) ([]string, error) {
	if dir == "" {
		return nil, nil
	}
	names, err := filepath.Glob(filepath.Join(dir, "*", "*", "*.jp*g"))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	return names, nil
}

// readFiles reads the JPEG files in the sub-folders of dir.
func readFiles(dir string) (*pictures, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*", "*.jp*g"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: no JPEG files in its sub-folders", dir)
	}
	slices.Sort(names)
	p := &pictures{Files: map[string][][]byte{}}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		p.Files[asFound] = append(p.Files[asFound], data)
	}
	return p, nil
}

// takePhotographs fills Full from the photographs of at least 500×375, and Files with those of
// exactly that size.
func (p *pictures) takePhotographs(names []string) error {
	var large, exact []photograph
	var d imaging.Decoder
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		c, err := imaging.DecodeConfig(data, imaging.DecodeParams{})
		if err != nil || c.Format != imaging.JPEG || c.W < fullW || c.H < fullH {
			continue
		}
		ph := photograph{name, data}
		large = append(large, ph)
		if c.W == fullW && c.H == fullH {
			exact = append(exact, ph)
		}
	}
	if len(large) < p.Images || len(exact) < p.Images {
		return fmt.Errorf("%d photographs of at least %d×%d pixels and %d of exactly that size, %d are wanted",
			len(large), fullW, fullH, len(exact), p.Images)
	}
	for i := range p.Images {
		ph := large[i*len(large)/p.Images]
		var img imaging.Image
		if _, err := d.Decode(context.Background(), &img, ph.data, imaging.DecodeParams{}); err != nil {
			return fmt.Errorf("%s: %w", ph.name, err)
		}
		if err := p.addFull(&img); err != nil {
			return fmt.Errorf("%s: %w", ph.name, err)
		}
		p.Files[asFound] = append(p.Files[asFound], exact[i*len(exact)/p.Images].data)
	}
	return nil
}

type photograph struct {
	name string
	data []byte
}

// drawImages fills Full with the first drawn images that are large enough.
func (p *pictures) drawImages() error {
	var d synth.Drawer
	for i := int64(0); len(p.Full) < p.Images; i++ {
		if img := d.Paint(i); img.W >= fullW && img.H >= fullH {
			if err := p.addFull(img); err != nil {
				return err
			}
		}
	}
	var err error
	p.Files[asFound], err = encodeAll(p.Full, "jpeg:95:444")
	return err
}

// addFull appends the largest central rectangle of 4:3 at 500×375.
func (p *pictures) addFull(img *imaging.Image) error {
	w, h := img.W, img.H
	if w*fullH > h*fullW {
		w = h * fullW / fullH
	} else {
		h = w * fullH / fullW
	}
	x, y := (img.W-w)/2, (img.H-h)/2
	var full imaging.Image
	var r imaging.Resampler
	box := premix.Box{X0: x, Y0: y, X1: x + w, Y1: y + h}
	if err := r.Resize(&full, img, box, fullW, fullH, premix.Box{X1: fullW, Y1: fullH}, imaging.Bilinear); err != nil {
		return err
	}
	p.Full = append(p.Full, full)
	return nil
}

// cutSquares makes the centre crops of Full.
func (p *pictures) cutSquares() error {
	var r imaging.Resampler
	for _, side := range sides {
		for i := range p.Full {
			rw, rh, win, _ := imaging.CenterPlan(fullW, fullH, (side*8+3)/7, premix.Size{H: side, W: side})
			var crop imaging.Image
			if err := r.Resize(&crop, &p.Full[i], wholeBox, rw, rh, win, imaging.Bilinear); err != nil {
				return err
			}
			p.Squares[side] = append(p.Squares[side], crop)
		}
	}
	return nil
}

var wholeBox = premix.Box{X1: fullW, Y1: fullH}

// drawBoxes draws the rectangles of RandomResizedCrop with its default scales and ratios.
func (p *pictures) drawBoxes() {
	state := uint64(1)
	uniform := func() float64 { // xorshift64*
		state ^= state >> 12
		state ^= state << 25
		state ^= state >> 27
		return float64(state*2685821657736338717>>11) / (1 << 53)
	}
	for range p.Full {
		p.Boxes = append(p.Boxes, imaging.RRCPlan(fullW, fullH, [2]float64{0.08, 1}, [2]float64{3. / 4, 4. / 3}, uniform))
	}
}

func encodeAll(images []imaging.Image, spec string) ([][]byte, error) {
	e, err := imaging.NewEncoder(spec)
	if err != nil {
		return nil, err
	}
	var files [][]byte
	for i := range images {
		data, err := e.Encode(nil, &images[i])
		if err != nil {
			return nil, err
		}
		files = append(files, data)
	}
	return files, nil
}

// meanSize is the mean size of files in bytes.
func meanSize(files [][]byte) int {
	n := 0
	for _, f := range files {
		n += len(f)
	}
	return n / cmp.Or(len(files), 1)
}
