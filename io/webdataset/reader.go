package webdataset

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/premix/premix/io/npy"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tarfile"
	"github.com/premix/premix/io/window"
)

// reader implements shard.Reader.
type reader struct {
	walk   *tarfile.Walker
	limit  int64
	lint   *lint // nil unless deviations are wanted
	next   tarfile.Member
	have   bool // there is a next member
	count  int64
	err    error // final, once the record before it was returned
	number int64 // of the next record
	offset int64 // of the last record
	first  string
	group  group
}

// A group is the members of one sample, as far as they have been read.
type group struct {
	key   string
	exts  []byte // each behind a space
	seen  map[string]bool
	image bool
	cls   []byte
	json  []byte
	soft  []byte
	bad   error // the first defect
}

// mostExts is how many extensions a set may have had that is used again: to clear it takes as long as what it once
// held, for each of the samples that follow.
const mostExts = 64

func newReader(r io.Reader, o shard.ReadOptions) *reader {
	w := window.Stream(bufio.NewReaderSize(r, bufferSize), 0, -1, -1)
	t := &reader{walk: tarfile.New(w, 0, tarfile.Options{Strict: true}), limit: o.Limit()}
	if o.Report != nil {
		t.lint = &lint{report: o.Report, keys: map[string]bool{}}
	}
	return t
}

func (t *reader) Offset() int64 { return t.offset }

// Next collects members until one of another key, or the end marker, shows that the sample is
// whole. Where an error shows up instead, the sample counts as whole only if it has the members
// of the first one, of which that cannot be known.
func (t *reader) Next(rec *shard.Record) error {
	rec.Reset()
	if t.err == nil && !t.have {
		t.advance()
	}
	if t.err != nil {
		return t.err
	}
	g := &t.group
	if len(g.seen) > mostExts {
		g.seen = nil
	}
	clear(g.seen)
	*g = group{exts: g.exts[:0], seen: g.seen, cls: g.cls[:0], json: g.json[:0], soft: g.soft[:0]}
	g.key, _, _ = SplitName(t.next.Name)
	t.offset = t.next.Data - block
	for t.err == nil && t.have {
		key, ext, _ := SplitName(t.next.Name)
		if key != g.key {
			break
		}
		if t.take(rec, ext); t.err == nil {
			t.advance()
		}
	}
	whole := t.err == nil || t.err == io.EOF || errors.Is(t.err, tarfile.ErrTrailing)
	if !whole && (t.number == 0 || string(g.exts) != t.first || g.bad != nil) {
		return t.err
	}
	if t.number == 0 {
		t.first = string(g.exts)
	}
	err := t.finish(rec)
	t.number++
	if err != nil {
		return &shard.RecordError{Record: t.number - 1, Offset: t.offset, Err: fmt.Errorf("webdataset: %w", err)}
	}
	return nil
}

// advance moves to the next member of a sample; the others are skipped.
func (t *reader) advance() {
	for t.have = false; !t.have; {
		t.next, t.err = t.walk.Next(context.Background())
		switch {
		case t.err == io.EOF:
			if t.lint != nil {
				t.lint.end(t.walk)
			}
			return
		case t.err != nil:
			t.err = t.fail(t.err)
			return
		}
		t.count++
		if t.lint != nil {
			t.lint.member(t.walk, t.next, t.number)
		}
		_, _, ok := SplitName(t.next.Name)
		t.have = ok && t.next.Type == tar.TypeReg && !t.next.Sparse
	}
}

func (t *reader) fail(err error) error {
	return fmt.Errorf("webdataset: member %d at byte %d: %w", t.count, t.walk.Offset(), err)
}

// contents appends those of the current member to dst[:0], if they are no longer than the limit. An error of the
// archive, and not of this member alone, is final.
func (t *reader) contents(dst []byte) ([]byte, error) {
	if t.next.Size > t.limit {
		return dst, fmt.Errorf("%s has %d bytes, the limit is %d", t.next.Name, t.next.Size, t.limit)
	}
	dst, err := t.walk.Read(dst, t.next)
	if err != nil {
		t.err = t.fail(err)
	}
	return dst, t.err
}

// take reads the current member into the record or the group.
func (t *reader) take(rec *shard.Record, ext string) {
	g := &t.group
	if g.seen[ext] {
		g.fail(fmt.Errorf("two members %s", t.next.Name))
	}
	if g.seen == nil {
		g.seen = map[string]bool{}
	}
	g.seen[ext] = true
	g.exts = append(append(g.exts, ' '), ext...)
	var dst *[]byte
	switch ext {
	case "jpg", "jpeg", "png":
		if g.image {
			g.fail(fmt.Errorf("two images, the second is %s", t.next.Name))
		}
		g.image = true
		rec.ImageFormat = strings.Replace(ext, "jpeg", "jpg", 1)
		dst = &rec.Image
	case "cls":
		dst = &g.cls
	case "json":
		dst = &g.json
	case "soft.npy":
		dst = &g.soft
	default:
		return
	}
	var err error
	if *dst, err = t.contents((*dst)[:0]); err != nil {
		g.fail(err)
	}
}

func (g *group) fail(err error) {
	if g.bad == nil {
		g.bad = err
	}
}

// finish makes the record out of the group.
func (t *reader) finish(rec *shard.Record) error {
	g := &t.group
	rec.Key, rec.Label, rec.LabelA, rec.LabelB = g.key, -1, -1, -1
	if g.bad != nil {
		return g.bad
	}
	if !g.image {
		return fmt.Errorf("%s has no image, only%.200s", g.key, g.exts)
	}
	if len(g.json) > 0 {
		if err := parseJSON(rec, g.json); err != nil {
			return fmt.Errorf("%s.%w", g.key, err)
		}
	}
	if len(g.cls) > 0 {
		label, err := strconv.Atoi(strings.TrimSpace(string(g.cls)))
		if err != nil {
			return fmt.Errorf("%s.cls is %.40q, want an integer", g.key, g.cls)
		}
		if t.lint != nil && label != rec.Label {
			t.lint.say(t.number, t.offset, g.key, "cls is %d, json says label %d", label, rec.Label)
		}
		rec.Label = label
	}
	width := 0
	if len(g.soft) > 0 {
		var err error
		if rec.Soft, width, err = npy.Decode(rec.Soft, g.soft); err != nil {
			return fmt.Errorf("%s.soft.npy: %w", g.key, err)
		}
	}
	if t.lint != nil {
		t.lint.record(t, rec, width)
	}
	return nil
}
