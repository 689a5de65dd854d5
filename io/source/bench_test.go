package source

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/premix/premix/io/tfrecord"
)

// payload is 110 KB that look like a photograph to everything but a decoder, the mean of ImageNet.
func payload(i int) []byte {
	data := make([]byte, 110_000)
	x := uint64(i)*0x9e3779b97f4a7c15 + 1
	for k := range data {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		data[k] = byte(x)
	}
	copy(data, "\xff\xd8\xff\xe0")
	return data
}

// BenchmarkRead measures how fast shards in the page cache become entries, digests included.
func BenchmarkRead(b *testing.B) {
	const n = 600
	var tar []file
	var inner []file
	var records []byte
	var rows []parquetRow
	for i := range n {
		data := payload(i)
		key := fmt.Sprintf("n01440764_%05d", i)
		tar = append(tar, file{key + ".cls", []byte("7")}, file{key + ".jpg", data}, file{key + ".json", []byte(`{"width": 500, "height": 375}`)})
		inner = append(inner, file{key + ".JPEG", data})
		records = tfrecord.Append(records, example(map[string]any{"image/encoded": data, "image/class/label": 8, "image/filename": key}))
		rows = append(rows, parquetRow{parquetImage{data, key + ".JPEG"}, 7, 0})
	}
	for _, bench := range []struct {
		name, file string
		data       []byte
	}{
		{"layout=webdataset", "train-000000.tar", tarOf(b, tar...)},
		{"layout=ilsvrc", "n01440764.tar", tarOf(b, inner...)},
		{"layout=tfrecord", "train-00000-of-00001", records},
		{"layout=parquet", "train-00000-of-00001.parquet", parquetOf(b, rows, parquet.MaxRowsPerRowGroup(100))},
	} {
		b.Run(bench.name, func(b *testing.B) {
			dir := b.TempDir()
			put(b, filepath.Join(dir, bench.file), bench.data)
			cat, err := Discover(b.Context(), []Input{{"", dir}}, Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(bench.data)))
			b.ReportAllocs()
			for b.Loop() {
				chunks, err := Split(b.Context(), cat.Containers[0], Options{})
				if err != nil {
					b.Fatal(err)
				}
				good := 0
				for _, ch := range chunks {
					if err := Read(b.Context(), ch, Options{}, 0, func(e Entry) error {
						if e.Sample.Fault == nil && !e.Ignored {
							good++
						}
						return nil
					}); err != nil {
						b.Fatal(err)
					}
				}
				if good != n {
					b.Fatalf("%d good entries of %d", good, n)
				}
			}
		})
	}
}
