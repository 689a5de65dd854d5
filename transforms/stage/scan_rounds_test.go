package stage

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/source"
)

// uncounted writes n compressed tars, which have no counts, of 1 to 12 images whose sides are about as long as
// given, and returns the number of images.
func uncounted(t *testing.T, dir string, n, side int) (images int64) {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(side), 8))
	enc, err := imaging.NewEncoder("png")
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		var file bytes.Buffer
		gz, err := gzip.NewWriterLevel(&file, gzip.NoCompression)
		if err != nil {
			t.Fatal(err)
		}
		w := tar.NewWriter(gz)
		put := func(name string, data []byte) {
			if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(data); err != nil {
				t.Fatal(err)
			}
		}
		for k := range 1 + random.IntN(12) {
			img := new(imaging.Image)
			img.Resize(side*(7+random.IntN(7))/10, side)
			for at := 0; at < len(img.Pix); at += 8 {
				for x, b := 0, random.Uint64(); x < 8 && at+x < len(img.Pix); x++ {
					img.Pix[at+x] = byte(b >> (8 * x))
				}
			}
			data, err := enc.Encode(nil, img)
			if err != nil {
				t.Fatal(err)
			}
			key := fmt.Sprintf("%03d_%02d", i, k)
			put(key+".png", data)
			put(key+".cls", []byte(fmt.Sprint(k%2)))
			images++
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := gz.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("train-%03d.tar.gz", i)), file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return images
}

// TestLimitRounds counts the images whose peaks are found where containers of varying size have no counts, and those
// that one worker finds alone after the rounds. The chunks that are looked at are those of one round.
func TestLimitRounds(t *testing.T) {
	for _, c := range []struct {
		what          string
		side          int
		serial, extra int64 // at most, in percent of what the limit needs
	}{
		{"images of 5 kB, where 110 are guessed", 40, 10, 15},
		{"images of 480 kB, where 110 are guessed", 400, 10, 15},
	} {
		dir := t.TempDir()
		all := uncounted(t, dir, 60, c.side)
		limit := all / 2
		run := func(rounds bool) (ids []string, images, serial int64) {
			b := newBench(t, dir, func(j *Job) { j.Limit = limit })
			ResetProgress()
			var have []Summary
			peak := func(chunk source.Chunk) error {
				s, err := Peaks(t.Context(), b.job, chunk)
				if err == nil {
					have = append(have, *s)
				}
				return err
			}
			var err error
			if rounds {
				err = Probe(t.Context(), b.job, b.containers, peak)
				for _, last := range []bool{false, true} {
					if err == nil {
						err = More(t.Context(), b.job, b.containers, slices.Clone(have), last, peak)
					}
				}
			} else {
				err = Choose(t.Context(), b.job, b.containers, peak)
			}
			before := ReadProgress().Images
			if err == nil {
				err = Rest(t.Context(), b.job, b.containers, have, func(s *Summary) error {
					ids = append(ids, s.ID)
					return nil
				})
			}
			if err != nil {
				t.Fatal(err)
			}
			images = ReadProgress().Images
			return ids, images, images - before
		}
		want, before, alone := run(false)
		got, images, serial := run(true)
		t.Logf("%s: %d of %d images are needed; by the guess %d are looked at, %d of them by one worker, in rounds %d and %d", c.what, limit, all, before, alone, images, serial)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: other chunks (-by the guess +in rounds):\n%s", c.what, d)
		}
		if images > limit*(100+c.extra)/100 || serial > limit*c.serial/100 {
			t.Errorf("%s: %d images are looked at, %d by one worker; %d are needed", c.what, images, serial, limit)
		}
	}
}
