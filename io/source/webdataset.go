package source

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/premix/premix"
	"github.com/premix/premix/imaging"
	"github.com/zeebo/xxh3"
)

// A sampleReader groups the members of a WebDataset tar into samples: neighbours that share a
// key. Each sample becomes one entry as soon as the next key begins.
type sampleReader struct {
	scan     *tarScanner
	c        Container
	key      string // --label-key
	offset   int    // --label-offset
	folders  bool   // labels are the folders of the keys
	seekable bool
	maxBytes int64
	promised int64 // samples
	yield    func(Entry) error

	seen   map[xxh3.Uint128]struct{} // hashes of the keys of finished samples
	cur    sample
	ended  int64  // samples that have a row
	damage int64  // rows of damage
	image  []byte // of cur
	spare  []byte // for a candidate that may be better
}

// A sample is the group that is being read.
type sample struct {
	key   string
	first string // name of the first member
	place string // of that, for messages
	exts  []string

	name  string // of the image; empty if there is none yet
	rank  int
	tie   string // another image of the same rank
	at    int64
	size  int64
	fault *premix.Fault

	cls, json     []byte
	hasCls, hasJS bool
	labelFault    *premix.Fault
}

func (r *sampleReader) run(ctx context.Context) error {
	for {
		m, err := r.scan.member(ctx)
		var damage *tarDamage
		switch {
		case errors.As(err, &damage):
			if err := r.flush(); err != nil {
				return err
			}
			r.damage++
			if err := r.yield(fail(premix.Sample{Name: r.c.Name, Label: -1}, premix.StageScan, damage.fault)); err != nil {
				return err
			}
			continue
		case err == io.EOF:
			if err := r.flush(); err != nil {
				return err
			}
			return r.lost()
		case err != nil:
			return fmt.Errorf("source: %s: %w", r.c.Name, err)
		}
		if err := r.member(m); err != nil {
			return err
		}
	}
}

// lost yields a failure for each sample that damage took, where it is known how many there should
// be. A row of damage stands for one.
func (r *sampleReader) lost() error {
	if r.damage == 0 {
		return nil // then the count is wrong
	}
	return yieldLost(r.ended+r.damage, r.promised, r.yield, func(int64) Entry {
		s := premix.Sample{Name: r.c.Name, Label: -1}
		return failf(s, premix.StageScan, premix.Truncated, "a sample is lost: there should be %d, and %d are there", r.promised, r.ended)
	})
}

// member adds one member to the sample that it belongs to.
func (r *sampleReader) member(m tarMember) error {
	name := member(m.name)
	key, ext, ok := splitKey(name)
	if !m.entry() || name == "" || junkPath(name) {
		return r.side(name)
	}
	if !ok {
		image, err := r.sniff(m)
		if err != nil {
			return err
		}
		if !image {
			return r.side(name)
		}
		if err := r.flush(); err != nil {
			return err
		}
		return r.yield(failf(r.sample(name), premix.StageLabel, premix.NoLabel, "%sa member without an extension belongs to no sample", m.place()))
	}
	if len(r.cur.exts) > 0 && (key != r.cur.key || contains(r.cur.exts, ext)) {
		if err := r.flush(); err != nil {
			return err
		}
	}
	if len(r.cur.exts) == 0 {
		r.cur.key, r.cur.first, r.cur.place = key, name, m.place()
	}
	r.cur.exts = append(r.cur.exts, ext)
	switch ext {
	case "cls":
		r.cur.hasCls = true
		return r.text(m, "cls", &r.cur.cls)
	case "json", "jsn":
		r.cur.hasJS = true
		return r.text(m, ext, &r.cur.json)
	}
	return r.candidate(m, name, ext)
}

// candidate takes a member for the sample's image if it is one and no better one is there.
func (r *sampleReader) candidate(m tarMember, name, ext string) error {
	rank := imageRank(ext)
	if rank < 0 {
		image, err := r.sniff(m)
		if err != nil || !image {
			return err
		}
		rank = 200
	}
	c := &r.cur
	if c.name != "" && rank >= c.rank {
		if rank == c.rank {
			c.tie = ext
		}
		return nil
	}
	c.name, c.rank, c.tie, c.at, c.size, c.fault = name, rank, "", m.data, m.size, m.fault(r.maxBytes)
	if c.fault == nil {
		data, err := r.scan.read(r.spare, m)
		r.image, r.spare = data, r.image
		if c.fault = premix.AsFault(err); err != nil && c.fault == nil {
			return fmt.Errorf("source: %s: %w", r.c.Name, err)
		}
	}
	return nil
}

// text reads a member that holds a label.
func (r *sampleReader) text(m tarMember, what string, dst *[]byte) error {
	if m.link != "" {
		r.cur.labelFault = &premix.Fault{Kind: premix.BadLabel, Reason: "the " + what + " member is " + m.link}
		return nil
	}
	if m.size > maxLabelBytes || m.sparse {
		r.cur.labelFault = &premix.Fault{Kind: premix.BadLabel, Reason: fmt.Sprintf("the %s member has %d bytes, the limit is %d", what, m.size, maxLabelBytes)}
		return nil
	}
	data, err := r.scan.read(*dst, m)
	*dst = data
	if f := premix.AsFault(err); f != nil {
		r.cur.labelFault = f
		return nil
	}
	if err != nil {
		return fmt.Errorf("source: %s: %w", r.c.Name, err)
	}
	return nil
}

func (r *sampleReader) sniff(m tarMember) (bool, error) {
	if m.sparse || m.size < 1 {
		return false, nil
	}
	head, err := r.scan.w.peek(int(min(m.size, sniffBytes)))
	if err != nil && !r.scan.w.ended(err) && premix.AsFault(err) == nil {
		return false, fmt.Errorf("source: %s: %w", r.c.Name, err)
	}
	return imaging.Sniff(head) != imaging.Unknown, nil
}

func (r *sampleReader) side(name string) error {
	return r.yield(Entry{Sample: premix.Sample{Name: r.c.below(name), Label: -1}, Ignored: true})
}

func (r *sampleReader) sample(name string) premix.Sample {
	return premix.Sample{Key: stem(name), Name: r.c.below(name), Label: -1}
}

// flush ends the current sample and yields it.
func (r *sampleReader) flush() error {
	c := &r.cur
	if len(c.exts) == 0 {
		return nil
	}
	e := r.finish()
	e.at(c.place)
	r.ended++
	r.seen[xxh3.HashString128(c.key)] = struct{}{}
	r.cur = sample{exts: c.exts[:0], cls: c.cls[:0], json: c.json[:0]}
	return r.yield(e)
}

func (r *sampleReader) finish() Entry {
	c := &r.cur
	_, again := r.seen[xxh3.HashString128(c.key)]
	if c.name == "" {
		s := premix.Sample{Key: c.key, Name: r.c.below(c.first), Label: -1}
		if again {
			return failf(s, premix.StageScan, premix.Corrupt, "members of the sample %s stand apart", c.key)
		}
		if c.labelFault != nil {
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
	case again:
		return failf(s, premix.StageScan, premix.Duplicate, "a second sample with the key %s", c.key)
	case c.fault != nil:
		return fail(s, premix.StageScan, c.fault)
	case c.tie != "":
		return failf(s, premix.StageScan, premix.Unsupported, "several images in one sample, and %s is as good as the first", c.tie)
	}
	l, err := c.label(r.key, r.folders)
	if err == nil {
		err = l.shift(r.offset)
	}
	if err != nil {
		return fail(s, premix.StageLabel, err)
	}
	s.Label, s.Class = l.index, l.class
	s.Digest = digest(r.image)
	return Entry{Sample: s, Data: r.image, Seekable: r.seekable}
}

// label finds the sample's label: under the given key of its json, in its cls, in its json, or
// in the folder of its key.
func (c *sample) label(key string, folders bool) (label, error) {
	switch {
	case folders:
		if class := classOfKey(c.key); class != "" {
			return nameLabel(class)
		}
	case c.labelFault != nil:
		return label{}, c.labelFault
	case c.hasCls && key == "":
		return clsLabel(c.cls)
	case c.hasJS:
		l, err := jsonLabel(c.json, key)
		if err != errNoKey {
			return l, err
		}
		return label{}, premix.Faultf(premix.NoLabel, "the json member has no label under %s: name its key with --label-key", keyText(key))
	}
	return label{}, premix.Faultf(premix.NoLabel, "no label: no cls and no json member stands beside the image")
}

func keyText(key string) string {
	if key == "" {
		return "“label” or “cls”"
	}
	return "“" + key + "”"
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}
