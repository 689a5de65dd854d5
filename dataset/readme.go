package dataset

import (
	"bytes"
	"embed"
	"fmt"
	"path"
	"strings"
	"text/template"

	"github.com/premix/premix/io/shard"
)

//go:embed templates
var templateFiles embed.FS

var readmeTemplate = template.Must(template.New("readme.md").Funcs(template.FuncMap{
	"hyphen": func(s string) string { return strings.ReplaceAll(s, "_r", "-r") },
}).ParseFS(templateFiles, "templates/*.md"))

// readmeData is the data of the templates of README.md. Nothing in it depends on the place of the
// output, so the file is the same wherever it is made.
type readmeData struct {
	*Manifest // of the first split by name, train if there is one
	Splits    []readmeSplit
	Dense     bool // every split has dense labels
	Mixed     bool
	Replicas  bool // the first split has more than one
	// Unnumbered says that names of its first replica have no number.
	Unnumbered bool
	Soft       string // the label of a sample as a Python expression
	Shape      Shape
	Root       string // folder of the shards below the output, for tfds
}

type readmeSplit struct {
	Name     string
	Samples  int64
	Shards   int
	Bytes    string
	Replicas int
	Form     string
	Mean     string // of λ over the mixed samples
	First    Patterns
	Each     []Patterns // of the replicas, in order
}

// readmeText returns README.md for all finished splits.
func readmeText(format shard.Format, manifests []*Manifest) ([]byte, error) {
	name := format.Name() + ".md"
	if readmeTemplate.Lookup(name) == nil {
		return nil, fmt.Errorf("dataset: no README for the format %s", format.Name())
	}
	var d readmeData
	d.Dense = true
	for _, m := range manifests {
		if len(m.Replicas) == 0 || len(m.Replicas[0].Shards) == 0 {
			continue
		}
		if d.Manifest == nil || m.Shape.Split == "train" {
			d.Manifest = m
		}
		d.Dense = d.Dense && m.Shape.LabelForm != shard.Pair
		d.Splits = append(d.Splits, splitOf(format, m))
	}
	d.Shape = d.Manifest.Shape
	d.Replicas = len(d.Manifest.Replicas) > 1
	d.Unnumbered = !d.Manifest.Replicas[0].Numbered
	for _, s := range d.Manifest.Statistics {
		d.Mixed = d.Mixed || s.Mixed > 0
	}
	d.Root = path.Dir(d.Manifest.Replicas[0].Shards[0].Name)
	var b bytes.Buffer
	if err := readmeTemplate.ExecuteTemplate(&b, name, &d); err != nil {
		return nil, fmt.Errorf("dataset: README: %w", err)
	}
	return b.Bytes(), nil
}

// Main returns the split that the examples read.
func (d *readmeData) Main() readmeSplit {
	for _, s := range d.Splits {
		if s.Name == d.Shape.Split {
			return s
		}
	}
	return d.Splits[0]
}

// HW returns the size of the images in words.
func (d *readmeData) HW() string {
	h, w := d.Shape.Size[0], d.Shape.Size[1]
	if h == w {
		return fmt.Sprintf("%d × %d pixels", h, w)
	}
	return fmt.Sprintf("%d pixels high and %d wide", h, w)
}

func splitOf(format shard.Format, m *Manifest) readmeSplit {
	s := readmeSplit{Name: m.Shape.Split, Replicas: len(m.Replicas), Form: m.Shape.LabelForm}
	var bytes int64
	for _, r := range m.Replicas {
		s.Samples += r.Samples
		s.Shards += len(r.Shards)
		bytes += r.Bytes
	}
	s.Bytes = Bytes(bytes)
	var mixed, sum float64
	for _, st := range m.Statistics {
		if st.Mixed > 0 {
			mixed += float64(st.Samples)
			sum += float64(float64(st.Lam.Mean) * float64(st.Samples))
		}
	}
	s.Mean = "–"
	if mixed > 0 {
		s.Mean = fmt.Sprintf("%.3f", sum/mixed)
	}
	s.Each = m.Patterns(format)
	s.First = s.Each[0]
	return s
}

// Bytes formats a number of bytes for people, in powers of 1000: 1.4 GB.
func Bytes(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB", "PB"}
	v, u := float64(n), 0
	for v >= 999.5 && u < len(units)-1 {
		v /= 1000
		u++
	}
	switch {
	case u == 0:
		return fmt.Sprintf("%d B", n)
	case v < 10:
		return fmt.Sprintf("%.1f %s", v, units[u])
	}
	return fmt.Sprintf("%.0f %s", v, units[u])
}

// IsReadme reports whether a README.md is one that premix wrote for an output.
func IsReadme(data []byte) bool {
	return bytes.Contains(data, []byte("by premix")) && bytes.Contains(data, []byte("| split | samples | shards | size | replicas | labels | mean lam |"))
}
