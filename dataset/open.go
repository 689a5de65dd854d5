package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
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

// A HashedShard is a shard that is hashed and counted while it is read. After Reader has been read to
// its end, Sum and Bytes cover the whole file.
type HashedShard struct {
	io.Reader
	io.Closer
	Bytes int64
	hash  hash.Hash
}

// OpenHashed opens a shard for one pass. The Reader is what the format needs. A format that reads
// from the end has its shard hashed here, before it is read. Errors are those of package blob.
func OpenHashed(ctx context.Context, format shard.Format, uri string) (*HashedShard, error) {
	h := &HashedShard{hash: sha256.New()}
	if !format.Traits().RandomAccess {
		r, err := blob.Open(ctx, uri)
		if err != nil {
			return nil, err
		}
		h.Reader, h.Closer = io.TeeReader(r, hashWriter{h}), r
		return h, nil
	}
	r, err := blob.OpenAt(ctx, uri)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(hashWriter{h}, io.NewSectionReader(r, 0, r.Size())); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	h.Reader, h.Closer = io.NewSectionReader(r, 0, r.Size()), r
	return h, nil
}

// Sum returns the SHA-256 of the bytes that were read, in lower-case hex.
func (h *HashedShard) Sum() string { return hex.EncodeToString(h.hash.Sum(nil)) }

type hashWriter struct{ *HashedShard }

func (w hashWriter) Write(p []byte) (int, error) {
	w.Bytes += int64(len(p))
	return w.hash.Write(p)
}
