package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/premix/premix/io/blob"
	"github.com/zeebo/xxh3"
)

// maxGap is how far an index may leave out a tar: the headers and small members between two
// samples, the end mark. A wider gap means that samples are missing in it.
const maxGap = 64 << 10

var errIndex = errors.New("not an index")

// An indexed sample is a line of DALI's index of a tar.
type indexed struct {
	name string // of its first member; empty in version 1.1
	data int64  // offset of the data of its first member
	end  int64  // of the data of its last one
}

// parseIndex reads DALI's index of a tar (tools/wds2idx.py): "v1.2 N", then for each sample
// "EXT OFFSET SIZE NAME" for each of its members; version 1.1 has no names. Offsets must rise and
// stay within size.
func parseIndex(data []byte, size int64) ([]indexed, error) {
	head, rest, _ := bytes.Cut(data, []byte("\n"))
	fields := 0
	switch {
	case bytes.HasPrefix(head, []byte("v1.2 ")):
		fields = 4
	case bytes.HasPrefix(head, []byte("v1.1 ")):
		fields = 3
	default:
		return nil, errIndex
	}
	var list []indexed
	last := int64(0)
	for line := range strings.Lines(string(rest)) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f)%fields != 0 {
			return nil, errIndex
		}
		s := indexed{data: -1}
		for i := 0; i < len(f); i += fields {
			at, err1 := strconv.ParseInt(f[i+1], 10, 64)
			n, err2 := strconv.ParseInt(f[i+2], 10, 64)
			if err1 != nil || err2 != nil || at < tarBlock || at%tarBlock != 0 || n < 0 || n > size || at > size-n {
				return nil, errIndex
			}
			if s.data < 0 || at < s.data {
				s.data = at
				if fields == 4 {
					s.name = f[i+3]
				}
			}
			s.end = max(s.end, at+n)
		}
		if s.data <= last {
			return nil, errIndex
		}
		last = s.end
		list = append(list, s)
	}
	if len(list) == 0 {
		return nil, errIndex
	}
	return list, nil
}

// indexPoints reads the beginnings of samples from the index of a tar. ok is false if the index
// is of no use: it is absent, odd, or not of this tar.
func (c Container) indexPoints(ctx context.Context) (points []point, ok bool, err error) {
	uri := c.Extra[extraIndex]
	if uri == "" || c.Extra[extraCompression] != "" {
		return nil, false, nil
	}
	data, err := blob.ReadAll(ctx, uri, 256<<20)
	if err != nil {
		return nil, false, fmt.Errorf("source: %s: %w", c.Name, err)
	}
	list, err := parseIndex(data, c.Size)
	if err != nil {
		return nil, false, nil
	}
	seen := make(map[xxh3.Uint128]struct{}, len(list))
	end := int64(0)
	for _, s := range list {
		key, _, named := splitKey(member(s.name))
		if !named {
			return nil, false, nil // version 1.1, or names that webdataset passes over
		}
		h := xxh3.HashString128(key)
		if _, twice := seen[h]; twice {
			return nil, false, nil
		}
		seen[h] = struct{}{}
		start := (end + tarBlock - 1) / tarBlock * tarBlock
		if s.data-start > maxGap {
			return nil, false, nil
		}
		points = append(points, point{key, start})
		end = s.end
	}
	if c.Size-end > maxGap {
		return nil, false, nil
	}
	return points, true, nil
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
	scan := newTarScanner(w, 0)
	for range 32 {
		m, err := scan.member(ctx)
		if err != nil {
			return -1, nil // whoever reads the tar will say what is wrong
		}
		switch key, _, ok := splitKey(member(m.name)); {
		case m.header < 0 || m.sparse:
			return -1, nil
		case ok && key == p.key:
			return m.header, nil
		case ok && key != before:
			return -1, nil
		}
	}
	return -1, nil
}
