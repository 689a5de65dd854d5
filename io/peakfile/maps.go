package peakfile

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math/bits"
	"path"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// hashers is how many maps are read at once for the hash of a folder.
const hashers = 16

var openMap = blob.Open // a variable for tests, which count what is read

// hashMaps is the sum modulo 2^256 of a hash of each PNG below a folder, over its path and
// content, and their number.
func hashMaps(ctx context.Context, uri string) (digest string, n int64, err error) {
	var mu sync.Mutex
	var sum [4]uint64
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(hashers)
	base := strings.TrimSuffix(uri, "/") + "/"
	for o, err := range walkMaps(gctx, uri) {
		if err != nil {
			return "", 0, errors.Join(g.Wait(), err)
		}
		g.Go(func() error {
			h := sha256.New()
			fmt.Fprintf(h, "%q ", strings.TrimPrefix(o.URI, base))
			r, err := openMap(gctx, o.URI)
			if err != nil {
				return fmt.Errorf("peakfile: %w", err)
			}
			defer r.Close()
			if _, err := io.Copy(h, r); err != nil {
				return fmt.Errorf("peakfile: %w", err)
			}
			one := h.Sum(nil)
			mu.Lock()
			defer mu.Unlock()
			n++
			var carry uint64
			for i := range sum {
				sum[i], carry = bits.Add64(sum[i], binary.LittleEndian.Uint64(one[8*i:]), carry)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return "", 0, err
	}
	if n == 0 {
		return "", 0, errorf("%s: there is no PNG below this folder: give a gray map a/b.png for an image a/b.JPEG", uri)
	}
	var all []byte
	for _, v := range sum {
		all = binary.LittleEndian.AppendUint64(all, v)
	}
	return hex.EncodeToString(all), n, nil
}

// walkMaps yields the maps below a folder, sorted by their paths.
func walkMaps(ctx context.Context, uri string) iter.Seq2[blob.Object, error] {
	return func(yield func(blob.Object, error) bool) {
		for o, err := range blob.Walk(ctx, uri) {
			if err != nil {
				yield(o, fmt.Errorf("peakfile: %w", err))
				return
			}
			if !o.Dir && strings.HasSuffix(strings.ToLower(o.URI), ".png") && !yield(o, nil) {
				return
			}
		}
	}
}

// mapNames are the names below a folder of maps under which the map of an image is looked for.
func mapNames(name string) [2]string {
	return [2]string{strings.TrimSuffix(name, path.Ext(name)) + ".png", name + ".png"}
}

// maxMap bounds the encoded size of a map.
const maxMap = 128 << 20

// ReadMap reads the map of an image from a folder, in dst's memory if that suffices. It is a
// *premix.Fault if there is none, or if it cannot be one: every other error is one of the
// environment.
func ReadMap(ctx context.Context, dst []byte, folder, name string) ([]byte, error) {
	for _, n := range mapNames(name) {
		uri := blob.Join(folder, n)
		o, err := blob.Stat(ctx, uri)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("peakfile: %w", err)
		}
		if o.Dir {
			continue
		}
		if o.Size > maxMap {
			return nil, premix.Faultf(premix.BadPeak, "the map %s has %d bytes, the limit is %d", n, o.Size, maxMap)
		}
		data, err := blob.ReadRange(ctx, dst, uri, 0, -1)
		if err != nil {
			return nil, fmt.Errorf("peakfile: %w", err)
		}
		return data, checkMap(n, data)
	}
	return nil, premix.Faultf(premix.BadPeak, "there is no map %s", mapNames(name)[0])
}

// checkMap looks at the header of a PNG: a map has 8 bits of gray.
func checkMap(name string, data []byte) error {
	const depth, color = 24, 25
	switch {
	case len(data) < 33 || string(data[:8]) != "\x89PNG\r\n\x1a\n" || string(data[12:16]) != "IHDR":
		return premix.Faultf(premix.BadPeak, "the map %s is no PNG", name)
	case data[color] != 0 || data[depth] != 8:
		return premix.Faultf(premix.BadPeak, "the map %s has colour type %d and %d bits: want 8-bit gray", name, data[color], data[depth])
	}
	return nil
}
