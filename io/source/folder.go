package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/blob"
)

// folder reads folders of images of one class, flatFolder those with labels in a list.
type (
	folder     struct{ baseLayout }
	flatFolder struct{ folder }
)

// sniffObject reports whether the first bytes of a file are those of an image.
func sniffObject(ctx context.Context, o blob.Object) (bool, error) {
	if o.Special != "" || o.Size == 0 {
		return false, nil
	}
	head, err := blob.ReadRange(ctx, nil, o.URI, 0, min(o.Size, sniffBytes))
	if err != nil {
		return false, fmt.Errorf("source: %w", err)
	}
	return imaging.Sniff(head) != imaging.Unknown, nil
}

// sniffBytes is how much of an entry imaging.Sniff wants to see.
const sniffBytes = 32

type fileInfo struct {
	name       string // below the folder
	unreadable string // why it cannot be read, or empty
	size       int64
	mtime      int64
	etag       string
}

// identity is what cuts and chunk IDs know the file by.
func (f *fileInfo) identity() string {
	if f.unreadable == "" {
		return f.name
	}
	return "\x00" + f.unreadable + "\x00" + f.name
}

func (folder) split(ctx context.Context, c Container, o Options) ([]Chunk, error) {
	var files []fileInfo
	for obj, err := range blob.Walk(ctx, c.URI) {
		if err != nil {
			return nil, fmt.Errorf("source: %s: %w", c.Name, err)
		}
		name, ok := blob.Rel(c.URI, obj.URI)
		if !ok {
			return nil, fmt.Errorf("source: %s: %s is not below it", c.Name, obj.URI)
		}
		unreadable := obj.Special
		if !utf8.ValidString(name) {
			unreadable = "the name is not UTF-8: rename the file"
		}
		if c.Direct && strings.Contains(name, "/") {
			continue
		}
		files = append(files, fileInfo{escape(name), unreadable, obj.Size, modTime(obj), obj.ETag})
	}
	name := func(i int) string { return files[i].identity() }
	size := func(i int) int { return len(files[i].identity()) }
	var chunks []Chunk
	from := 0
	for _, end := range cuts(len(files), o.chunkImages(), name, size) {
		chunks = append(chunks, folderChunk(c, len(chunks), files[from:end]))
		from = end
	}
	return chunks, nil
}

func folderChunk(c Container, seq int, files []fileInfo) Chunk {
	id, stamp := c.identity(), newHasher()
	ch := Chunk{Container: c, Seq: seq, Names: make([]string, len(files))}
	for i, f := range files {
		ch.Names[i] = f.name
		if f.unreadable != "" {
			if ch.Unreadable == nil {
				ch.Unreadable = make([]string, len(files))
			}
			ch.Unreadable[i] = f.unreadable
		}
		id.text(f.identity()).num(f.size)
		stamp.num(f.mtime).text(f.etag)
		if imageName(f.name) {
			ch.EstImages++
		}
	}
	ch.First, ch.Last = files[0].name, files[len(files)-1].name
	ch.ID, ch.Stamp = id.String(), stamp.String()
	return ch
}

func (folder) uri(c Container, s *premix.Sample) string {
	return blob.Below(c.URI, strings.TrimPrefix(s.Name, c.below("")))
}

func (folder) read(ctx context.Context, c Chunk, _ Options, maxBytes int64, yield func(Entry) error) error {
	var buf []byte
	for i, name := range c.Names {
		if err := ctx.Err(); err != nil {
			return err
		}
		unreadable := ""
		if c.Unreadable != nil {
			unreadable = c.Unreadable[i]
		}
		e, err := folderEntry(ctx, c.Container, name, unreadable, maxBytes, &buf)
		if err != nil {
			return err
		}
		if err := yield(e); err != nil {
			return err
		}
	}
	return nil
}

func (folder) identity(c Container, h *hasher) {
	if c.Direct {
		h.field("direct", "yes")
	}
}

func (flatFolder) identity(c Container, h *hasher) { h.field("list-hash", c.List.Hash) }

func (l flatFolder) read(ctx context.Context, c Chunk, o Options, maxBytes int64, yield func(Entry) error) error {
	list, err := c.Container.listOf(ctx)
	if err != nil {
		return err
	}
	return l.folder.read(ctx, c, o, maxBytes, func(e Entry) error {
		return yield(list.label(e, strings.TrimPrefix(e.Sample.Name, c.Container.below(""))))
	})
}

func folderEntry(ctx context.Context, c Container, name, unreadable string, maxBytes int64, buf *[]byte) (Entry, error) {
	s := premix.Sample{
		Key: stem(name), Name: c.below(name), Label: -1, Class: c.Class,
		Location: premix.Location{URI: blob.Below(c.URI, name), Length: -1},
	}
	claims := imageName(name)
	switch {
	case junkPath(name), unreadable != "" && !claims:
		return Entry{Sample: s, Ignored: true}, nil
	case unreadable != "":
		return failf(s, premix.StageScan, premix.Unsupported, "%s", unreadable), nil
	}
	data, err := readFile(ctx, *buf, s.Location.URI, claims, maxBytes)
	if cap(data) > cap(*buf) {
		*buf = data
	}
	switch {
	case errors.Is(err, errNoImage):
		return Entry{Sample: s, Ignored: true}, nil
	case premix.AsFault(err) != nil:
		return fail(s, premix.StageScan, err), nil
	case errors.Is(err, fs.ErrNotExist):
		return Entry{}, fmt.Errorf("source: %s: %w: it was there when the input was listed; run again to list it anew", s.Name, err)
	case err != nil:
		return Entry{}, fmt.Errorf("source: %s: %w", s.Name, err)
	}
	s.Digest = DigestOf(data)
	return Entry{Sample: s, Data: data, Seekable: true}, nil
}

var errNoImage = errors.New("no image")

// readFile reads a whole file. Where its name does not claim an image, the first bytes must;
// the error is errNoImage otherwise.
func readFile(ctx context.Context, dst []byte, uri string, claims bool, maxBytes int64) ([]byte, error) {
	r, err := blob.OpenOnce(ctx, uri)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	size := r.Size()
	if !claims {
		var head [sniffBytes]byte
		n, err := r.ReadAt(head[:min(size, sniffBytes)], 0)
		if err != nil && err != io.EOF {
			return nil, err
		}
		if imaging.Sniff(head[:n]) == imaging.Unknown {
			return nil, errNoImage
		}
	}
	switch {
	case size == 0:
		return nil, premix.Faultf(premix.Empty, "the file is empty")
	case size > maxBytes:
		return nil, premix.Faultf(premix.TooLarge, "%d bytes, the limit is %d", size, maxBytes)
	}
	dst = slices.Grow(dst[:0], int(size))[:size]
	if n, err := r.ReadAt(dst, 0); n < len(dst) {
		if err == io.EOF {
			err = fmt.Errorf("the file became shorter while it was read: %w", io.ErrUnexpectedEOF)
		}
		return nil, err
	}
	return dst, nil
}
