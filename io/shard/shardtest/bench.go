package shardtest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/premix/premix/io/shard"
)

// Bench measures writing and reading of shards of a hundred thousand and of twenty thousand bytes
// a record: ImageNet's own images, and crops of 224 pixels. Writing hashes the shard with
// SHA-256 on the way to memory, as a job does; reading hands each record to the caller. MB/cpu-s
// counts the time that the process had a core.
func Bench(b *testing.B, f shard.Format) {
	for _, size := range []int{100_000, 20_000} {
		for _, form := range []string{shard.Pair, shard.Dense} {
			s := Spec(form)
			for len(s.Classes) < 1000 {
				s.Classes = append(s.Classes, fmt.Sprintf("n%08d", len(s.Classes)))
			}
			recs := Records(s, 256)
			for i := range recs {
				recs[i].Image = make([]byte, size)
				for k := range recs[i].Image {
					recs[i].Image[k] = byte(k*k + i*k>>5)
				}
			}
			data, _ := Write(b, f, s, recs)
			b.Run(fmt.Sprintf("write/size=%d/%s", size, form), func(b *testing.B) { benchWrite(b, f, s, recs, len(data)) })
			b.Run(fmt.Sprintf("read/size=%d/%s", size, form), func(b *testing.B) { benchRead(b, f, data, len(recs)) })
		}
	}
}

func benchWrite(b *testing.B, f shard.Format, s shard.Spec, recs []shard.Record, size int) {
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var buf bytes.Buffer
	buf.Grow(size)
	start := cpuTime()
	for b.Loop() {
		buf.Reset()
		hash := sha256.New()
		w := f.NewWriter(io.MultiWriter(&buf, hash), s)
		for i := range recs {
			if err := w.Write(&recs[i]); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		hash.Sum(nil)
	}
	perCore(b, size, start)
}

// perCore reports the bytes of a core's second.
func perCore(b *testing.B, size int, start time.Duration) {
	if used := cpuTime() - start; used > 0 {
		b.ReportMetric(float64(size)*float64(b.N)/used.Seconds()/1e6, "MB/cpu-s")
	}
}

func benchRead(b *testing.B, f shard.Format, data []byte, n int) {
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var rec shard.Record
	start := cpuTime()
	for b.Loop() {
		r := f.NewReader(bytes.NewReader(data), shard.ReadOptions{})
		got := 0
		for {
			err := r.Next(&rec)
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			got++
		}
		if got != n {
			b.Fatalf("%d records, want %d", got, n)
		}
	}
	perCore(b, len(data), start)
}
