package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/premix/premix/dataset"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/internal/printable"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/formats"
	"github.com/premix/premix/io/shard"
)

// MostCompared is how many outputs [Compare] takes, and how many keys: a sheet of both has 100 megapixels.
const (
	MostCompared = 24
	MostKeys     = 100
)

// A Comparison shows the same keys of several outputs side by side.
type Comparison struct {
	Split   string     `json:"split"`
	Outputs []Compared `json:"outputs"`
	Keys    []Row      `json:"keys"`
	// Notes say where the outputs do not have the same samples.
	Notes []string `json:"notes,omitempty"`
}

// A Compared is one of the outputs of a comparison.
type Compared struct {
	Path    string `json:"path"`
	Format  string `json:"format"`
	Samples int64  `json:"samples"`

	title   string // what of its path differs from the others
	out     string
	shape   *dataset.Shape
	classes []string
	records []dataset.ShardRecord
	want    []place
}

// A Row is one key in all of the outputs.
type Row struct {
	Key     string    `json:"key"`
	Samples []*Record `json:"samples"` // one for each output; nil where it has no such key

	thumbs []thumbnail
}

// A place is where an output has the sample of a row.
type place struct {
	row, record int
	index       int64
}

// Compare finds the sample of a key in each of the outputs at the given paths; without a key, so many as
// o.Records says, from shards of the first output that are spread evenly. Of several formats the first is asked,
// of several splits the first, unless o.Split says another one.
func Compare(ctx context.Context, paths []string, key string, o Options) (*Comparison, error) {
	c := &Comparison{Split: o.Split}
	for i, path := range paths {
		at, err := openCompared(ctx, path, &c.Split)
		if err != nil {
			return nil, err
		}
		at.title = titleOf(paths, i)
		c.Outputs = append(c.Outputs, *at)
	}
	first := &c.Outputs[0]
	if key == "" {
		first.want = spread(first.records, min(o.records(), MostKeys))
	} else {
		record, index, ok := locate(first.records, key)
		if !ok {
			return nil, &NotFoundError{first.out, key, describeKeys(c.Split, first.records)}
		}
		first.want = []place{{0, record, index}}
	}
	c.Keys = make([]Row, len(first.want))
	for i := range c.Keys {
		c.Keys[i] = Row{Samples: make([]*Record, len(paths)), thumbs: make([]thumbnail, len(paths))}
	}
	for i := range c.Outputs {
		if err := c.read(ctx, i); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// openCompared reads what is known of an output before its shards. The first output decides the split.
func openCompared(ctx context.Context, path string, split *string) (*Compared, error) {
	out, splits, err := firstOutput(ctx, path, &Options{})
	if err != nil {
		return nil, err
	}
	if *split == "" && len(splits) > 0 {
		*split = splits[0]
	}
	if !slices.Contains(splits, *split) {
		return nil, &NoSplitError{path, *split, splits}
	}
	config, err := dataset.HeldConfig(ctx, out, *split)
	if err != nil {
		return nil, err
	}
	at := &Compared{Path: path, Format: config.Shape.Format, out: out, shape: &config.Shape}
	if at.classes, err = dataset.LoadClasses(ctx, out, *split); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if at.records, err = dataset.Records(ctx, out, *split); err != nil {
		return nil, err
	}
	for i := range at.records {
		at.Samples += at.records[i].Samples
	}
	return at, nil
}

// titleOf is what of a path differs from the others: their common parent is left out.
func titleOf(paths []string, i int) string {
	parent := func(p string) string { return p[:strings.LastIndexByte(strings.TrimRight(p, "/"), '/')+1] }
	for _, p := range paths {
		if parent(p) != parent(paths[0]) {
			return paths[i]
		}
	}
	return strings.TrimRight(paths[i][len(parent(paths[i])):], "/")
}

// spread is n samples, or all if there are fewer, from shards that are spread evenly: the first ones of each.
func spread(records []dataset.ShardRecord, n int) (all []place) {
	if n == 0 || len(records) == 0 {
		return nil
	}
	shards := evenly(min(n, len(records)), len(records))
	for i, at := range shards {
		most := min(int64(share(n-len(all), len(shards)-i)), records[at].Samples)
		for index := range most {
			all = append(all, place{len(all), at, index})
		}
	}
	return all
}

// read reads the samples of one output. The first one says the keys, and where the others have them.
func (c *Comparison) read(ctx context.Context, i int) error {
	at := &c.Outputs[i]
	format, err := formats.ByName(at.Format)
	if err != nil {
		return err
	}
	slices.SortFunc(at.want, func(a, b place) int { return cmp.Or(cmp.Compare(a.record, b.record), cmp.Compare(a.index, b.index)) })
	for want := at.want; len(want) > 0; {
		n := 1
		for n < len(want) && want[n].record == want[0].record {
			n++
		}
		if err := c.readShard(ctx, i, format, want[:n]); err != nil {
			return err
		}
		want = want[n:]
	}
	if i == 0 {
		c.locate()
		return nil
	}
	other := 0
	for k := range c.Keys {
		if a, b := c.Keys[k].Samples[0], c.Keys[k].Samples[i]; b != nil && a.Target != b.Target {
			other++
		}
	}
	if other > 0 {
		c.note("%s has other images than %s in %d of %s: their inputs, seeds or numbers of shards differ", at.title, c.Outputs[0].title, other, printable.Count(int64(len(c.Keys)), "key"))
	}
	return nil
}

// locate says where the other outputs have the keys of the first.
func (c *Comparison) locate() {
	for i := range c.Outputs[1:] {
		at := &c.Outputs[i+1]
		missing := 0
		for k := range c.Keys {
			if record, index, ok := locate(at.records, c.Keys[k].Key); ok {
				at.want = append(at.want, place{k, record, index})
			} else {
				missing++
			}
		}
		if missing > 0 {
			c.note("%s lacks %d of %s; it has %s", at.title, missing, printable.Count(int64(len(c.Keys)), "key"), describeKeys(c.Split, at.records))
		}
	}
}

// readShard reads the wanted samples of one shard, which are in order.
func (c *Comparison) readShard(ctx context.Context, i int, format shard.Format, want []place) error {
	at := &c.Outputs[i]
	uri := blob.Join(at.out, at.records[want[0].record].Path)
	reader, closer, err := dataset.OpenShard(ctx, format, uri, shard.ReadOptions{})
	if err != nil {
		return err
	}
	defer closer.Close()
	var rec shard.Record
	for index := int64(0); len(want) > 0; index++ {
		if err := reader.Next(&rec); err != nil {
			return fmt.Errorf("inspect: %s: %w", uri, noEOF(err))
		}
		if index < want[0].index {
			continue
		}
		row := &c.Keys[want[0].row]
		if i == 0 {
			row.Key = rec.Key
		}
		record := recordOf(&rec)
		record.Class = cmp.Or(record.Class, nameOf(at.classes, rec.Label))
		row.Samples[i] = &record
		row.thumbs[i] = recordThumbnail(&rec, func(label int) string { return classOf(at.classes, label) })
		row.thumbs[i].data = slices.Clone(rec.Image)
		want = want[1:]
	}
	return nil
}

func (c *Comparison) note(format string, args ...any) {
	c.Notes = append(c.Notes, printable.Line(printable.Sprintf(format, args...)))
}

// Title names the outputs.
func (c *Comparison) Title() string {
	var titles []string
	for i := range c.Outputs {
		titles = append(titles, c.Outputs[i].title)
	}
	return strings.Join(titles, ", ")
}

// WriteText writes the comparison for people: for each key what it is made of, and a line for each output.
func (c *Comparison) WriteText(w io.Writer) error {
	var b strings.Builder
	line := func(format string, args ...any) {
		b.WriteString(printable.Line(printable.Sprintf(format, args...)) + "\n")
	}
	wide := 0
	for i := range c.Outputs {
		at := &c.Outputs[i]
		line("%s: %s, %s in %s", at.title, at.Format, printable.Count(at.Samples, "sample"), c.Split)
		wide = max(wide, len(at.title))
	}
	for k := range c.Keys {
		row := &c.Keys[k]
		line("%s  %s", row.Key, row.images())
		for i, s := range row.Samples {
			at := &c.Outputs[i]
			name := at.title + strings.Repeat(" ", wide-len(at.title))
			switch {
			case s == nil:
				line("  %s  no such key", name)
			case s.Mixed:
				line("  %s  %.4f %s + %.4f %s  %s %v", name, s.Lam, dataset.ClassName(at.classes, s.LabelA), 1-s.Lam, dataset.ClassName(at.classes, s.LabelB), s.Method, s.Box)
			default:
				line("  %s  %s  %s", name, dataset.ClassName(at.classes, s.Label), s.Method)
			}
		}
	}
	for _, n := range c.Notes {
		line("note: %s", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// images says the target and the source of the key, as the first output that mixes them has them.
func (r *Row) images() string {
	for _, s := range r.Samples {
		if s != nil && s.Mixed {
			return s.Target + " <- " + s.Source
		}
	}
	return r.Samples[0].Target
}

// Sheet draws the comparison: a row for each key, a column for each output, with boxes and peaks as in
// [Report.ContactSheet].
func (c *Comparison) Sheet() (image.Image, error) {
	if len(c.Keys) == 0 {
		return nil, ErrNoPicture
	}
	lines := 1
	for k := range c.Keys {
		for i := range c.Keys[k].thumbs {
			lines = max(lines, len(c.Keys[k].thumbs[i].caption))
		}
	}
	height := lineHeight + thumbSide + lines*lineHeight + margin
	to := newCanvas(margin+len(c.Outputs)*(thumbSide+margin), 2*margin+lineHeight+len(c.Keys)*height)
	left := func(i int) int { return margin + i*(thumbSide+margin) }
	for i := range c.Outputs {
		to.text(left(i), margin, thumbSide, ink, c.Outputs[i].title)
	}
	var decoder imaging.Decoder
	var img imaging.Image
	for k := range c.Keys {
		row := &c.Keys[k]
		top := 2*margin + lineHeight + k*height
		to.text(margin, top, to.Bounds().Dx()-2*margin, faded, printable.Line(printable.Sprintf("%s  %s", row.Key, row.images())))
		for i := range c.Outputs {
			if row.Samples[i] == nil {
				to.text(left(i), top+lineHeight+thumbSide/2, thumbSide, faded, "no such key")
				continue
			}
			row.thumbs[i].draw(to, left(i), top+lineHeight, &decoder, &img)
		}
	}
	return to, nil
}
