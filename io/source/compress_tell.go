package source

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"path"
	"strings"

	"github.com/premix/premix/io/blob"
	"golang.org/x/sync/errgroup"
)

// The values of Container.Compression.
const (
	bzipped   = "bzip2"
	gzipped   = "gzip"
	zlibbed   = "zlib"
	zstandard = "zstd"
)

var compressions = map[string]string{
	".gz": gzipped, ".tgz": gzipped, ".zst": zstandard, ".tzst": zstandard, ".zlib": zlibbed, ".zz": zlibbed,
	".bz2": bzipped, ".tbz2": bzipped, ".tbz": bzipped,
}

// compressionOf returns how a whole file is compressed, by its name; empty if it is not.
func compressionOf(base string) string { return compressions[path.Ext(strings.ToLower(base))] }

// isBzip reports whether head begins a bzip2 stream: the size of its blocks, and a block or the end.
func isBzip(head []byte) bool {
	rest, is := strings.CutPrefix(string(head[:min(len(head), 10)]), "BZh")
	if !is || rest == "" || rest[0] < '1' || rest[0] > '9' {
		return false
	}
	return rest[1:] == "1AY&SY" || rest[1:] == "\x17rE8P\x90"
}

// compressionIn returns how a file is compressed that begins with head; empty if it is not, or if head
// is too short to tell.
func compressionIn(head []byte) string {
	switch {
	case len(head) < 8: // a zlib stream of nothing has 8 bytes, and others have more
		return ""
	case head[0] == 0x1f && head[1] == 0x8b && head[2] == 8:
		return gzipped
	case isBzip(head):
		return bzipped
	case head[0] == 0x78 && binary.BigEndian.Uint16(head)%31 == 0:
		return zlibbed
	case string(head[:4]) == "\x28\xb5\x2f\xfd":
		return zstandard
	}
	return ""
}

// headsAtOnce is how many files are looked at together.
const headsAtOnce = 16

// compressionsOf returns how each of some files is compressed, by its first bytes: a job may have written a part
// of them with another option, names may be wrong, and the first may be empty, so that no file speaks for the
// others. plain reports whether file i begins as one that is not compressed. The name is asked where nothing else
// tells.
func compressionsOf(ctx context.Context, files []blob.Object, plain func(i int, head []byte) bool) ([]string, error) {
	kinds := make([]string, len(files))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(headsAtOnce)
	for i, f := range files {
		named := compressionOf(blob.Base(f.URI))
		if f.Size == 0 {
			kinds[i] = named
			continue
		}
		g.Go(func() error {
			head, err := blob.ReadRange(gctx, nil, f.URI, 0, min(f.Size, tarBlock))
			if err != nil {
				return fmt.Errorf("source: %w", err)
			}
			if !plain(i, head) {
				kinds[i] = cmp.Or(compressionIn(head), named)
			}
			return nil
		})
	}
	return kinds, g.Wait()
}
