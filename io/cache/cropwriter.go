package cache

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// A CropWriter writes a file of crops: see [CropFile]. It exists under its name from Commit on.
type CropWriter struct {
	store       *Store
	w           blob.Writer
	id          string
	size        premix.Size
	first, last int
	offset      int64
	table       []byte
	entries     uint32
}

// WriteCrops begins the file with the crops of a chunk in the replicas first to last.
func (s *Store) WriteCrops(ctx context.Context, id string, size premix.Size, first, last int) (*CropWriter, error) {
	if err := s.check(id); err != nil {
		return nil, err
	}
	w, err := blob.Create(ctx, blob.Join(s.dir, cropName(id, "new", first, last)))
	if err != nil {
		return nil, s.writeError(err)
	}
	return &CropWriter{store: s, w: w, id: id, size: size, first: first, last: last}, nil
}

// Add adds an entry of the chunk, with the size of the original and its crops in all replicas, one after the other; no pixels if it
// has none.
func (c *CropWriter) Add(d premix.Digest, width, height int, pix []byte) error {
	if c.entries++; c.entries == 0 {
		return errors.New("cache: a chunk has too many entries for a file of crops")
	}
	c.table = append(c.table, d[:]...)
	if len(pix) == 0 {
		width, height = 0, 0
	}
	c.table = binary.LittleEndian.AppendUint32(c.table, uint32(width))
	c.table = binary.LittleEndian.AppendUint32(c.table, uint32(height))
	n := 3 * c.size.W * c.size.H
	if len(pix) > 0 && len(pix) != n*(c.last-c.first+1) {
		return fmt.Errorf("cache: %d bytes of crops, want %d replicas of %d", len(pix), c.last-c.first+1, n)
	}
	var sum [cropSum]byte
	for replica := c.first; len(pix) > 0; pix, replica = pix[n:], replica+1 {
		binary.LittleEndian.PutUint64(sum[:], xxh3.HashSeed(pix[:n], cropSeed(d, replica, c.offset)))
		if _, err := c.w.Write(pix[:n]); err != nil {
			return c.store.writeError(err)
		}
		if _, err := c.w.Write(sum[:]); err != nil {
			return c.store.writeError(err)
		}
		c.offset += int64(n + cropSum)
	}
	return nil
}

// Commit ends the file, whose chunk has a content: see [ContentOf].
func (c *CropWriter) Commit(ctx context.Context, content string) error {
	if !isHex(content, contentLen) {
		return errors.Join(fmt.Errorf("cache: %q is not a content", content), c.w.Abort())
	}
	tail := binary.LittleEndian.AppendUint64(nil, uint64(c.offset))
	for _, n := range []int{int(c.entries), c.size.W, c.size.H, c.first, c.last, 0} {
		tail = binary.LittleEndian.AppendUint32(tail, uint32(n))
	}
	h := xxh3.New()
	h.Write(c.table)
	h.Write(tail)
	sum := h.Sum128().Bytes()
	tail = append(append(tail, sum[:]...), cropsMagic...)
	for _, part := range [][]byte{c.table, tail} {
		if _, err := c.w.Write(part); err != nil {
			return errors.Join(c.store.writeError(err), c.w.Abort())
		}
	}
	name := cropName(c.id, content, c.first, c.last)
	if err := blob.CommitAs(c.w, blob.Join(c.store.dir, name)); err != nil {
		return c.store.writeError(err)
	}
	c.store.mu.Lock()
	if c.store.listed != nil {
		f, _ := parseCropName(name)
		f.Bytes = c.offset + int64(len(c.table)) + cropTail
		c.store.listed.addCrops(f)
	}
	c.store.mu.Unlock()
	return c.store.describe(ctx)
}

// Bytes is what the crops take that were added.
func (c *CropWriter) Bytes() int64 { return c.offset }

// Abort removes what was written.
func (c *CropWriter) Abort() error { return c.w.Abort() }
