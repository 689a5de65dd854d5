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

// A sampleReader groups the members of a WebDataset tar into samples: neighbours that share a
// key. Each sample becomes one entry as soon as the next key begins.
type sampleReader struct {
	scan     *tarfile.Walker
	c        Container
	labels   webdatasetLabels
	seekable bool
	maxBytes int64
	promised int64 // samples
	yield    func(Entry) error

	seen   map[xxh3.Uint128]group // hashes of the keys of finished samples
	cur    sample
	losses losses
	image  []byte // of cur
	spare  []byte // for a candidate that may be better
}

// A group is what became of the members that share a key.
type group int8

const (
	imageless group = iota // they have no image
	used
	failed
)

// A sample is the group that is being read.
type sample struct {
	key   string
	first string // name of the first member
	place string // of that, for messages
	exts  map[string]bool

	images []dottedImage   // those with dots in their extensions
	labels map[string]bool // what stands before the last dot in the extensions of labels, where they have dots

	name  string // of the image; empty if there is none yet
	ext   string // of that
	rank  int
	tie   string // another image of the same rank
	at    int64
	size  int64
	fault *premix.Fault

	cls, json     []byte
	hasCls, hasJS bool
	labelFault    *premix.Fault
	paired        [2]int        // cls and json members with dots in their extensions; the first of each is in cls, json
	pairFault     *premix.Fault // of these
	gap           int64         // bytes that are lost with a member of it, or unknown; 0 if all could be read
}

func (r *sampleReader) run(ctx context.Context) error {
	for {
		m, err := r.scan.Next(ctx)
		var damage *tarfile.Damage
		switch {
		case errors.As(err, &damage):
			if err := r.damage(damage); err != nil {
				return err
			}
			continue
		case err == io.EOF:
			return r.end()
		case err != nil:
			return fmt.Errorf("source: %s: %w", r.c.Name, err)
		}
		if err := r.member(m); err != nil {
			return err
		}
	}
}

// member adds one member to the sample that it belongs to.
func (r *sampleReader) member(m tarfile.Member) error {
	name := member(m.Name)
	key, ext, ok := splitKey(name)
	if !partOfData(m) || name == "" || junkPath(name) {
		return r.side(name)
	}
	if !ok {
		image, err := sniffMember(r.scan, m)
		if err != nil {
			return fmt.Errorf("source: %s: %w", r.c.Name, err)
		}
		if !image {
			return r.side(name)
		}
		if err := r.flush(); err != nil {
			return err
		}
		if err := r.apart(); err != nil {
			return err
		}
		s := premix.Sample{Key: stem(name), Name: r.c.below(name), Label: -1}
		return r.yield(failf(s, premix.StageLabel, premix.NoLabel, "%sa member without an extension belongs to no sample", m.Place()))
	}
	if len(r.cur.exts) > 0 && (key != r.cur.key || r.cur.exts[ext]) {
		if err := r.flush(); err != nil {
			return err
		}
	}
	if len(r.cur.exts) == 0 {
		r.cur.key, r.cur.first, r.cur.place = key, name, m.Place()
	}
	if r.cur.exts == nil {
		r.cur.exts = map[string]bool{}
	}
	r.cur.exts[ext] = true
	r.cur.dottedLabel(ext)
	switch before, last := cutDots(ext); {
	case last != "cls" && last != "json" && last != "jsn":
		return r.candidate(m, name, ext)
	case before != "":
		return r.pairedLabel(m, ext, last)
	case last == "cls":
		r.cur.hasCls = true
		return r.text(m, ext, &r.cur.cls)
	}
	r.cur.hasJS = true
	return r.text(m, ext, &r.cur.json)
}

// candidate takes a member for the sample's image if it is one and no better one is there.
func (r *sampleReader) candidate(m tarfile.Member, name, ext string) error {
	rank := imageRank(ext)
	if rank < 0 {
		image, err := sniffMember(r.scan, m)
		if err != nil {
			return fmt.Errorf("source: %s: %w", r.c.Name, err)
		}
		if !image {
			return nil
		}
		rank = 200
	}
	c := &r.cur
	if full, err := r.dottedImage(m, name, ext, rank); full || err != nil {
		return err
	}
	if c.name != "" && rank >= c.rank {
		if rank == c.rank {
			c.tie = ext
		}
		return nil
	}
	c.name, c.ext, c.rank, c.tie, c.at, c.size, c.fault = name, ext, rank, "", m.Data, m.Size, tarFault(r.scan, m, r.maxBytes)
	if c.fault == nil {
		data, err := r.scan.Read(r.spare, m)
		r.image, r.spare = data, r.image
		if c.fault = premix.AsFault(err); err != nil && c.fault == nil {
			return fmt.Errorf("source: %s: %w", r.c.Name, err)
		}
		if c.fault != nil {
			c.gap = r.scan.Gap()
		}
	}
	return nil
}

// text reads a member that holds a label.
func (r *sampleReader) text(m tarfile.Member, what string, dst *[]byte) error {
	var err error
	switch {
	case m.Link():
		err = premix.Faultf(premix.BadLabel, "the %s member is %s", what, linkText(m))
	case m.Size > maxLabelBytes && !r.scan.Beyond(m) || m.Sparse:
		err = premix.Faultf(premix.BadLabel, "the %s member has %d bytes, the limit is %d", what, m.Size, maxLabelBytes)
	default:
		if *dst, err = r.scan.Read(*dst, m); premix.AsFault(err) != nil {
			r.cur.gap = r.scan.Gap()
		}
	}
	if f := premix.AsFault(err); f != nil {
		r.cur.labelFault = f
	} else if err != nil {
		return fmt.Errorf("source: %s: %w", r.c.Name, err)
	}
	return nil
}

func (r *sampleReader) side(name string) error {
	if len(r.cur.exts) == 0 {
		if err := r.apart(); err != nil {
			return err
		}
	}
	return r.yield(Entry{Sample: premix.Sample{Name: r.c.below(name), Label: -1}, Ignored: true})
}

// mostExts is how many extensions a set may have had that is used again: to clear it takes as long as what it once
// held, for each of the samples that follow.
const mostExts = 64

// flush ends the current sample and yields it.
func (r *sampleReader) flush() error {
	c := &r.cur
	if len(c.exts) == 0 {
		return nil
	}
	hash := xxh3.HashString128(c.key)
	before, again := r.seen[hash]
	e := r.finish(before, again)
	var err error
	if e, err = r.lost(e, again); err != nil {
		return err
	}
	switch {
	case e.Sample.Fault != nil:
		before = failed
	case c.name != "":
		before = used
	}
	r.seen[hash] = before
	dotted := r.dotted()
	if len(c.exts) > mostExts {
		c.exts = nil
	}
	clear(c.exts)
	r.cur = sample{exts: c.exts, cls: c.cls[:0], json: c.json[:0]}
	if err := r.yield(e); err != nil {
		return err
	}
	for _, e := range dotted {
		r.losses.there++
		if err := r.yield(e); err != nil {
			return err
		}
	}
	return nil
}

func (r *sampleReader) finish(before group, again bool) Entry {
	c := &r.cur
	if c.name == "" {
		s := premix.Sample{Key: c.key, Name: r.c.below(c.first), Label: -1}
		switch {
		case again && before == used:
			return failf(s, premix.StageScan, premix.Corrupt, "members of the sample %s stand apart: those before are used", c.key)
		case c.labelFault != nil && before != failed:
			return fail(s, premix.StageScan, c.labelFault)
		}
		return Entry{Sample: s, Ignored: true}
	}
	s := premix.Sample{
		Key: c.key, Name: r.c.below(c.name), Label: -1,
		Location: premix.Location{URI: r.c.URI, Offset: c.at, Length: c.size},
	}
	if !r.seekable {
		s.Location.Offset = -1
	}
	switch {
	case again && before == imageless:
		return failf(s, premix.StageScan, premix.Corrupt, "members of the sample %s stand apart: some are far before its image; sort the archive by name", c.key)
	case again:
		return failf(s, premix.StageScan, premix.Duplicate, "a second sample with the key %s", c.key)
	case c.fault != nil:
		return fail(s, premix.StageScan, c.fault)
	case c.cutAtDot(r.labels):
		return failf(s, premix.StageScan, premix.Unsupported, "%s", c.dotReason(c.ext))
	case c.tie != "":
		return failf(s, premix.StageScan, premix.Unsupported, "several images in one sample, and %s is as good as the first", c.tie)
	}
	l, err := c.label(r.labels)
	if err == errOutside {
		return Entry{Sample: s, Ignored: true, Outside: true}
	}
	if err == nil {
		err = l.shift(r.labels.Options.Offset)
	}
	if err != nil {
		return fail(s, premix.StageLabel, err)
	}
	s.Label, s.Class = l.index, l.class
	s.Digest = DigestOf(r.image)
	return Entry{Sample: s, Data: r.image, Seekable: r.seekable}
}
