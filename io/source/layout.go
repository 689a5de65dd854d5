package source

import (
	"context"
	"fmt"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// The layouts, as [Container].Layout names them.
const (
	layoutFolder   = "imagefolder" // one class folder, recursive
	layoutFlat     = "flatfolder"  // one folder of images whose labels are in a list
	layoutTar      = "webdataset"  // a tar of samples: members that share a key
	layoutClassTar = "classtar"    // a tar of images that are all of one class
	layoutListTar  = "listtar"     // a tar of images whose labels are in a list
	layoutRecord   = "tfrecord"    // a TFRecord file of tf.train.Examples
	layoutArray    = "arrayrecord" // an ArrayRecord file of tf.train.Examples
	layoutParquet  = "parquet"     // a Parquet file with the columns of Hugging Face
	layoutZip      = "zip"         // a zip archive of images in class folders, or with labels in a list
	layoutSynth    = "synth"       // images drawn by code
)

// layouts are the kinds of containers. A new one needs a line here, and one in formats if inputs of
// it are found in a new way.
var layouts = map[string]layout{
	layoutFolder:   folder{},
	layoutFlat:     flatFolder{},
	layoutTar:      sampleTar{},
	layoutClassTar: imageTar{},
	layoutListTar:  imageTar{},
	layoutRecord:   recordFile{},
	layoutArray:    arrayFile{},
	layoutParquet:  parquetFile{},
	layoutZip:      zipped{},
	layoutSynth:    drawn{},
}

// A layout is how the containers of one kind are cut and read.
type layout interface {
	// split and read are those of the package, for containers of the layout.
	split(ctx context.Context, c Container, o Options) ([]Chunk, error)
	read(ctx context.Context, c Chunk, o Options, maxBytes int64, yield func(Entry) error) error
	// identity adds to the ID of a chunk what the layout knows of its container.
	identity(c Container, h *hasher)
	// first are chunks to look for the first labels in. There are none where labels are names of
	// folders or of a list. whole says that the end of the last one is that of the container.
	first(ctx context.Context, c Container) (chunks []Chunk, whole bool, err error)
	// uri is where an entry of the container is fetched from.
	uri(c Container, s *premix.Sample) string
	// place is [Place].
	place(s *premix.Sample) string
}

// baseLayout is embedded for what most layouts have in common.
type baseLayout struct{}

func (baseLayout) identity(Container, *hasher) {}

func (baseLayout) first(context.Context, Container) ([]Chunk, bool, error) { return nil, false, nil }

func (baseLayout) uri(c Container, _ *premix.Sample) string { return c.URI }

func (baseLayout) place(s *premix.Sample) string {
	if at := s.Location.Offset; at > 0 {
		return fmt.Sprintf("image at byte %d: ", at)
	}
	return ""
}

// unknownLayout is the layout of a container of another version of premix.
type unknownLayout struct{ baseLayout }

func (unknownLayout) split(_ context.Context, c Container, _ Options) ([]Chunk, error) {
	return nil, fmt.Errorf("source: %s: unknown layout %q", c.Name, c.Layout)
}

func (l unknownLayout) read(ctx context.Context, c Chunk, o Options, _ int64, _ func(Entry) error) error {
	_, err := l.split(ctx, c.Container, o)
	return err
}

func layoutOf(name string) layout {
	if l, ok := layouts[name]; ok {
		return l
	}
	return unknownLayout{}
}

// Split cuts a container into chunks, in order. It lists the entries of a folder and the headers
// of a container where that is cheap; it opens no image. The entries of all chunks together do
// not depend on ChunkImages.
func Split(ctx context.Context, c Container, o Options) ([]Chunk, error) {
	return layoutOf(c.Layout).split(ctx, c, o)
}

// Read streams a chunk once and yields its entries in order. Entries larger than maxBytes become
// faults before they are read; maxBytes ≤ 0 means 128 MiB. An error of yield ends it and is
// returned as it is.
func Read(ctx context.Context, c Chunk, o Options, maxBytes int64, yield func(Entry) error) error {
	if maxBytes <= 0 {
		maxBytes = 128 << 20
	}
	return unchanged(ctx, c.Container, func() error {
		return layoutOf(c.Container.Layout).read(ctx, c, o, maxBytes, func(e Entry) error { return yield(placed(e)) })
	})
}

// unchanged reads a container, and fails where it is a local file that has another size or time behind that than
// before: what was read may be of two contents.
func unchanged(ctx context.Context, c Container, read func() error) error {
	if !blob.IsLocal(c.URI) {
		return read()
	}
	before, err := blob.Stat(ctx, c.URI)
	if err != nil || before.Dir {
		return read()
	}
	if err := read(); err != nil {
		return err
	}
	after, err := blob.Stat(ctx, c.URI)
	if err != nil || after.Size != before.Size || !after.ModTime.Equal(before.ModTime) {
		return fmt.Errorf("source: %s: the file has changed while it was read; run again when nothing writes to it", c.URI)
	}
	return nil
}

// Seekable says that Fetch can read the chunk's entries again, one by one. Where the container is
// compressed, as pages of Parquet and chunks of ArrayRecord are too, entries must be copied aside while they are read.
func (c *Chunk) Seekable() bool {
	l := c.Container.Layout
	return l != layoutParquet && l != layoutArray && c.Container.Compression == ""
}

// Relocate sets the URI of a sample's location to the present place of its container: a cache
// may be older than a move of the input.
func Relocate(c Container, s *premix.Sample) {
	s.Location.URI = layoutOf(c.Layout).uri(c, s)
}

// Fetch reads the bytes of an entry again, in dst's memory if that suffices. It works for
// entries that were Seekable, and for all drawn ones. Its errors are of the environment.
func Fetch(ctx context.Context, dst []byte, l premix.Location) ([]byte, error) {
	if strings.HasPrefix(l.URI, synthScheme) {
		return fetchDrawn(dst, l)
	}
	if strings.HasPrefix(l.URI, zipScheme) {
		return fetchZipped(ctx, dst, l)
	}
	if l.Offset < 0 {
		return nil, fmt.Errorf("source: %s: an entry of a compressed container cannot be read again by itself", l.URI)
	}
	return blob.ReadRange(ctx, dst, l.URI, l.Offset, l.Length)
}

// Place begins a message about an entry of a container of a layout that is not being read any more:
// where it is, as far as the sample says. It is empty for a file of its own.
func Place(layout string, s *premix.Sample) string { return layoutOf(layout).place(s) }
