package hfparquet

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/format"
	"github.com/premix/premix/io/shard/shardtest"
)

type pictureRow struct {
	Image struct {
		Bytes []byte `parquet:"bytes,optional"`
		Path  string `parquet:"path,optional,dict"`
	} `parquet:"image"`
	Label int64 `parquet:"label"`
	Note  string
}

// pictures is a file of rows [from, until), each with an image of 3,000 bytes.
func pictures(t testing.TB, codec compress.Codec, from, until int, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[pictureRow](&b, append(options, parquet.Compression(codec))...)
	for i := from; i < until; i++ {
		row := pictureRow{Label: int64(i), Note: fmt.Sprint("note ", i)}
		row.Image.Bytes, row.Image.Path = bytes.Repeat([]byte{byte(i), 'x', byte(i >> 8)}, 1000), "a.jpg"
		if _, err := w.Write([]pictureRow{row}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// joined is a file with the row groups of some files, as tools that merge files without reading
// them make it.
func joined(t testing.TB, files ...[]byte) []byte {
	t.Helper()
	body := []byte(magic)
	var all format.FileMetaData
	for i, data := range files {
		shardtest.Refoot(t, data, func(m *format.FileMetaData) {
			shift := int64(len(body) - len(magic))
			for _, g := range m.RowGroups {
				for c := range g.Columns {
					meta := &g.Columns[c].MetaData
					meta.DataPageOffset += shift
					if meta.DictionaryPageOffset > 0 {
						meta.DictionaryPageOffset += shift
					}
				}
			}
			if i == 0 {
				all = *m
				return
			}
			all.RowGroups = append(all.RowGroups, m.RowGroups...)
			all.NumRows += m.NumRows
		})
		body = append(body, data[len(magic):len(data)-8]...)
	}
	whole := append(body, files[0]...)
	return shardtest.Refoot(t, whole, func(m *format.FileMetaData) { *m = all })
}

func labelsOf(t testing.TB, data []byte) (labels []int, err error) {
	t.Helper()
	f, err := Open(bytes.NewReader(data), int64(len(data)), 1<<30)
	if err != nil {
		return nil, err
	}
	for g := range f.Groups() {
		err := f.Images(g, "image", "label", func(img Image) error {
			if want := bytes.Repeat([]byte{byte(img.Label), 'x', byte(img.Label >> 8)}, 1000); !bytes.Equal(img.Bytes, want) {
				t.Errorf("row group %d: label %d has the image of another", g, img.Label)
			}
			labels = append(labels, img.Label)
			return nil
		})
		if err != nil {
			return labels, err
		}
	}
	return labels, nil
}

// A row group has its own codec. parquet-go takes that of the first for all.
func TestCodecOfEachGroup(t *testing.T) {
	var files [][]byte
	for i, codec := range codecs {
		files = append(files, pictures(t, codec, 300*i, 300*i+300, parquet.DataPageVersion(1+i%2), parquet.PageBufferSize(64<<10)))
	}
	labels, err := labelsOf(t, joined(t, files...))
	if err != nil || len(labels) != 300*len(codecs) {
		t.Fatalf("%d rows, %v", len(labels), err)
	}
	for i, l := range labels {
		if l != i {
			t.Fatalf("row %d has the label %d", i, l)
		}
	}
}

// A damaged page costs what is behind it in its row group.
func TestDamagedPage(t *testing.T) {
	for _, codec := range codecs[1:] {
		data := pictures(t, codec, 0, 300, parquet.PageBufferSize(64<<10), parquet.MaxRowsPerRowGroup(300))
		f, err := Open(bytes.NewReader(data), int64(len(data)), 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		m := f.f.Metadata().RowGroups[0].Columns[0].MetaData
		data[m.DataPageOffset+m.TotalCompressedSize-20] ^= 1
		labels, err := labelsOf(t, data)
		if !errors.Is(err, ErrFormat) || errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "row group 0: row ") {
			t.Errorf("%v: %v", codec, err)
		}
		if len(labels) == 0 || len(labels) >= 300 {
			t.Errorf("%v: %d rows", codec, len(labels))
		}
	}
}

// What the footer shows is said by the footer, for the columns that are asked for.
func TestUnsupported(t *testing.T) {
	data := pictures(t, &parquet.Uncompressed, 0, 10)
	first := func(change func(*format.ColumnChunk)) func(*format.FileMetaData) {
		return func(m *format.FileMetaData) { change(&m.RowGroups[0].Columns[0]) }
	}
	codec := func(id format.CompressionCodec) func(*format.FileMetaData) {
		return first(func(c *format.ColumnChunk) { c.MetaData.Codec = id })
	}
	encoding := func(id format.Encoding) func(*format.FileMetaData) {
		return first(func(c *format.ColumnChunk) { c.MetaData.Encoding = []format.Encoding{format.Plain, id} })
	}
	for want, change := range map[string]func(*format.FileMetaData){
		"image.bytes is compressed by LZ4 in its deprecated form": codec(format.Lz4),
		"image.bytes is compressed by LZO":                        codec(format.LZO),
		"image.bytes is compressed by codec 63":                   codec(63),
		"image.bytes is compressed by codec 1000":                 codec(1000), // two bytes in the footer
		"image.bytes lies in another file":                        first(func(c *format.ColumnChunk) { c.FilePath = "part-0" }),
		"image.bytes has pages in encoding 1":                     encoding(1),
		"image.bytes has pages in encoding 10":                    encoding(10),
		"columns of the file are encrypted": func(m *format.FileMetaData) {
			m.EncryptionAlgorithm = format.EncryptionAlgorithm{Value: &format.AesGcmV1{}}
		},
	} {
		_, err := labelsOf(t, shardtest.Refoot(t, data, change))
		if !errors.Is(err, ErrFormat) || !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, id := range []format.CompressionCodec{format.Lz4, format.LZO, 63} { // of Note, which nobody asks for
		other := shardtest.Refoot(t, data, func(m *format.FileMetaData) { m.RowGroups[0].Columns[3].MetaData.Codec = id })
		if labels, err := labelsOf(t, other); len(labels) != 10 || err != nil {
			t.Errorf("codec %d beside the image: %d rows, %v", id, len(labels), err)
		}
	}
	encrypted := append(bytes.Clone(data[:len(data)-4]), "PARE"...)
	if _, err := labelsOf(t, encrypted); !errors.Is(err, ErrUnsupported) {
		t.Errorf("encrypted: %v", err)
	}
}
