//go:build unix

// Command memory measures the resident memory of whole processes of premix mix at its peak, for each format,
// way to get pixels back, and --max-memory, over three sets: photographs, images that premix draws, and large
// pictures of noise, 12 megapixels in 11 MB each. Shards are two, so that both are in work together.
//
//	go run ./bench/memory [-program premix] [-photographs ../shared/data/flowers] [-drawn 500] [-large 48]
//
// It ends with exit code 1 where a process takes more than --max-memory and 300 MB.
package main

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"image"
	"image/jpeg"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
)

const beside = 300e6

var (
	program     = flag.String("program", "", "the program to measure; it is built where none is given")
	photographs = flag.String("photographs", "../shared/data/flowers", "a folder of class folders; left out where it is not there")
	drawn       = flag.Int("drawn", 500, "number of images that premix draws")
	large       = flag.Int("large", 48, "number of large pictures")
	draw        = flag.String("draw", "", "only draw the large pictures, into this folder")
	formats     = []string{"webdataset", "tfrecord", "tfds", "array_record", "parquet", "mds"}
	spools      = []string{"ref", "bytes", "pixels"}
	limits      = []struct {
		value string
		bytes float64
	}{{"16M", 16 << 20}, {"1GiB", 1 << 30}}
)

func main() {
	flag.Parse()
	log.SetFlags(0)
	if *draw != "" {
		if err := pictures(*draw); err != nil {
			log.Fatal(err)
		}
		return
	}
	work, err := os.MkdirTemp("", "premix-memory-")
	if err == nil {
		var over int
		over, err = measure(work)
		if e := os.RemoveAll(work); err == nil {
			err = e
		}
		if err == nil && over > 0 {
			err = fmt.Errorf("%d processes took more than --max-memory and 300 MB", over)
		}
	}
	if err != nil {
		log.Fatal(err)
	}
}

func measure(work string) (over int, err error) {
	if *program == "" {
		*program = filepath.Join(work, "premix")
		if out, err := exec.Command("go", "build", "-o", *program, "./cmd/premix").CombinedOutput(); err != nil {
			return 0, fmt.Errorf("%w: %s", err, out)
		}
	}
	sets := []string{filepath.Join(work, "drawn"), filepath.Join(work, "large")}
	if _, err := run("synth", "--out", sets[0], "--images", strconv.Itoa(*drawn)); err != nil {
		return 0, err
	}
	// Linux counts the memory that a process had before it became another program, so this one stays small.
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	if out, err := exec.Command(self, "-draw", sets[1], "-large", strconv.Itoa(*large)).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	if _, err := os.Stat(*photographs); err == nil {
		sets = append([]string{*photographs}, sets...)
	}
	fmt.Println("| set | --max-memory | format | ref | bytes | pixels |\n|---|---|---|---|---|---|")
	for _, set := range sets {
		for _, limit := range limits {
			for _, format := range formats {
				fmt.Printf("| %s | %s | %s |", filepath.Base(set), limit.value, format)
				for _, spool := range spools {
					out, cache := filepath.Join(work, "out"), filepath.Join(work, "cache")
					rss, err := run("mix", "--in", set, "--out", out, "--cache", cache, "--shards", "2",
						"--max-memory", limit.value, "--format", format, "--spool", spool, "--progress", "none")
					if err != nil {
						return 0, err
					}
					if rss > limit.bytes+beside {
						over++
					}
					fmt.Printf(" %.0f |", rss/1e6)
					for _, dir := range []string{out, cache} {
						if err := os.RemoveAll(dir); err != nil {
							return 0, err
						}
					}
				}
				fmt.Println()
			}
		}
	}
	return over, nil
}

// run runs premix, and returns its resident memory at the peak, in bytes.
func run(args ...string) (float64, error) {
	cmd := exec.Command(*program, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("premix %v: %w: %s", args, err, out)
	}
	rss := float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	if runtime.GOOS == "linux" { // kibibytes there
		rss *= 1 << 10
	}
	return rss, nil
}

// pictures writes large pictures in two classes. Every eighth is drawn; the others differ from it in a comment.
func pictures(dir string) error {
	random := rand.NewChaCha8([32]byte{1})
	var file bytes.Buffer
	for i := range *large {
		if i%8 == 0 {
			m := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio444)
			for _, plane := range [][]byte{m.Y, m.Cb, m.Cr} {
				_, _ = random.Read(plane) // never fails
			}
			file.Reset()
			if err := jpeg.Encode(&file, m, &jpeg.Options{Quality: 80}); err != nil {
				return err
			}
		}
		b := binary.BigEndian.AppendUint64([]byte{0xff, 0xd8, 0xff, 0xfe, 0, 10}, uint64(i))
		b = append(b, file.Bytes()[2:]...)
		class := filepath.Join(dir, string(rune('a'+i%2)))
		if err := os.MkdirAll(class, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(class, fmt.Sprintf("%04d.jpg", i)), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}
