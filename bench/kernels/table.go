package main

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/saliency"
)

// A work is a kernel with its images.
type work struct {
	images int
	// once does the work for image i.
	once func(i int) error
	// output appends the result for image i to dst, for comparison with the peer's.
	output func(dst []byte, i int) ([]byte, error)
}

// A kernel is one row of the tables.
type kernel struct {
	name string
	open func(*pictures) (*work, error)
}

// kernels lists them in the order of the tables.
func kernels() []kernel {
	var all []kernel
	for _, side := range sides {
		all = append(all, kernel{fmt.Sprintf("finegrained-%d", side), func(p *pictures) (*work, error) {
			return peakWork("finegrained", p.Squares[side])
		}})
	}
	all = append(all,
		kernel{"finegrained-500x375", func(p *pictures) (*work, error) { return peakWork("finegrained", p.Full) }},
		kernel{"finegrained-map-224", func(p *pictures) (*work, error) { return mapWork("finegrained", p.Squares[224]) }},
		kernel{"spectral-224", func(p *pictures) (*work, error) { return peakWork("spectral", p.Squares[224]) }},
		kernel{"frequencytuned-224", func(p *pictures) (*work, error) { return peakWork("frequencytuned", p.Squares[224]) }},
	)
	for _, f := range []imaging.Filter{imaging.Bilinear, imaging.Bicubic, imaging.Lanczos} {
		all = append(all, kernel{fmt.Sprintf("resize-%s-500x375", f), func(p *pictures) (*work, error) {
			return resizeWork(p, f)
		}})
	}
	return append(all,
		kernel{"resize-rrc-bilinear", rrcWork},
		kernel{"jpeg-decode-500x375", func(p *pictures) (*work, error) { return decodeWork(p.Files[asFound]) }},
		kernel{"jpeg-decode-500x375-q95-420", func(p *pictures) (*work, error) { return decodeWork(p.Files[halved]) }},
		kernel{"jpeg-decode-imagenet", func(p *pictures) (*work, error) { return decodeWork(p.Files[imagenet]) }},
		kernel{"jpeg-decode-progressive", func(p *pictures) (*work, error) { return decodeWork(p.Files[progressive]) }},
		kernel{"jpeg-decode-crop-rrc", func(p *pictures) (*work, error) { return cropWork(p, true) }},
		kernel{"jpeg-decode-crop-whole", func(p *pictures) (*work, error) { return cropWork(p, false) }},
		kernel{"jpeg-encode-224-q95-420", func(p *pictures) (*work, error) { return encodeWork(p, "jpeg:95") }},
		kernel{"jpeg-encode-224-q95-444", func(p *pictures) (*work, error) { return encodeWork(p, "jpeg:95:444") }},
		kernel{"jpeg-encode-224-q95-420-opt", func(p *pictures) (*work, error) { return encodeWork(p, "jpeg:95:opt") }},
		kernel{"png-encode-224", func(p *pictures) (*work, error) { return encodeWork(p, "png") }},
	)
}

// peakWork is a detector as the job uses it: peak and trough, no map. Its output is peak and
// trough, and the map too where it has to be the peer's.
func peakWork(detector string, images []imaging.Image) (*work, error) {
	d, err := saliency.New(detector, saliency.Params{})
	if err != nil {
		return nil, err
	}
	var m saliency.Map
	exact := detector == "finegrained" && images[0].W*images[0].H <= saliency.ExactPixels
	return &work{
		images: len(images),
		once:   func(i int) error { d.Peak(&images[i]); return nil },
		output: func(dst []byte, i int) ([]byte, error) {
			dst = appendResult(dst, d.Peak(&images[i]))
			if !exact {
				return dst, nil
			}
			if got, want := d.Map(&m, &images[i]), d.Peak(&images[i]); got != want {
				return nil, fmt.Errorf("%s: image %d: Map says %v, Peak says %v", detector, i, got, want)
			}
			return append(dst, m.Pix...), nil
		},
	}, nil
}

// mapWork is a detector that writes its map.
func mapWork(detector string, images []imaging.Image) (*work, error) {
	d, err := saliency.New(detector, saliency.Params{})
	if err != nil {
		return nil, err
	}
	var m saliency.Map
	return &work{
		images: len(images),
		once:   func(i int) error { d.Map(&m, &images[i]); return nil },
		output: func(dst []byte, i int) ([]byte, error) {
			dst = appendResult(dst, d.Map(&m, &images[i]))
			return append(dst, m.Pix...), nil
		},
	}, nil
}

// appendResult appends row and column of the peak and of the trough.
func appendResult(dst []byte, r saliency.Result) []byte {
	for _, v := range []int{r.Peak.Y, r.Peak.X, r.Trough.Y, r.Trough.X} {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(v))
	}
	return dst
}

// resizeWork is 500×375 → 341×256, of which the middle 224×224 are kept.
func resizeWork(p *pictures, f imaging.Filter) (*work, error) {
	rw, rh, win, _ := imaging.CenterPlan(fullW, fullH, 256, premix.Size{H: 224, W: 224})
	var r imaging.Resampler
	var dst imaging.Image
	once := func(i int) error { return r.Resize(&dst, &p.Full[i], wholeBox, rw, rh, win, f) }
	return pixelWork(len(p.Full), &dst, once), nil
}

// rrcWork is a random rectangle of 500×375, resized to 224×224.
func rrcWork(p *pictures) (*work, error) {
	var r imaging.Resampler
	var dst imaging.Image
	once := func(i int) error {
		return r.Resize(&dst, &p.Full[i], p.Boxes[i], 224, 224, premix.Box{X1: 224, Y1: 224}, imaging.Bilinear)
	}
	return pixelWork(len(p.Full), &dst, once), nil
}

func decodeWork(files [][]byte) (*work, error) {
	var d imaging.Decoder
	var dst imaging.Image
	once := func(i int) error {
		_, err := d.Decode(context.Background(), &dst, files[i], imaging.DecodeParams{})
		return err
	}
	return pixelWork(len(files), &dst, once), nil
}

// cropWork decodes files with halved and with full chroma in turns: the rectangles of RandomResizedCrop, or whole images for
// comparison. The output is the rectangle in either case.
func cropWork(p *pictures, part bool) (*work, error) {
	var files [][]byte
	for i := range p.Full {
		files = append(files, p.Files[[]string{halved, full}[i%2]][i])
	}
	var d imaging.Decoder
	var dst imaging.Image
	once := func(i int) error {
		var window func(w, h int) premix.Box
		if part {
			window = func(_, _ int) premix.Box { return p.Boxes[i] }
		}
		_, err := d.DecodePart(context.Background(), &dst, files[i], imaging.DecodeParams{}, window)
		return err
	}
	return &work{images: len(files), once: once, output: func(out []byte, i int) ([]byte, error) {
		if err := once(i); err != nil {
			return nil, err
		}
		for y, b := p.Boxes[i].Y0, p.Boxes[i]; y < b.Y1; y++ {
			out = append(out, dst.Row(y)[3*b.X0:3*b.X1]...)
		}
		return out, nil
	}}, nil
}

// pixelWork is work whose result is the pixels of dst.
func pixelWork(n int, dst *imaging.Image, once func(int) error) *work {
	return &work{images: n, once: once, output: func(out []byte, i int) ([]byte, error) {
		err := once(i)
		return append(out, dst.Pix...), err
	}}
}

func encodeWork(p *pictures, spec string) (*work, error) {
	e, err := imaging.NewEncoder(spec)
	if err != nil {
		return nil, err
	}
	var data []byte
	once := func(i int) (err error) {
		data, err = e.Encode(data[:0], &p.Squares[224][i])
		return err
	}
	return &work{images: len(p.Squares[224]), once: once, output: func(out []byte, i int) ([]byte, error) {
		err := once(i)
		return append(out, data...), err
	}}, nil
}
