package stage

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/source"
)

// copiedEntries are the entries that were copied aside. They are safe for concurrent use.
type copiedEntries struct {
	of map[string][]Copied // by container

	mu      sync.Mutex
	indexes map[string]map[string][2]int64 // by place of the index: offset and length by name
	order   []string                       // of loading
}

func newCopiedEntries(list []Copied) *copiedEntries {
	c := &copiedEntries{of: map[string][]Copied{}, indexes: map[string]map[string][2]int64{}}
	for _, one := range list {
		c.of[one.Container] = append(c.of[one.Container], one)
	}
	return c
}

// locate finds the copy of an entry: see source.LocatorParams.Copy.
func (c *copiedEntries) locate(ctx context.Context, container source.Container, name string) (premix.Location, error) {
	for _, one := range c.of[container.Name] {
		index, err := c.index(ctx, one)
		if err != nil {
			return premix.Location{}, err
		}
		if at, ok := index[name]; ok {
			return premix.Location{URI: one.Data, Offset: at[0], Length: at[1]}, nil
		}
	}
	return premix.Location{}, &source.EntryError{Name: name, Reason: source.Gone, Err: fmt.Errorf("%s has no such entry", container.Name)}
}

// maxIndexes bounds the indexes of copies in memory; each has one or two thousand names.
const maxIndexes = 256

func (c *copiedEntries) index(ctx context.Context, one Copied) (map[string][2]int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.indexes[one.Index]; m != nil {
		return m, nil
	}
	list, err := readIndex(ctx, one.Index)
	if err != nil {
		return nil, err
	}
	m := make(map[string][2]int64, len(list.Names))
	at := int64(0)
	for i, name := range list.Names {
		m[name] = [2]int64{at, list.Lengths[i]}
		at += list.Lengths[i]
	}
	if len(c.order) == maxIndexes {
		delete(c.indexes, c.order[0])
		c.order = c.order[1:]
	}
	c.indexes[one.Index] = m
	c.order = append(c.order, one.Index)
	return m, nil
}

// Copied says where the entries of a chunk were copied to, because its container has no random
// access.
type Copied struct{ Container, Data, Index string }

// An index lists the entries of a copy, which are in this order and without gaps.
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
		return nil, fmt.Errorf("stage: %s is not the index of a copy", uri)
	}
	return list, nil
}

// CopyAside copies the entries of a chunk, so that they can be read one by one. It uses a copy that an
// earlier attempt completed.
func CopyAside(ctx context.Context, job *Job, c source.Chunk) (*Copied, error) {
	ctx = job.Guarded(ctx)
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
		err = errors.Join(fmt.Errorf("%s: %w", c.Container.Name, err), w.Abort())
		if c.Doubt = source.DoubtOf(err); c.Doubt != nil {
			return CopyAside(ctx, job, c)
		}
		return nil, err
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
