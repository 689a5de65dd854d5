// Command floor times what a job cannot do without: of each JPEG of a folder decoding, crop and resize, the peak, mixing
// with the image before, and encoding, by the functions that the job calls, in an order like that of a job. It reads
// nothing and writes nothing while the clock runs, and works on one thread.
//
//	floor [-size 224] [-resize 256] [-encode jpeg:95] FOLDER
//
// It prints a line of JSON: microseconds of CPU time an image. bench/job.sh compares the job's own CPU time with it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/imaging/crop"
	"github.com/premix/premix/mix"
	"github.com/premix/premix/pipeline"
	"github.com/premix/premix/sample"
)

// A floor is the CPU time of the kernels, µs an image.
type floor struct {
	Images int     `json:"images"`
	Crop   float64 `json:"crop_us"`   // decoding, crop, resize
	Peak   float64 `json:"peak_us"`   // detector
	Encode float64 `json:"encode_us"` // pasting, encoding
}

func main() {
	size := flag.Int("size", 224, "side of the crop")
	resize := flag.Int("resize", 256, "shorter side before the crop")
	encode := flag.String("encode", "jpeg:95", "encoding of the samples")
	flag.Parse()
	f, err := measure(flag.Arg(0), *size, *resize, *encode)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

// A watch adds up CPU time.
type watch struct {
	last time.Duration
	err  error
}

// lap adds the CPU time since the lap before to a sum; nil: it counts for nothing.
func (w *watch) lap(sum *time.Duration) {
	now, err := cpuTime()
	if sum != nil {
		*sum += now - w.last
	}
	w.last = now
	if err != nil {
		w.err = err
	}
}

func measure(dir string, size, resize int, encode string) (*floor, error) {
	c := pipeline.Default()
	p := &sample.Params{Decode: c.DecodeParams(), Detector: c.Detector, Encode: encode}
	p.Geometry = crop.Geometry{Mode: crop.Center, Size: premix.Size{W: size, H: size}, Resize: resize, Filter: imaging.Bilinear}
	m, err := sample.New(p)
	if err != nil {
		return nil, err
	}
	var half, before sample.Half
	var out []byte
	var decoding, finding, encoding time.Duration
	var w watch
	f := new(floor)
	one := func(path string) error {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s := premix.Sample{Name: path}
		w.lap(nil)
		if err := m.DecodeFor(context.Background(), &half, data, []premix.Sample{s}); err != nil {
			return err
		}
		if _, err := m.Crop(&half, &s); err != nil {
			return err
		}
		w.lap(&decoding)
		if err := m.Peak(&half, &s, false); err != nil {
			return err
		}
		w.lap(&finding)
		if f.Images++; f.Images > 1 {
			box := premix.Box{X0: size / 4, Y0: size / 4, X1: size / 4 * 3, Y1: size / 4 * 3}
			r := &premix.Recipe{Method: mix.SaliencyMix, Mixed: true, Lam: 0.75, Box: box, SrcBox: box, Target: &s, Source: &premix.Sample{}}
			if out, err = m.Mix(&before.Original, out[:0], &half.Crop, &before.Crop, r); err != nil {
				return err
			}
		}
		w.lap(&encoding)
		half.Crop, before.Crop = before.Crop, half.Crop
		return w.err
	}
	paths, err := shuffled(dir)
	for _, path := range paths {
		if err = one(path); err != nil {
			break
		}
	}
	n := float64(max(f.Images, 1)) * 1e3
	f.Crop, f.Peak, f.Encode = float64(decoding)/n, float64(finding)/n, float64(encoding)/n
	return f, err
}

// shuffled returns the JPEGs of a folder in an order like that of a plan, the same each time. By name, copies of one
// photograph would follow each other, and a processor that has just seen the same bits foresees the branches of
// decoding them: 7 % of the time.
func shuffled(dir string) (paths []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if ext := strings.ToLower(filepath.Ext(path)); err == nil && !d.IsDir() && (ext == ".jpg" || ext == ".jpeg") {
			paths = append(paths, path)
		}
		return err
	})
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(paths), func(i, k int) { paths[i], paths[k] = paths[k], paths[i] })
	return paths, err
}
