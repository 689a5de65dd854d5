package hfparquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go/format"
)

// ErrUnsupported is wrapped by the errors that say that a file may be right, and has something that
// is not read. They wrap [ErrFormat] too.
var ErrUnsupported = errors.New("not supported")

func unsupportedError(f string, args ...any) error {
	return &unsupported{fmt.Sprintf(f, args...)}
}

type unsupported struct{ what string }

func (e *unsupported) Error() string   { return "parquet: " + e.what }
func (e *unsupported) Unwrap() []error { return []error{ErrFormat, ErrUnsupported} }

// The numbers of the fields of a footer that are looked at here.
const (
	fileGroups     = 4 // of FileMetaData
	fileEncryption = 8
	groupColumns   = 1 // of RowGroup
	chunkMeta      = 3 // of ColumnChunk
	metaCodec      = 4 // of ColumnMetaData
)

// checkFooter walks the footer before anything believes it, and keeps it.
func (f *File) checkFooter() error {
	if f.size < 12 {
		return formatError("%d bytes are too few", f.size)
	}
	var tail [8]byte
	if _, err := (readerAt{f}).ReadAt(tail[:], f.size-8); err != nil {
		return f.explain(err)
	}
	if string(tail[4:]) == "PARE" {
		return unsupportedError("the file is encrypted")
	}
	if string(tail[4:]) != magic {
		return formatError("the file ends in %q, want PAR1: truncated, or something else", tail[4:])
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > f.size-12 || n > maxFooter {
		return formatError("a footer of %d bytes in a file of %d", n, f.size)
	}
	footer := make([]byte, n)
	if _, err := (readerAt{f}).ReadAt(footer, f.size-8-n); err != nil {
		return f.explain(err)
	}
	encrypted, err := f.walkFooter(footer)
	if err != nil {
		return formatError("footer: %w", err)
	}
	if encrypted {
		return unsupportedError("columns of the file are encrypted")
	}
	f.footer = footer
	return nil
}

// walkFooter notes the codec of each column of each row group, and overwrites it: parquet-go is to
// take all pages for plain, since they are inflated before it sees them. It would use the codec of
// the first row group for all, and believe that a page inflates to what its header says.
func (f *File) walkFooter(footer []byte) (encrypted bool, err error) {
	w := walker{data: footer}
	codec := func(id int64, typ byte) (bool, error) {
		if id != metaCodec || typ != thriftI32 {
			return false, nil
		}
		at := w.at
		v, err := w.varint()
		if err != nil {
			return false, err
		}
		codecs := f.codecs[len(f.codecs)-1]
		codecs[len(codecs)-1] = format.CompressionCodec(unzigzag(v))
		for i := at; i < w.at; i++ {
			footer[i] = 0x80 // zero, in as many bytes
		}
		footer[w.at-1] = 0
		return true, nil
	}
	structs := func(depth int, id int64, field func(id int64, typ byte) (bool, error), begin func()) func(int64, byte) (bool, error) {
		return func(have int64, typ byte) (bool, error) {
			encrypted = encrypted || depth == 1 && have == fileEncryption
			if have != id || typ != thriftList {
				return false, nil
			}
			return true, w.list(func(typ byte) error {
				if begin(); typ != thriftStruct {
					return errThrift
				}
				return w.message(depth, field)
			})
		}
	}
	meta := func(id int64, typ byte) (bool, error) {
		if id != chunkMeta || typ != thriftStruct {
			return false, nil
		}
		return true, w.message(3, codec)
	}
	columns := structs(2, groupColumns, meta, func() {
		last := len(f.codecs) - 1
		f.codecs[last] = append(f.codecs[last], -1)
	})
	groups := structs(1, fileGroups, columns, func() { f.codecs = append(f.codecs, nil) })
	return encrypted, w.message(0, groups)
}

// codecNames are those of the codecs that are not read.
var codecNames = map[format.CompressionCodec]string{
	format.LZO: "LZO", format.Lz4: "LZ4 in its deprecated form, which is not the same with all writers",
}

// unsupported says what the footer shows of a leaf of a group that is not read; nil if it is read.
func (f *File) unsupported(group, leaf int) error {
	c := &f.f.Metadata().RowGroups[group].Columns[leaf]
	name := strings.Join(f.paths[leaf], ".")
	switch codec := f.codecs[group][leaf]; codec {
	case format.Uncompressed, format.Snappy, format.Gzip, format.Brotli, format.Zstd, format.Lz4Raw:
	default:
		what, ok := codecNames[codec]
		if !ok {
			what = fmt.Sprintf("codec %d", codec)
		}
		return unsupportedError("column %s is compressed by %s: write the file with Zstandard, Snappy, gzip, Brotli or LZ4_RAW", name, what)
	}
	if c.FilePath != "" {
		return unsupportedError("column %s lies in another file, %q", name, c.FilePath)
	}
	for _, e := range c.MetaData.Encoding {
		if e < format.Plain || e == 1 || e > format.ByteStreamSplit { // 1 was never used
			return unsupportedError("column %s has pages in encoding %d", name, e)
		}
	}
	return nil
}
