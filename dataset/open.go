package dataset

import (
	"context"
	"fmt"
	"io"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// OpenShard opens a shard at any address. The caller closes the second result. Formats with a footer
// get random access.
func OpenShard(ctx context.Context, format shard.Format, uri string, o shard.ReadOptions) (shard.Reader, io.Closer, error) {
	if !format.Traits().RandomAccess {
		r, err := blob.Open(ctx, uri)
		if err != nil {
			return nil, nil, fmt.Errorf("dataset: %w", err)
		}
		return format.NewReader(r, o), r, nil
	}
	r, err := blob.OpenAt(ctx, uri)
	if err != nil {
		return nil, nil, fmt.Errorf("dataset: %w", err)
	}
	return format.NewReader(io.NewSectionReader(r, 0, r.Size()), o), r, nil
}
