package source

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/premix/premix/io/arrayrecord"
	"github.com/premix/premix/io/blob"
)

// arrayFile reads an ArrayRecord file of tf.train.Examples. It is cut by its footer; its entries cannot be read again
// by bytes of the file, since most files are compressed, and block headers lie in the records of the others.
type arrayFile struct{ recordFile }

func (arrayFile) split(ctx context.Context, c Container, o Options) ([]Chunk, error) {
	whole := c.whole(c.Samples)
	whole.First = recordName(0)
	if c.CountedBy != "" && whole.EstImages <= 4*o.chunkImages()/3 {
		return []Chunk{whole}, nil
	}
	index, err := c.footer(ctx)
	if err != nil || index == nil {
		return []Chunk{whole}, err // it is read front to back, and what is wrong with it is found then
	}
	if c.CountedBy == "" && index.Records > 0 {
		c.Samples, c.CountedBy = index.Records, byIndex
		whole = c.whole(c.Samples)
		whole.First = recordName(0)
	}
	whole.End, whole.EstImages, whole.Guessed = index.End, int(index.Records), false
	if len(index.Chunks) < 2 {
		whole.End = c.Size
		return []Chunk{whole}, nil
	}
	group := index.Chunks[0].Records
	points := make([]point, len(index.Chunks))
	for i, e := range index.Chunks {
		if e.Records != group && i < len(points)-1 {
			return []Chunk{whole}, nil // no reader takes such a file
		}
		points[i] = point{recordName(int64(i) * group), e.Offset}
	}
	o.ChunkImages = max(1, int(int64(o.chunkImages())/group))
	chunks, err := cutAt(whole, points, o, nil, func(ch *Chunk) string {
		return c.identity().num(ch.Offset).num(ch.End).num(ch.Base).String()
	})
	for i := range chunks {
		ch := &chunks[i]
		next := index.Records
		if i+1 < len(chunks) {
			next = chunks[i+1].Base * group
		}
		ch.Base *= group
		ch.EstImages = int(next - ch.Base)
	}
	return chunks, err
}

// footer reads the footer; it is nil where there is none that fits the file.
func (c Container) footer(ctx context.Context) (*arrayrecord.Index, error) {
	if c.Compression != "" || c.Size == 0 {
		return nil, nil
	}
	r, err := blob.OpenAt(ctx, c.URI)
	if err != nil {
		return nil, fmt.Errorf("source: %s: %w", c.Name, err)
	}
	defer r.Close()
	if r.Size() != c.Size {
		return nil, nil
	}
	index, err := arrayrecord.ReadIndex(r, c.Size)
	if err == nil {
		return index, nil
	}
	if errors.Is(err, arrayrecord.ErrNoIndex) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil
	}
	return nil, fmt.Errorf("source: %s: %w", c.Name, err)
}
