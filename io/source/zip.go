package source

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/window"
	"github.com/premix/premix/io/zipfile"
	"github.com/zeebo/xxh3"
)

// zipped reads zip archives, whose folders are the classes, or whose images are in a list. A chunk is a part of the
// directory, by its bytes.
type zipped struct{ baseLayout }

// zipFolder is what the launcher knows of an archive.
type zipFolder struct {
	Directory zipfile.Directory
	Prefix    string // the folder that the archive counts as, where several lie side by side; or empty
}

func zipName(base string) bool {
	return strings.EqualFold(path.Ext(base), ".zip") && len(base) > len(".zip")
}

func (zipped) identity(c Container, h *hasher) {
	h.field("base", c.WebDataset.Base).field("prefix", c.Zip.Prefix).field("list-hash", c.List.Hash)
	if d := c.WebDataset.Depth; d != 0 {
		h.field("depth", strconv.Itoa(d))
	}
}

// split reads the directory. Where a name is there twice, one reader must see all members.
func (zipped) split(ctx context.Context, c Container, o Options) ([]Chunk, error) {
	var points []point
	seen := map[xxh3.Uint128]struct{}{}
	twice := false
	d := c.Zip.Directory
	err := c.walkZip(ctx, d.At, d.End, c.version(), func(m *zipfile.Member) error {
		name := member(m.Name)
		if m.Folder || junkPath(name) {
			return nil
		}
		h := xxh3.HashString128(name)
		if _, is := seen[h]; is {
			twice = true
		}
		seen[h] = struct{}{}
		points = append(points, point{name, m.At})
		return nil
	})
	if err != nil {
		return nil, err
	}
	whole := c.whole(max(int64(len(points)), 1))
	whole.Offset, whole.End = d.At, d.End
	if len(points) == 0 || twice {
		return []Chunk{whole}, nil
	}
	return cutAt(whole, points, o, nil, tarID)
}

// walkZip calls each for the records of a part of the directory. Since the directory was right when the archive was
// listed, a fault of it is a change of the file.
func (c Container) walkZip(ctx context.Context, from, end int64, v *blob.Version, each func(m *zipfile.Member) error) error {
	if from == end {
		return nil
	}
	w, f, err := c.openVersion(ctx, from, end, v)
	if err != nil {
		return fmt.Errorf("source: %s: %w", c.Name, err)
	}
	defer f.Close()
	if err := c.Zip.Directory.Walk(w, from, end, each); premix.AsFault(err) != nil {
		return fmt.Errorf("source: %s: the file was replaced since it was listed (%v): run again when nothing writes to it", c.Name, err)
	} else if err != nil {
		return fmt.Errorf("source: %s: %w", c.Name, err)
	}
	return ctx.Err()
}

func (zipped) read(ctx context.Context, ch Chunk, _ Options, maxBytes int64, yield func(Entry) error) error {
	r := &zipReader{c: ch.Container, version: ch.Container.version(), maxBytes: maxBytes, seen: map[xxh3.Uint128]struct{}{}}
	var err error
	if r.c.List.Kind != "" {
		if r.list, err = r.c.listOf(ctx); err != nil {
			return err
		}
	}
	defer r.close()
	var members []zipfile.Member
	err = r.c.walkZip(ctx, ch.Offset, ch.End, r.version, func(m *zipfile.Member) error {
		if !m.Folder {
			members = append(members, *m)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range members {
		r.end = max(r.end, members[i].End())
	}
	r.end = min(r.end, r.c.Zip.Directory.At)
	for i := range members {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, err := r.entry(ctx, &members[i])
		if err != nil {
			return fmt.Errorf("source: %s: %w", r.c.Name, err)
		}
		if r.list != nil {
			e = r.list.label(e, member(members[i].Name))
		}
		e.at(members[i].Place())
		if err := yield(e); err != nil {
			return err
		}
	}
	return nil
}

// A zipReader reads members of one chunk.
type zipReader struct {
	c        Container
	list     *labelList // or nil
	maxBytes int64
	version  *blob.Version
	seen     map[xxh3.Uint128]struct{}

	w    *window.Window // nil before the first member
	file io.Closer
	end  int64 // of the window: about where the last member ends
	zip  zipfile.Reader
	buf  []byte
}

func (r *zipReader) close() {
	if r.w != nil {
		r.file.Close()
	}
	r.w = nil
}

// at opens the window at a member, where it is not open yet.
func (r *zipReader) at(ctx context.Context, m *zipfile.Member) (err error) {
	if r.w == nil {
		r.w, r.file, err = r.c.openVersion(ctx, m.Header, r.end, r.version)
	}
	return err
}

func (r *zipReader) entry(ctx context.Context, m *zipfile.Member) (Entry, error) {
	name := member(m.Name)
	s := premix.Sample{
		Key: stem(name), Name: r.c.below(name), Label: -1,
		Location: premix.Location{URI: r.c.zipURI(), Offset: m.Header, Length: m.Size},
	}
	side := Entry{Sample: s, Ignored: true}
	if name == "" || junkPath(name) {
		return side, nil
	}
	image, fault := imageName(name), m.Fault(r.maxBytes)
	if !image && (textName(name) || fault != nil && fault.Kind != premix.TooLarge || !m.Readable()) {
		return side, nil
	}
	if !image {
		if err := r.at(ctx, m); err != nil {
			return side, err
		}
		head, err := r.zip.Peek(r.w, m, sniffBytes)
		if err != nil || imaging.Sniff(head) == imaging.Unknown {
			return side, err
		}
	}
	inside := true
	if r.list == nil {
		if s.Class, inside = r.c.WebDataset.classOf(below(r.c.Zip.Prefix, name)); !inside {
			side.Outside = true
			return side, nil
		}
	}
	h := xxh3.HashString128(name)
	_, twice := r.seen[h]
	r.seen[h] = struct{}{}
	switch {
	case twice:
		return failf(s, premix.StageScan, premix.Duplicate, "a second member of this name"), nil
	case r.list == nil && s.Class == "" && r.c.WebDataset.Folders:
		return failf(s, premix.StageLabel, premix.NoLabel, "an image outside of any class folder has no label"), nil
	case fault != nil:
		return fail(s, premix.StageScan, fault), nil
	}
	data, err := r.contents(ctx, m)
	if premix.AsFault(err) != nil {
		return fail(s, premix.StageScan, err), nil
	} else if err != nil {
		return Entry{}, err
	}
	s.Digest = DigestOf(data)
	return Entry{Sample: s, Data: data, Seekable: true}, nil
}

// contents reads a member. A field that only its own header tells of may let it end behind the window.
func (r *zipReader) contents(ctx context.Context, m *zipfile.Member) (data []byte, err error) {
	for {
		if err := r.at(ctx, m); err != nil {
			return nil, err
		}
		data, err = r.zip.Read(r.w, r.buf, m)
		r.buf = data
		f, directory := premix.AsFault(err), r.c.Zip.Directory.At
		if f == nil || f.Kind != premix.Truncated || r.end == directory {
			return data, err
		}
		r.close()
		r.end = directory
	}
}

// zipScheme begins the place of a member, which is read again with its own header: zip:SIZE:URI, the size being that
// of the archive.
const zipScheme = "zip:"

func (c Container) zipURI() string { return fmt.Sprintf("%s%d:%s", zipScheme, c.Size, c.URI) }

func (zipped) uri(c Container, _ *premix.Sample) string { return c.zipURI() }

// fetchZipped reads a member again, in one request where its header has no long fields.
func fetchZipped(ctx context.Context, dst []byte, l premix.Location) ([]byte, error) {
	text, uri, _ := strings.Cut(strings.TrimPrefix(l.URI, zipScheme), ":")
	size, err := strconv.ParseInt(text, 10, 64)
	if err != nil || l.Length < 0 || l.Offset > size {
		return nil, fmt.Errorf("source: %s is not the place of a member of a zip archive", l.URI)
	}
	const fields = 1 << 10
	want := min(size-l.Offset, l.Length+l.Length/64+fields)
	for {
		packed, err := blob.ReadRange(ctx, nil, uri, l.Offset, want)
		if err != nil {
			return nil, err
		}
		var r zipfile.Reader
		data, err := r.Again(window.At(bytes.NewReader(packed), 0, want, want), dst, l.Length)
		if (err == io.ErrUnexpectedEOF || premix.AsFault(err) != nil) && want < min(size-l.Offset, 3*l.Length+1<<18) {
			want = min(size-l.Offset, 3*l.Length+1<<18)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("source: %s: the member at byte %d is another one now: %w", uri, l.Offset, io.ErrUnexpectedEOF)
		}
		return data, nil
	}
}
