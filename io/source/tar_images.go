package source

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/premix/premix"
	"github.com/premix/premix/io/tarfile"
	"github.com/zeebo/xxh3"
)

// An imageReader reads a tar whose members are images: all of one class, or with labels from a
// list.
type imageReader struct {
	scan     *tarfile.Walker
	c        Container
	list     *labelList // or nil
	seekable bool
	maxBytes int64
	yield    func(Entry) error

	seen    map[xxh3.Uint128]struct{}
	rows    int64 // of images, in the whole container
	damaged bool
	buf     []byte
}

func (r *imageReader) run(ctx context.Context) error {
	for {
		m, err := r.scan.Next(ctx)
		var damage *tarfile.Damage
		var e Entry
		switch {
		case err == io.EOF:
			return r.lost()
		case errors.As(err, &damage):
			e = fail(premix.Sample{Name: r.c.Name, Label: -1}, premix.StageScan, damage.Fault)
			if r.list == nil {
				e.weigh(damage.Lost)
			}
		case err != nil:
			return fmt.Errorf("source: %s: %w", r.c.Name, err)
		default:
			if e, err = r.member(m); err != nil {
				return fmt.Errorf("source: %s: %w", r.c.Name, err)
			}
			if r.list != nil && partOfData(m) {
				e = r.list.label(e, member(m.Name))
			}
			e.at(m.Place())
		}
		if f := e.Sample.Fault; damage != nil || f != nil && f.Kind == premix.Truncated {
			r.damaged = true
		}
		if !e.Ignored {
			r.rows++
		}
		if err := r.yield(e); err != nil {
			return err
		}
	}
}

// lost yields a failure for each image that the list of labels has, and a damaged tar lacks. A whole
// one may hold a part of them.
func (r *imageReader) lost() error {
	if !r.damaged || r.list == nil {
		return nil
	}
	listed := max(len(r.list.byNumber), len(r.list.byStem))
	return yieldLost(r.rows, int64(listed), r.yield, func(int64) Entry {
		s := premix.Sample{Name: r.c.Name, Label: -1}
		return failf(s, premix.StageScan, premix.Truncated, "an image is lost: the list of labels has %d", listed)
	})
}

func (r *imageReader) member(m tarfile.Member) (Entry, error) {
	name := member(m.Name)
	s := premix.Sample{
		Key: stem(name), Name: r.c.below(name), Label: -1, Class: r.c.Class,
		Location: premix.Location{URI: r.c.URI, Offset: m.Data, Length: m.Size},
	}
	if !r.seekable {
		s.Location.Offset = -1
	}
	side := Entry{Sample: s, Ignored: true}
	if !partOfData(m) || junkPath(name) {
		return side, nil
	}
	if !imageName(name) {
		if image, err := sniffMember(r.scan, m); err != nil || !image {
			return side, err
		}
	}
	h := xxh3.HashString128(name)
	if _, twice := r.seen[h]; twice {
		return failf(s, premix.StageScan, premix.Duplicate, "a second member of this name"), nil
	}
	r.seen[h] = struct{}{}
	if f := tarFault(r.scan, m, r.maxBytes); f != nil {
		return fail(s, premix.StageScan, f), nil
	}
	data, err := r.scan.Read(r.buf, m)
	r.buf = data
	switch {
	case premix.AsFault(err) != nil:
		e := fail(s, premix.StageScan, err)
		if r.list == nil { // otherwise each image that the list has more is a row
			e.weigh(r.scan.Gap())
		}
		return e, nil
	case err != nil:
		return Entry{}, err
	}
	s.Digest = DigestOf(data)
	return Entry{Sample: s, Data: data, Seekable: r.seekable}, nil
}
