package hfparquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/premix/premix"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/shard/shardtest"
)

// oracle writes a shard with parquet-go's own writer, value by value.
func oracle(t testing.TB, s shard.Spec, recs []shard.Record) []byte {
	t.Helper()
	features, err := metadata(s.Classes, s.Dense())
	if err != nil {
		t.Fatal(err)
	}
	schema := pairSchema
	if s.Dense() {
		schema = denseSchema
	}
	var out bytes.Buffer
	w := parquet.NewGenericWriter[any](&out, schema,
		parquet.CreatedBy("premix", "1", "parquet"), parquet.KeyValueMetadata(metaKey, features),
		parquet.DataPageVersion(1), parquet.MaxRowsPerRowGroup(groupRows),
		parquet.DefaultEncodingFor(parquet.ByteArray, &parquet.Plain),
		parquet.SkipPageBounds(imagePath...), parquet.SkipPageStatistics(imagePath...))
	count, held := 0, 0
	for i := range recs {
		if _, err := w.WriteRows([]parquet.Row{oracleRow(&recs[i])}); err != nil {
			t.Fatal(err)
		}
		if count, held = count+1, held+len(recs[i].Image); count == groupRows || held >= groupBytes {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			count, held = 0, 0
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func oracleRow(r *shard.Record) (row parquet.Row) {
	leaf := 0
	put := func(definition int, values ...parquet.Value) {
		for i, v := range values {
			row = append(row, v.Level(min(i, 1), definition, leaf))
		}
		leaf++
	}
	number := func(n int) parquet.Value { return parquet.Int64Value(int64(n)) }
	text := func(s string) parquet.Value { return parquet.ByteArrayValue([]byte(s)) }
	box := func(b premix.Box) { put(3, number(b.X0), number(b.Y0), number(b.X1), number(b.Y1)) }
	put(2, parquet.ByteArrayValue(r.Image))
	put(2, text(r.Key+"."+r.ImageFormat))
	put(1, number(r.Label))
	put(1, text(r.Key))
	put(1, number(r.LabelA))
	put(1, number(r.LabelB))
	put(1, parquet.DoubleValue(r.Lam))
	put(1, parquet.DoubleValue(r.LamDrawn))
	box(r.Box)
	box(r.SrcBox)
	put(3, number(r.Peak.X), number(r.Peak.Y))
	put(1, parquet.BooleanValue(r.Flat))
	put(1, text(r.Method))
	put(1, parquet.BooleanValue(r.Mixed))
	put(1, number(r.Replica))
	put(1, text(r.Target))
	put(1, text(r.Source))
	if len(r.Soft) > 0 {
		var soft []parquet.Value
		for _, share := range r.Soft {
			soft = append(soft, parquet.FloatValue(share))
		}
		put(3, soft...)
	}
	return row
}

// The writer's bytes are those of parquet-go.
func TestOracle(t *testing.T) {
	check := func(t *testing.T, s shard.Spec, recs []shard.Record) {
		t.Helper()
		got, _ := shardtest.Write(t, Format{}, s, recs)
		want := oracle(t, s, recs)
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("byte %d of %d is %#x; parquet-go writes %#x, and %d bytes", i, len(got), got[i], want[i], len(want))
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d bytes; parquet-go writes %d", len(got), len(want))
		}
	}
	for _, form := range []string{shard.Pair, shard.Dense} {
		for _, n := range []int{0, 1, 2, 7, 8, 9, 99, 100, 101, 250} {
			t.Run(fmt.Sprintf("%s/%d", form, n), func(t *testing.T) {
				s := shardtest.Spec(form)
				check(t, s, shardtest.Records(s, n))
			})
		}
		seeds := uint64(40)
		if testing.Short() {
			seeds = 6
		}
		for seed := range seeds {
			t.Run(fmt.Sprintf("%s/drawn-%d", form, seed), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 1))
				s := shardtest.Spec(form)
				for range rng.IntN(2000) {
					s.Classes = append(s.Classes, fmt.Sprint(rng.Uint32()))
				}
				check(t, s, drawn(rng, s))
			})
		}
	}
	t.Run("large", func(t *testing.T) { // a row group ends in bytes
		s := shardtest.Spec(shard.Pair)
		recs := shardtest.Records(s, 70)
		image := bytes.Repeat([]byte("image"), 200_000)
		for i := range recs {
			recs[i].Image = image[i:]
		}
		check(t, s, recs)
	})
}

// Closed writers leave their memory to the next ones, and nothing of what they held, whatever ended
// them; many write at once.
func TestWriterPool(t *testing.T) {
	type job struct {
		s    shard.Spec
		recs []shard.Record
		want []byte
	}
	var jobs []job
	for _, form := range []string{shard.Pair, shard.Dense} {
		for _, n := range []int{1, 99, 130, 210} {
			s := shardtest.Spec(form)
			recs := shardtest.Records(s, n)
			for i := range recs {
				recs[i].Target, recs[i].Method = fmt.Sprint("t", i%7, n), fmt.Sprint("m", i%5, n)
			}
			jobs = append(jobs, job{s, recs, oracle(t, s, recs)})
		}
	}
	write := func(out io.Writer, j *job, recs ...shard.Record) error {
		w := Format{}.NewWriter(out, j.s)
		for i := range recs {
			if w.Write(&recs[i]) != nil {
				break
			}
		}
		return w.Close()
	}
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for k := range 12 {
				j := &jobs[(g*5+k*3)%len(jobs)]
				if err := write(&full{left: 30_000 * (k % 2)}, j, j.recs...); err == nil && len(j.want) > 30_000*(k%2) {
					t.Errorf("job %d: no error of the medium", k)
				}
				bad := j.recs[0]
				bad.Key = "/"
				if err := write(io.Discard, j, j.recs[0], bad); err == nil {
					t.Errorf("job %d: no error of the record", k)
				}
				var out bytes.Buffer
				if err := write(&out, j, j.recs...); err != nil || !bytes.Equal(out.Bytes(), j.want) {
					t.Errorf("job %d: other bytes, %v", k, err)
				}
			}
		})
	}
	group.Wait()
}

// full is a disk with some bytes left.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

// The memory of a writer is that of a row group, however many have a large image, each in another place.
func TestWriterMemory(t *testing.T) {
	s := shardtest.Spec(shard.Pair)
	recs := shardtest.Records(s, 80)
	small, large := make([]byte, 300_000), make([]byte, 20<<20)
	w := newWriter(io.Discard, s, nil)
	for group := range 8 {
		for i := range recs {
			recs[i].Image = small
			if i == 5*group {
				recs[i].Image = large
			}
			if err := w.Write(&recs[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
	}
	held := 0
	for _, p := range w.columns[0].pages {
		held += cap(p.body)
	}
	if held > groupBytes {
		t.Errorf("%d MB in the pages of images", held>>20)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// drawn returns records whose sizes fill pages in all ways.
func drawn(rng *rand.Rand, s shard.Spec) []shard.Record {
	sizes := []int{1, 300, 20_000, pageSize - 10, pageSize - 9, pageSize - 8, pageSize, pageSize + 1}
	size := sizes[rng.IntN(len(sizes))]
	names := []int{0, 0, 1, 16, 17, 40, pageSize/50 - 9, pageSize / 50}[rng.IntN(8)]
	shares := []int{1, 2, 3, 8, 9, 100_000}[rng.IntN(6)]
	n := 230
	if size > 300 {
		n = 30
	}
	recs := shardtest.Records(s, rng.IntN(n))
	text := func() string {
		b := []byte(strings.Repeat(string(rune('a'+rng.IntN(4))), rng.IntN(names+1)))
		if len(b) > 0 && rng.IntN(3) == 0 {
			b[rng.IntN(len(b))] = 0x7f
		}
		return string(b)
	}
	for i := range recs {
		r := &recs[i]
		r.Image = bytes.Repeat([]byte{byte(i)}, size)
		if size == 20_000 {
			r.Image = r.Image[:1+rng.IntN(size)]
		}
		r.Key = fmt.Sprintf("%x", rng.Uint64())
		r.Target, r.Source, r.Method = text(), text(), []string{"none", "cutmix", "", text()}[rng.IntN(4)]
		r.Lam, r.LamDrawn = rng.Float64(), rng.NormFloat64()
		r.Flat, r.Mixed, r.Replica = rng.IntN(5) == 0, rng.IntN(2) == 0, rng.IntN(1<<40)
		if rng.IntN(8) == 0 {
			r.Lam, r.LamDrawn = 0, math.Copysign(0, -1)
		}
		if len(r.Soft) == 0 {
			continue
		}
		for k := range r.Soft {
			if shares > 3 || rng.IntN(50) == 0 {
				r.Soft[k] = float32(rng.IntN(shares)) / 7
			}
		}
	}
	return recs
}
