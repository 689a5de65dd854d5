package dataset

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/premix/premix/io/shard"
)

//go:embed templates
var templateFiles embed.FS

// readmeTemplate makes the README.md of today, and firstReadme those that the first version wrote, which
// say nothing of their own content and so are made again to be checked.
var readmeTemplate, firstReadme = parseReadme("templates/*.md"), parseReadme("templates/first/*.md")

func parseReadme(pattern string) *template.Template {
	return template.Must(template.New("readme.md").Funcs(template.FuncMap{
		"hyphen": func(s string) string { return strings.ReplaceAll(s, "_r", "-r") },
	}).ParseFS(templateFiles, pattern))
}

// readmeData is the data of the templates of README.md. Nothing in it depends on the place of the
// output, so the file is the same wherever it is made.
type readmeData struct {
	*Manifest // of the first split by name, train if there is one
	Splits    []readmeSplit
	Dense     bool // its labels are dense
	Half      bool // and float16
	// HardEval says that the split for evaluation lacks such labels, so that programs take its class indices.
	HardEval bool
	Mixed    bool
	Replicas bool // the first split has more than one
	// Unnumbered says that names of its first replica have no number.
	Unnumbered bool
	Shape      Shape
	Root       string // folder of the shards below the output, for tfds and array_record
	Smoothing  string // of the labels of the first split; empty if none
}

type readmeSplit struct {
	Name     string
	Samples  int64
	Shards   int
	Bytes    string
	Replicas int
	Form     string
	Mean     string // of λ over the mixed samples
	First    readmeShards
	All      []readmeShards // of each replica
}

// newReadme describes all finished splits.
func newReadme(format shard.Format, manifests []*Manifest) *readmeData {
	d := new(readmeData)
	for _, m := range manifests {
		if len(m.Replicas) == 0 || len(m.Replicas[0].Shards) == 0 {
			continue
		}
		if d.Manifest == nil || m.Shape.Split == "train" {
			d.Manifest = m
		}
		d.Splits = append(d.Splits, splitOf(format, m))
	}
	d.Shape = d.Manifest.Shape
	d.Dense, d.Half = d.Shape.LabelForm != shard.Pair, d.Shape.LabelForm == shard.Dense16
	if eval := d.Eval(); eval != nil {
		d.HardEval = d.Dense && eval.Form == shard.Pair
	}
	d.Replicas = len(d.Manifest.Replicas) > 1
	d.Unnumbered = !d.Manifest.Replicas[0].Numbered
	for _, s := range d.Manifest.Statistics {
		d.Mixed = d.Mixed || s.Mixed > 0
	}
	d.Root = path.Dir(d.Manifest.Replicas[0].Shards[0].Name)
	var recipe struct{ Smoothing json.Number }
	if err := json.Unmarshal(d.Recipe, &recipe); err == nil && d.Dense {
		if v, err := recipe.Smoothing.Float64(); err == nil && v != 0 {
			d.Smoothing = recipe.Smoothing.String()
		}
	}
	return d
}

// readmeText returns README.md for all finished splits. It ends with its own hash.
func readmeText(format shard.Format, manifests []*Manifest) ([]byte, error) {
	text, err := newReadme(format, manifests).execute(readmeTemplate, format.Name()+".md")
	if err != nil {
		return nil, err
	}
	return readmeSeal(readmeVersion).seal(append(text, '\n')), nil
}

// readmeVersion is the number of the text of README.md. A release that changes a template raises it, since
// verify wants the very bytes of a README with this number.
const readmeVersion = "2"

var readmeEnd = regexp.MustCompile(`<!-- premix README ([0-9]+), sha256 [0-9a-f]{64} -->\n$`)

func readmeSeal(version string) sealForm {
	return sealForm{"<!-- premix README " + version + ", sha256 ", " -->\n", ""}
}

// EarlierReadme reports whether data is the README.md that another version of premix writes for these
// splits: its text is not today's, but it is whole, and has the name of the set, the same table of splits
// and the same shards.
func EarlierReadme(format shard.Format, manifests []*Manifest, data []byte) bool {
	d := newReadme(format, manifests)
	end := readmeEnd.FindSubmatch(data)
	if end == nil {
		first, err := d.execute(firstReadme, format.Name()+".md")
		return err == nil && bytes.Equal(first, data)
	}
	version := string(end[1])
	content, _, err := readmeSeal(version).unseal(data)
	if err != nil || version == readmeVersion {
		return false
	}
	table, err := d.execute(readmeTemplate, "table")
	return err == nil && bytes.Contains(content, table) && bytes.Count(content, []byte(tableHead)) == 1 &&
		bytes.Contains(content, []byte("\n# "+d.Shape.Name+"\n")) && d.Main().namedIn(content)
}

// namedIn reports whether a text has the pattern of each replica: one by one, or as the list of a program.
func (s readmeSplit) namedIn(text []byte) bool {
	missing := slices.ContainsFunc(s.All, func(r readmeShards) bool { return !bytes.Contains(text, []byte(`"`+r.Exact+`"`)) })
	return !missing || bytes.Contains(text, []byte(s.Globs()))
}

// tableHead is the first line of the table of splits.
const tableHead = "| split | samples | shards | size | replicas | labels | mean lam |"

func (d *readmeData) execute(t *template.Template, name string) ([]byte, error) {
	var b bytes.Buffer
	if t.Lookup(name) == nil {
		return nil, fmt.Errorf("dataset: README.md has no template %s", name)
	}
	if err := t.ExecuteTemplate(&b, name, d); err != nil {
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

// Eval returns the split that the examples evaluate on, or nil: validation, or else another one.
func (d *readmeData) Eval() *readmeSplit {
	var eval *readmeSplit
	for i, s := range d.Splits {
		if s.Name != d.Shape.Split && (eval == nil || s.Name == "validation") {
			eval = &d.Splits[i]
		}
	}
	return eval
}

// HW returns the size of the images in words.
func (d *readmeData) HW() string {
	h, w := d.Shape.Size[0], d.Shape.Size[1]
	if h == w {
		return fmt.Sprintf("%d × %d pixels", h, w)
	}
	return fmt.Sprintf("%d pixels high and %d wide", h, w)
}

// SizeCategory returns the Hub's word for the number of samples.
func (d *readmeData) SizeCategory() string {
	var n int64
	for _, s := range d.Splits {
		n += s.Samples
	}
	names := []string{"1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T"}
	limit := int64(1000)
	for i, name := range names {
		if n < limit {
			if i == 0 {
				return "n<" + name
			}
			return names[i-1] + "<n<" + name
		}
		limit *= 10
	}
	return "n>1T"
}

// A readmeConfig is a configuration of the data set, as Hugging Face calls it: the default one has the
// first replica of each split, each other one a replica of those splits that have it.
type readmeConfig struct {
	Name   string
	Splits []readmeShards
}

// order is the number of the replica, and −1 of the default configuration, whose splits may have several.
func (c readmeConfig) order() int {
	if c.Name == defaultConfig {
		return -1
	}
	return c.Splits[0].Replica
}

// Configs returns the configurations: the default one, then the others by the number of their replica. Splits with
// dense labels are the last ones of a configuration, since datasets takes from its last split which members the
// samples of all splits have, and leaves out what those of the others have more.
func (d *readmeData) Configs() []readmeConfig {
	var configs []readmeConfig
	splits := slices.Clone(d.Splits)
	slices.SortStableFunc(splits, func(a, b readmeSplit) int { return a.members() - b.members() })
	for _, s := range splits {
		for _, r := range s.All {
			i := slices.IndexFunc(configs, func(c readmeConfig) bool { return c.Name == r.Config })
			if i < 0 {
				i = len(configs)
				configs = append(configs, readmeConfig{Name: r.Config})
			}
			configs[i].Splits = append(configs[i].Splits, r)
		}
	}
	slices.SortStableFunc(configs, func(a, b readmeConfig) int { return a.order() - b.order() })
	return configs
}

// members is 1 for a split whose samples have a member with the dense label, and 0 for the others.
func (s readmeSplit) members() int {
	if s.Form == shard.Pair {
		return 0
	}
	return 1
}

func splitOf(format shard.Format, m *Manifest) readmeSplit {
	s := readmeSplit{Name: m.Shape.Split, Replicas: len(m.Replicas), Form: m.Shape.LabelForm}
	var bytes int64
	for _, r := range m.Replicas {
		s.Samples += r.Samples
		s.Shards += len(r.Shards)
		bytes += r.Bytes
	}
	s.All = replicasOf(format, m)
	s.First = s.All[0]
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
	return bytes.Contains(data, []byte("by premix")) && bytes.Contains(data, []byte(tableHead))
}
