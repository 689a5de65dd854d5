package blob

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkReadRange reads ranges all over a container of 140 MiB in the page cache.
func BenchmarkReadRange(b *testing.B) {
	const size = 140 << 20
	p := filepath.Join(b.TempDir(), "in.tar")
	f, err := os.Create(p)
	if err != nil {
		b.Fatal(err)
	}
	block := make([]byte, 1<<20)
	for range size / len(block) {
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	for _, n := range []int64{512, 4 << 10, 110 << 10} {
		b.Run(fmt.Sprintf("size=%d", n), func(b *testing.B) {
			b.SetBytes(n)
			b.ReportAllocs()
			var buf []byte
			for i := 0; b.Loop(); i++ {
				var err error
				if buf, err = ReadRange(ctx, buf, p, int64(i)*7919*4096%(size-n), n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("parallel,size=4096", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			var buf []byte
			for i := int64(0); pb.Next(); i++ {
				var err error
				if buf, err = ReadRange(ctx, buf, p, i*7919*4096%(size-4096), 4096); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkReadFile reads whole files, as from a folder of images.
func BenchmarkReadFile(b *testing.B) {
	p := filepath.Join(b.TempDir(), "x.jpg")
	if err := os.WriteFile(p, make([]byte, 110<<10), 0o666); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(110 << 10)
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		var err error
		if buf, err = ReadRange(ctx, buf, p, 0, -1); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCreate writes files in pieces as the formats do, fsyncs among it.
func BenchmarkCreate(b *testing.B) {
	for _, size := range []int{100 << 10, 140 << 20} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			p := filepath.Join(b.TempDir(), "out.tar")
			piece := make([]byte, 30<<10)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				w, err := Create(ctx, p)
				if err != nil {
					b.Fatal(err)
				}
				for left := size; left > 0; left -= len(piece) {
					if _, err := w.Write(piece[:min(left, len(piece))]); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Commit(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
