// Command kernels runs premix's per-image kernels one at a time, for comparison with those of
// OpenCV and Pillow in the same run: bench/kernels.sh builds it with and without assembly, and
// bench/kernels.py talks to both builds and to the peers in turn.
//
//	kernels -prepare DIR [-data DIR [-imagenet]]   write the images that everybody measures, and a manifest
//	kernels -serve DIR                 answer requests, one a line on stdin, with JSON on stdout
//	kernels -files DIR                 the same for the JPEG files in the sub-folders of DIR: one kernel, imread
//	kernels -once [-data DIR]          run each kernel once over drawn images or photographs, and
//	                                   print a line of JSON for each: no Python, no peers
//
// Requests are
//
//	kernels            the names of the kernels
//	time NAME MS       run whole passes over the images of the kernel until MS milliseconds of
//	                   CPU time have gone: how many images, and the time in nanoseconds
//	output NAME FILE   write the result for each image to FILE: a length (uint32, little-endian)
//	                   and as many bytes
//
// One thread works (GOMAXPROCS=1), and the time is CPU time of the whole process, garbage
// collection included, so that other load on the machine is not counted.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
)

func main() {
	runtime.GOMAXPROCS(1)
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "kernels:", err)
		os.Exit(1)
	}
}

func run(args []string, stdin io.Reader, stdout io.Writer) error {
	fs := flag.NewFlagSet("kernels", flag.ContinueOnError)
	prepare := fs.String("prepare", "", "write the images to measure to this folder")
	files := fs.String("files", "", "answer requests about the JPEG files below this folder, as found: one kernel, imread")
	serve := fs.String("serve", "", "answer requests about the images in this folder")
	once := fs.Bool("once", false, "run each kernel once")
	data := fs.String("data", "", "folder with photographs in sub-folders; without it images are drawn")
	asImageNet := fs.Bool("imagenet", false, "the photographs are as those of ImageNet")
	images := fs.Int("images", 16, "images a kernel")
	if err := fs.Parse(args); err != nil {
		return err
	}
	switch {
	case *images < 1:
		return fmt.Errorf("-images %d: at least 1", *images)
	case *prepare != "":
		p, err := makePictures(*data, *images, *asImageNet)
		if err != nil {
			return err
		}
		return p.save(*prepare)
	case *serve != "":
		p, err := loadPictures(*serve)
		if err != nil {
			return err
		}
		return answer(p, kernels(), stdin, stdout)
	case *files != "":
		p, err := readFiles(*files)
		if err != nil {
			return err
		}
		return answer(p, []kernel{{"imread", func(p *pictures) (*work, error) { return decodeWork(p.Files[asFound]) }}}, stdin, stdout)
	case *once:
		p, err := makePictures(*data, *images, *asImageNet)
		if err != nil {
			return err
		}
		return runOnce(p, stdout)
	}
	return errors.New("say what to do: -prepare DIR, -serve DIR, -files DIR or -once")
}
