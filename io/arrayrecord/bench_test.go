package arrayrecord

import (
	"bytes"
	"io"
	"testing"
)

// The benchmarks of shards, with examples in the records, are in io/tfshard.
func BenchmarkWrite(b *testing.B) {
	record := make([]byte, 100_000)
	b.SetBytes(int64(len(record)))
	b.ReportAllocs()
	w := NewWriter(io.Discard)
	for b.Loop() {
		if err := w.Write(record); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	var list []string
	for range 256 {
		list = append(list, string(make([]byte, 100_000)))
	}
	file := write(b, list...)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(bytes.NewReader(file), 0)
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}
