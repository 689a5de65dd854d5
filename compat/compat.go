// Package compat proves that the real readers read what premix writes: webdataset with PyTorch,
// wids, Hugging Face datasets, timm, DALI, tf.data, TFDS, array_record, Grain, MosaicML
// streaming, Polars, DuckDB, Lance and the Python package tfrecord.
//
// Each reader is a small program in readers/ that prints what it saw; the tests compare that with
// what premix itself reads back. They are skipped unless PREMIX_COMPAT_PY names a Python that has
// the readers:
//
//	PREMIX_COMPAT_PY=$(compat/install.sh) go test ./compat
package compat

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// An Answer is what a reader saw of a split, as readers/common.py describes it. A field that the
// reader does not give is nil.
type Answer struct {
	Samples int64            `json:"samples"`
	Keys    *string          `json:"keys"`
	Rows    *string          `json:"rows"`
	Labels  map[string]int64 `json:"labels"`
	Lam     *float64         `json:"lam"`
	Soft    []float64        `json:"soft"`
	Encoded *string          `json:"encoded"`
	Pixels  *string          `json:"pixels"`
}

// Read returns the answer of premix itself: what its own reader says of the split, or replica,
// that lies in dir. It has pixels for PNG only.
func Read(dir, format string, spec shard.Spec) (*Answer, error) {
	f, err := formats.ByName(format)
	if err != nil {
		return nil, err
	}
	records, err := Records(dir, f, spec)
	if err != nil {
		return nil, err
	}
	a := &Answer{Labels: map[string]int64{}, Lam: new(float64)}
	var keys, rows, encoded, colours []string
	for _, r := range records {
		a.Samples++
		a.Labels[fmt.Sprint(r.Label)]++
		*a.Lam += r.Lam
		keys = append(keys, r.Key)
		pixels := int64(r.Lam*float64(spec.Size.H*spec.Size.W) + 0.5)
		rows = append(rows, fmt.Sprintf("%s %d %d %d %d %s", r.Key, r.Label, r.LabelA, r.LabelB, pixels, r.Source))
		encoded = append(encoded, hash(string(r.Image)))
		if spec.ImageFormat == "png" { // a JPEG may be decoded in several ways
			rgb, err := decode(r.Image)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.Key, err)
			}
			colours = append(colours, hash(rgb))
		}
		for i, v := range r.Soft {
			if a.Soft == nil {
				a.Soft = make([]float64, len(r.Soft))
			}
			a.Soft[i] += float64(v)
		}
	}
	a.Keys, a.Rows, a.Encoded = digest(keys), digest(rows), digest(encoded)
	if colours != nil {
		a.Pixels = digest(colours)
	}
	return a, nil
}

// decode returns the RGB pixels of a PNG, row by row.
func decode(data []byte) (string, error) {
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	var rgb []byte
	b := m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
			rgb = append(rgb, c.R, c.G, c.B)
		}
	}
	return string(rgb), nil
}

// Records returns all records of a small split, or replica, in order. Any deviation from what
// premix would have written is an error.
func Records(dir string, f shard.Format, spec shard.Spec) ([]shard.Record, error) {
	var records []shard.Record
	for i := range spec.Shards {
		name := filepath.Join(dir, filepath.FromSlash(f.ShardPath(spec, i)))
		if err := each(f, name, func(r *shard.Record) { records = append(records, *r) }); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// each calls yield for every record of a shard, and takes any deviation for an error.
func each(f shard.Format, name string, yield func(*shard.Record)) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	var found []error
	report := func(d shard.Deviation) { found = append(found, errors.New(d.String())) }
	r := f.NewReader(io.NewSectionReader(file, 0, info.Size()), shard.ReadOptions{Report: report})
	for {
		var rec shard.Record
		if err := r.Next(&rec); err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		yield(&rec)
	}
	if err := errors.Join(found...); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// digest is independent of the order of the lines.
func digest(lines []string) *string {
	slices.Sort(lines)
	h := hash(strings.Join(lines, "\n"))
	return &h
}
