package stage

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
)

// Places find the images that a plan names, wherever the input is now. It is safe for concurrent
// use.
type Places struct {
	maxBytes   int64
	containers map[string]source.Container
	copies     map[string][]Copied // by container

	mu      sync.Mutex
	indexes map[string]map[string][2]int64 // of copies, by place: offset and length by name
	order   []string                       // of loading
}

// NewPlaces knows the containers of the input, and the copies of those that cannot be read at
// random.
func NewPlaces(job *Job, containers []source.Container, copies []Copied) *Places {
	p := &Places{
		maxBytes: job.Decode.MaxBytes, containers: map[string]source.Container{}, copies: map[string][]Copied{},
		indexes: map[string]map[string][2]int64{},
	}
	for _, c := range containers {
		p.containers[c.Name] = c
	}
	for _, c := range copies {
		p.copies[c.Container] = append(p.copies[c.Container], c)
	}
	return p
}

// container is the one that holds an entry: that of the longest name.
func (p *Places) container(name string) (source.Container, bool) {
	for {
		i := strings.LastIndexByte(name, '/')
		if i < 0 {
			c, ok := p.containers[""]
			return c, ok
		}
		name = name[:i]
		if c, ok := p.containers[name]; ok {
			return c, true
		}
	}
}

// Fetch returns the encoded bytes of a sample that a plan names, in dst's memory if that suffices.
// It is a *Refusal if the input has no such image.
func (p *Places) Fetch(ctx context.Context, dst []byte, s *premix.Sample) ([]byte, error) {
	c, ok := p.container(s.Name)
	if !ok {
		return nil, refuse(CodeOther, "%s, which the plan names, is in no folder or file of the input: is --in what the plan was made for, with the same NAME=?", s.Name)
	}
	if s.Location.Length < 0 {
		return nil, refuse(CodeOther, "%s: the plan says that it has %d bytes: it is damaged", s.Name, s.Location.Length)
	}
	if p.maxBytes > 0 && s.Location.Length > p.maxBytes {
		return nil, refuse(CodeOther, "%s: the plan says that it has %d bytes, more than --max-bytes %d", s.Name, s.Location.Length, p.maxBytes)
	}
	at, whole := *s, false
	if (&source.Chunk{Container: c}).Seekable() {
		if at.Location.Offset < 0 && !strings.HasPrefix(c.URI, "synth:") {
			return nil, refuse(CodeOther, "%s: the plan says that it begins at byte %d: it is damaged", s.Name, at.Location.Offset)
		}
		source.Relocate(c, &at)
		whole = at.Location.URI != c.URI // an object of its own, and no part of the container
	} else if err := p.locate(ctx, c.Name, &at); err != nil {
		return nil, err
	}
	fetch := source.Fetch
	if whole {
		fetch = fetchWhole
	}
	data, err := fetch(ctx, dst, at.Location)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, refuse(CodeOther, "%s, which the plan names, is not in the input: %v", s.Name, err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, refuse(CodeOther, "%s is not the image that the plan was made for: the plan says that it has %d bytes (%v)", s.Name, s.Location.Length, err)
	}
	return data, err
}

// fetchWhole reads an entry that is an object of its own. A byte more than the plan says is read
// too, and shows in the digest.
func fetchWhole(ctx context.Context, dst []byte, l premix.Location) ([]byte, error) {
	if l.Offset != 0 || strings.HasPrefix(l.URI, "synth:") {
		return source.Fetch(ctx, dst, l)
	}
	r, err := blob.Open(ctx, l.URI)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := bytes.NewBuffer(dst[:0])
	_, err = b.ReadFrom(io.LimitReader(r, l.Length+1))
	return b.Bytes(), err
}

// locate finds the copy of an entry.
func (p *Places) locate(ctx context.Context, container string, s *premix.Sample) error {
	for _, c := range p.copies[container] {
		index, err := p.index(ctx, c)
		if err != nil {
			return err
		}
		if at, ok := index[s.Name]; ok {
			s.Location = premix.Location{URI: c.Data, Offset: at[0], Length: at[1]}
			return nil
		}
	}
	return refuse(CodeOther, "%s, which the plan names, is not in the input: %s has no such entry", s.Name, container)
}

// maxIndexes bounds the indexes of copies in memory; each has one or two thousand names.
const maxIndexes = 256

func (p *Places) index(ctx context.Context, c Copied) (map[string][2]int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m := p.indexes[c.Index]; m != nil {
		return m, nil
	}
	list, err := readIndex(ctx, c.Index)
	if err != nil {
		return nil, err
	}
	m := make(map[string][2]int64, len(list.Names))
	at := int64(0)
	for i, name := range list.Names {
		m[name] = [2]int64{at, list.Lengths[i]}
		at += list.Lengths[i]
	}
	if len(p.order) == maxIndexes {
		delete(p.indexes, p.order[0])
		p.order = p.order[1:]
	}
	p.indexes[c.Index] = m
	p.order = append(p.order, c.Index)
	return m, nil
}

// Copied says where the entries of a chunk were copied, because its container cannot be read at
// random.
type Copied struct{ Container, Data, Index string }

// An index lists what a copy holds, in order and without gaps.
type index struct {
	Names   []string
	Lengths []int64
}

func readIndex(ctx context.Context, uri string) (*index, error) {
	text, err := blob.ReadAll(ctx, uri, blob.MaxMeta)
	if err != nil {
		return nil, err
	}
	list := new(index)
	if err := gob.NewDecoder(bytes.NewReader(text)).Decode(list); err != nil || len(list.Names) != len(list.Lengths) {
		return nil, fmt.Errorf("stage: %s is no index of a copy", uri)
	}
	return list, nil
}

// CopyAside copies the entries of a chunk, so that they can be read one by one. A copy that an
// earlier attempt completed is used.
func CopyAside(ctx context.Context, job *Job, c source.Chunk) (*Copied, error) {
	key := CopyKey(c.ID, c.Stamp)
	out := &Copied{
		Container: c.Container.Name, Data: blob.Join(job.Spool.URI, CopyName(job, key, "entries")),
		Index: blob.Join(job.Spool.URI, CopyName(job, key, "index")),
	}
	if _, err := blob.Stat(ctx, out.Index); err == nil {
		return out, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	w, err := blob.Create(ctx, out.Data)
	if err != nil {
		return nil, err
	}
	var list index
	err = source.Read(ctx, c, job.Source, job.Decode.MaxBytes, func(e source.Entry) error {
		if e.Ignored || e.Sample.Fault != nil || e.Data == nil {
			return nil
		}
		list.Names = append(list.Names, e.Sample.Name)
		list.Lengths = append(list.Lengths, int64(len(e.Data)))
		_, err := w.Write(e.Data)
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", c.Container.Name, err), w.Abort())
	}
	if err := w.Commit(); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(&list); err != nil {
		return nil, err
	}
	return out, blob.WriteFile(ctx, out.Index, text.Bytes())
}
