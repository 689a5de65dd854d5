package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/hfparquet"
)

// parquetFile reads Parquet files in the layout of Hugging Face: image as struct<bytes, path>, label as
// an integer, class names in the metadata of the file. A row group is held in memory.
type parquetFile struct{ baseLayout }

// parquetColumns are the columns that make an entry. Without an Image, each file is asked.
type parquetColumns struct {
	Image   string
	Label   labelOptions // Key is the column once it is found
	Classes string       // hash of the class list that the files of the input declare, if any
}

// maxGroupBytes bounds a row group.
const maxGroupBytes = 2 << 30

func parquetName(base string) bool { return strings.HasSuffix(strings.ToLower(base), ".parquet") }

// openParquet opens a file; the error wraps hfparquet.ErrFormat if the file is at fault.
func (c Container) openParquet(ctx context.Context) (*hfparquet.File, blob.ReaderAt, error) {
	r, err := blob.OpenAt(ctx, c.URI)
	if err != nil {
		return nil, nil, fmt.Errorf("source: %s: %w", c.Name, err)
	}
	f, err := hfparquet.Open(r, r.Size(), maxGroupBytes)
	if err != nil {
		r.Close()
		return nil, nil, fmt.Errorf("source: %s: %w", c.Name, err)
	}
	return f, r, nil
}

// labelColumn finds the column of labels; empty if there is none.
func labelColumn(f *hfparquet.File, o Options) string {
	for _, n := range keysOr(o.LabelKey, "label", "labels", "class", "cls", "fine_label", "target") {
		if f.Has(n) {
			return n
		}
	}
	return ""
}

// discoverParquet makes a container of every Parquet file.
func discoverParquet(ctx context.Context, r root, o Options, d *discovery) error {
	shards, err := shardsOf(ctx, r, o, d, parquetName)
	if err != nil {
		return err
	}
	for _, s := range shards {
		d.Containers = append(d.Containers, r.container(s, layoutParquet))
	}
	columns := parquetColumns{Label: o.labels()}
	for _, c := range d.Containers[:min(3, len(d.Containers))] {
		f, closer, err := c.openParquet(ctx)
		if errors.Is(err, hfparquet.ErrUnsupported) && columns.Image == "" {
			return usagef("--in %s: %s: %v", r.in.URI, c.Name, reason(err))
		}
		if errors.Is(err, hfparquet.ErrFormat) {
			continue
		}
		if err != nil {
			return err
		}
		image, label := f.ImageColumn(), labelColumn(f, o)
		d.Classes = f.Classes(label)
		integers, kind := f.Integers(label)
		refused := refusedGroup(f, image, label)
		closer.Close()
		if columns.Image == "" {
			if pixels := f.Pixels(); image == "" && pixels != "" {
				return usagef("--in %s: the column %s of %s holds pixels, and images are encoded files: Spark's data source binaryFile keeps them as they are", r.in.URI, pixels, c.Name)
			}
			if image == "" {
				return usagef("--in %s: %s has no column of images (image: struct<bytes, path>)", r.in.URI, c.Name)
			}
			if several := f.ClassLabels(); label == "" && len(several) > 0 {
				return usagef("--in %s: %s has the labels %s: choose one with --label-key", r.in.URI, c.Name, strings.Join(several, ", "))
			}
			if label == "" {
				return usagef("--in %s: %s has no column of labels %s: name the column with --label-key", r.in.URI, c.Name, cmp.Or(o.LabelKey, "label"))
			}
			if !integers && !f.Texts(label) {
				return usagef("--in %s: the column %s of %s is %s, and labels are integers that count classes from 0, or texts: name another column with --label-key", r.in.URI, label, c.Name, kind)
			}
			if refused != nil {
				return usagef("--in %s: %s: %v", r.in.URI, c.Name, reason(refused))
			}
			columns.Image, columns.Label.Key = image, label
		}
		if d.Classes != nil {
			break // files without names are accepted too
		}
	}
	if columns.Image != "" {
		columns.Classes = hashClasses(d.Classes)
	}
	for i := range d.Containers {
		d.Containers[i].Parquet = columns
	}
	if d.Classes == nil {
		d.Classes, err = classesBeside(ctx, r.uri, "classes.txt")
	}
	return err
}

// refusedGroup says what the footer shows of the first row group that is not read; nil if all are.
func refusedGroup(f *hfparquet.File, image, label string) error {
	for g := range f.Groups() {
		if err := f.Refused(g, image, label); err != nil {
			return err
		}
	}
	return nil
}

// reason is an error of hfparquet without its first word.
func reason(err error) string { return strings.TrimPrefix(cause(err).Error(), "parquet: ") }

func hashClasses(classes []string) string {
	h := newHasher()
	for _, c := range classes {
		h.text(c)
	}
	return h.String()
}

func (parquetFile) identity(c Container, h *hasher) {
	h.field("classes", c.Parquet.Classes).field("image-key", c.Parquet.Image)
	c.Parquet.Label.identity(h)
}

func (l parquetFile) first(ctx context.Context, c Container) ([]Chunk, bool, error) {
	chunks, err := l.split(ctx, c, Options{ChunkImages: 1}) // row groups
	return chunks, true, err
}

func (l parquetFile) place(s *premix.Sample) string {
	if number, err := strconv.ParseInt(s.Key, 10, 64); err == nil {
		return fmt.Sprintf("row %d: ", number)
	}
	return l.baseLayout.place(s)
}

func (parquetFile) split(ctx context.Context, c Container, o Options) ([]Chunk, error) {
	whole := Chunk{Container: c, ID: c.identity().text("whole").String(), Stamp: c.stamp(), First: recordName(0)}
	f, closer, err := c.openParquet(ctx)
	if errors.Is(err, hfparquet.ErrFormat) {
		return []Chunk{whole}, nil // read says what is wrong
	}
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	classes, want := f.Classes(c.Parquet.Label.Key), c.Parquet.Classes
	switch {
	case classes == nil || want == "" || hashClasses(classes) == want:
	case want == hashClasses(nil):
		return nil, usagef("the file declares class names, and the first files of its input do not: name inputs by patterns, or give all files the same names")
	default:
		return nil, usagef("the file declares other classes than the first files of its input: the class lists of all files must be the same")
	}
	var chunks []Chunk
	row, from, most := int64(0), 0, int64(4*o.chunkImages()/3)
	add := func(end int, rows int64) {
		chunks = append(chunks, Chunk{
			Container: c, Seq: len(chunks), Offset: int64(from), End: int64(end), Base: row, Stamp: whole.Stamp,
			ID:    c.identity().num(int64(from)).num(int64(end)).num(row).String(),
			First: recordName(row), Last: recordName(row + rows - 1), EstImages: int(rows),
		})
		row, from = row+rows, end
	}
	pending := int64(0)
	for g := range f.Groups() {
		n := f.Rows(g)
		if pending > 0 && pending+n > most {
			add(g, pending)
			pending = 0
		}
		pending += n
	}
	if pending > 0 {
		add(f.Groups(), pending)
	}
	if len(chunks) == 0 {
		chunks = []Chunk{whole}
	}
	return chunks, nil
}

func (parquetFile) read(ctx context.Context, ch Chunk, o Options, maxBytes int64, yield func(Entry) error) error {
	c := ch.Container
	f, closer, err := c.openParquet(ctx)
	if errors.Is(err, hfparquet.ErrUnsupported) {
		return yield(loss(premix.Sample{Name: c.Name, Label: -1}, premix.Faultf(premix.Unsupported, "%s", reason(err)), c.Size))
	}
	if errors.Is(err, hfparquet.ErrFormat) {
		return c.noParquet(ctx, cause(err), yield)
	}
	if err != nil {
		return err
	}
	defer closer.Close()
	image, label := c.Parquet.Image, c.Parquet.Label.Key
	if image == "" {
		image, label = f.ImageColumn(), labelColumn(f, o)
	}
	row := ch.Base
	for g := ch.Offset; g < ch.End; g++ {
		next := row + f.Rows(int(g))
		if err := f.Refused(int(g), image, label); err != nil {
			if row < next {
				if err := yield(refusedRows(c.below(recordName(row)), f, int(g), row, image, reason(err))); err != nil {
					return err
				}
			}
			row = next
			continue
		}
		var stopped error
		err := f.Images(int(g), image, label, func(img hfparquet.Image) error {
			if stopped = ctx.Err(); stopped == nil {
				e := imageRow(c, row, img, label != "", c.Parquet.Label.Offset, maxBytes)
				e.at(fmt.Sprintf("row %d, in row group %d: ", row, g))
				stopped = yield(e)
			}
			row++
			return stopped
		})
		switch {
		case stopped != nil:
			return stopped
		case errors.Is(err, hfparquet.ErrFormat):
			if err := yieldLost(row, next, yield, func(n int64) Entry {
				s := premix.Sample{Name: c.below(recordName(n)), Label: -1}
				return failf(s, premix.StageScan, premix.Corrupt, "row %d, in row group %d: lost: %v", n, g, cause(err))
			}); err != nil {
				return err
			}
		case err != nil:
			return fmt.Errorf("source: %s: %w", c.Name, err)
		}
		row = next
	}
	return nil
}

// noParquet yields the row of a file that is not Parquet, or is damaged.
func (c Container) noParquet(ctx context.Context, why error, yield func(Entry) error) error {
	s := premix.Sample{Name: c.Name, Label: -1}
	head, err := c.readAt(ctx, 0, min(c.Size, tarBlock))
	if err != nil {
		return fmt.Errorf("source: %s: %w", c.Name, err)
	}
	if i := impostorOf(head, c.Size, ""); i != nil {
		return yield(loss(s, i.fault(), i.bytes))
	}
	return yield(loss(s, premix.Faultf(premix.Corrupt, "%v", why), max(c.Size, 1)))
}

// refusedRows is the row of a row group that the footer shows not to be read: one for all its images.
func refusedRows(name string, f *hfparquet.File, group int, row int64, image, why string) Entry {
	n := f.Rows(group)
	s := premix.Sample{Name: name, Label: -1}
	fault := premix.Faultf(premix.Unsupported, "row %d, in row group %d: %s; the row stands for all %d of the group", row, group, why, n)
	return lossOf(s, fault, f.Size(group, image), n)
}

// imageRow makes an entry of a row.
func imageRow(c Container, number int64, img hfparquet.Image, labelled bool, offset int, maxBytes int64) Entry {
	name := recordName(number)
	s := premix.Sample{
		Key: name, Name: c.below(name), Label: -1,
		Location: premix.Location{URI: c.URI, Offset: -1, Length: int64(len(img.Bytes))},
	}
	switch {
	case len(img.Bytes) == 0 && img.Path != "":
		return failf(s, premix.StageScan, premix.Unsupported, "the image is not in the file, only its path %s", shorten(img.Path))
	case len(img.Bytes) == 0:
		return failf(s, premix.StageScan, premix.Empty, "the image is empty")
	case int64(len(img.Bytes)) > maxBytes:
		return failf(s, premix.StageScan, premix.TooLarge, "%d bytes, the limit is %d", len(img.Bytes), maxBytes)
	case !labelled:
		return failf(s, premix.StageLabel, premix.NoLabel, "there is no column of labels")
	case img.NoLabel:
		return failf(s, premix.StageLabel, premix.NoLabel, "the label is null")
	}
	l, err := parquetLabel(img)
	if err == nil {
		err = l.shift(offset)
	}
	if err != nil {
		return fail(s, premix.StageLabel, err)
	}
	s.Label, s.Class = l.index, l.class
	s.Digest = DigestOf(img.Bytes)
	return Entry{Sample: s, Data: img.Bytes}
}

func parquetLabel(img hfparquet.Image) (label, error) {
	if img.Class != "" {
		return textLabel(img.Class)
	}
	return indexLabel(int64(img.Label))
}

// cause strips what this package has put before an error.
func cause(err error) error {
	if inner := errors.Unwrap(err); inner != nil && strings.HasPrefix(err.Error(), "source: ") {
		return inner
	}
	return err
}
