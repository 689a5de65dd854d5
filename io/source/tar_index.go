package source

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/tarfile"
	"github.com/zeebo/xxh3"
)

// maxGap is how far an index may leave out a tar: the headers and small members between two
// samples, the end mark. A wider gap means that samples are missing in it.
const maxGap = 64 << 10

// maxIndexBytes bounds the index of one file, a line for each entry.
const maxIndexBytes = 256 << 20

// An indexed sample is a line of DALI's index of a tar.
type indexed struct {
	name string // of its first member; empty in version 1.1
	data int64  // offset of the data of its first member
	size int64  // of these
	end  int64  // of the data of its last one
}

// A tarIndex is DALI's index of a tar; nil if there is none that can be read as one.
type tarIndex []indexed

// parseIndex reads DALI's index of a tar (tools/wds2idx.py): "v1.2 N", then for each sample
// "EXT OFFSET SIZE NAME" for each of its members; version 1.1 has no names. Offsets must rise.
func parseIndex(data []byte) tarIndex {
	head, rest, _ := bytes.Cut(data, []byte("\n"))
	fields := 0
	switch {
	case bytes.HasPrefix(head, []byte("v1.2 ")):
		fields = 4
	case bytes.HasPrefix(head, []byte("v1.1 ")):
		fields = 3
	default:
		return nil
	}
	var list tarIndex
	last := int64(0)
	for line := range strings.Lines(string(rest)) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f)%fields != 0 {
			return nil
		}
		s := indexed{data: -1}
		for i := 0; i < len(f); i += fields {
			at, err1 := strconv.ParseInt(f[i+1], 10, 64)
			n, err2 := strconv.ParseInt(f[i+2], 10, 64)
			if err1 != nil || err2 != nil || at < tarfile.Block || at%tarfile.Block != 0 || n < 0 || at > math.MaxInt64-n {
				return nil
			}
			if s.data < 0 || at < s.data {
				s.data, s.size = at, n
				if fields == 4 {
					s.name = f[i+3]
				}
			}
			s.end = max(s.end, at+n)
		}
		if s.data <= last {
			return nil
		}
		last = s.end
		list = append(list, s)
	}
	return list
}

// readIndex reads the index of a container that is not compressed; nil if there is none.
func (c Container) readIndex(ctx context.Context) ([]byte, error) {
	if c.Index == "" || c.Compression != "" {
		return nil, nil
	}
	data, err := blob.ReadAll(ctx, c.Index, maxIndexBytes)
	if err != nil {
		return nil, fmt.Errorf("source: %s: %w", c.Name, err)
	}
	return data, nil
}

// readAt reads n bytes of a container at an offset.
func (c Container) readAt(ctx context.Context, offset, n int64) ([]byte, error) {
	data, err := blob.ReadRange(ctx, nil, c.URI, offset, n)
	if err != nil {
		err = fmt.Errorf("source: %s: %w", c.Name, err)
	}
	return data, err
}

// fits reports whether an index is that of a tar, or of one of which the rest was cut off or is zeros:
// one of the last samples whose header is in the tar is where the index says. It fits a tar in which
// not even one is. whole says that the last of the index is there.
func (x tarIndex) fits(ctx context.Context, c Container) (fits, whole bool, err error) {
	if len(x) == 0 || c.Size-x[len(x)-1].end > maxGap {
		return false, false, nil
	}
	there := sort.Search(len(x), func(i int) bool { return x[i].data > c.Size })
	return fitsAt(there, len(x), func(i int) ([]byte, error) {
		return c.readAt(ctx, x[i].data-tarfile.Block, tarfile.Block)
	}, func(i int, head []byte) bool {
		h, err := tar.NewReader(bytes.NewReader(head)).Next()
		return tarfile.IsHeader(head) && err == nil && h.Size == x[i].size && sameName(h.Name, x[i].name)
	})
}

// fitsAt looks for one of the last heads that are there, of n that an index has: after them the file
// ends, or is zeros, as that of a download which has not come so far.
func fitsAt(there, n int, read func(i int) ([]byte, error), right func(i int, head []byte) bool) (fits, whole bool, err error) {
	there = sort.Search(there, func(i int) bool {
		if err != nil {
			return true
		}
		var head []byte
		head, err = read(i)
		return tarfile.IsZero(head)
	})
	for i := there - 1; err == nil && i >= max(0, there-fitTries); i-- {
		var head []byte
		if head, err = read(i); err == nil && right(i, head) {
			return true, i == n-1, nil
		}
	}
	return err == nil && there == 0, false, err
}

// sameName compares the name of a header with that of an index; a header cuts a long name off.
func sameName(header, index string) bool {
	return index == "" || member(header) == member(index) || len(header) >= 99 && strings.HasPrefix(index, header)
}

// points are the beginnings of samples. ok is false if the index is of no use to cut a tar: it is absent,
// odd, or not of this tar.
func (x tarIndex) points(c Container) (points []point, ok bool) {
	if len(x) == 0 || x[len(x)-1].end > c.Size {
		return nil, false
	}
	seen := make(map[xxh3.Uint128]struct{}, len(x))
	end := int64(0)
	for _, s := range x {
		key, _, named := splitKey(member(s.name))
		if !named {
			return nil, false // version 1.1, or names that webdataset passes over
		}
		h := xxh3.HashString128(key)
		if _, twice := seen[h]; twice {
			return nil, false
		}
		seen[h] = struct{}{}
		start := (end + tarfile.Block - 1) / tarfile.Block * tarfile.Block
		if s.data-start > maxGap {
			return nil, false
		}
		points = append(points, point{key, start})
		end = s.end
	}
	if c.Size-end > maxGap {
		return nil, false
	}
	return points, true
}

// verifyCut looks at the headers around a cut that an index proposes, and returns where the
// sample p really begins; −1 if the index is wrong. A sample may have members that the index
// does not list: those of the sample before are passed over.
func (c Container) verifyCut(ctx context.Context, p point, before string) (int64, error) {
	w, f, err := c.open(ctx, p.offset, c.Size)
	if err != nil {
		return -1, fmt.Errorf("source: %s: %w", c.Name, err)
	}
	defer f.Close()
	scan := walkTar(w, 0, false)
	for range 32 {
		m, err := scan.Next(ctx)
		if err != nil {
			return -1, nil // whoever reads the tar will say what is wrong
		}
		switch key, _, ok := splitKey(member(m.Name)); {
		case m.Header < 0 || m.Sparse:
			return -1, nil
		case ok && key == p.key:
			return m.Header, nil
		case ok && key != before:
			return -1, nil
		}
	}
	return -1, nil
}
