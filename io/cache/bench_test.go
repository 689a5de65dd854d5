package cache

import (
	"bytes"
	"testing"
)

// BenchmarkEncode and BenchmarkDecode handle a chunk of 2,000 rows.
func BenchmarkEncode(b *testing.B) {
	m, c := chunk(2000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := encode(m, c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	m, c := chunk(2000)
	data, err := encode(m, c)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := decode(bytes.Clone(data)); err != nil {
			b.Fatal(err)
		}
	}
}
