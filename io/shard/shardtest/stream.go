package shardtest

import (
	"bytes"
	"io"
	"testing"

	"github.com/premix/premix/io/shard"
)

// counting counts what passes.
type counting struct {
	n int
	r io.Reader
}

func (c *counting) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// streams tests that neither writer nor reader holds a shard: at most a hundred records, and some
// buffers.
func streams(t *testing.T, f shard.Format) {
	const size, count, most = 10_000, 600, 100*11_000 + 512<<10
	s := Spec(shard.Pair)
	recs := Records(s, count)
	var out counting
	var buf bytes.Buffer
	w := f.NewWriter(io.MultiWriter(&out, &buf), s)
	for i := range recs {
		recs[i].Image = bytes.Repeat([]byte{byte(i)}, size)
		if err := w.Write(&recs[i]); err != nil {
			t.Fatal(err)
		}
		if held := (i+1)*size - out.n; held > most && !f.Traits().Whole {
			t.Fatalf("after %d records the writer holds %d bytes", i+1, held)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := w.Payload(), int64(count*size); got < want || got > int64(buf.Len()) {
		t.Errorf("payload of %d bytes, the images have %d and the shard %d", got, want, buf.Len())
	}
	if f.Traits().RandomAccess {
		return
	}
	each := buf.Len() / count
	in := counting{r: &buf}
	r := f.NewReader(&in, shard.ReadOptions{})
	var rec shard.Record
	for i := range recs {
		if err := r.Next(&rec); err != nil {
			t.Fatal(err)
		}
		if held := in.n - i*each; held > most {
			t.Fatalf("for %d records the reader took %d bytes", i+1, in.n)
		}
	}
}
