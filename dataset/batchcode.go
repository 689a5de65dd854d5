package dataset

import (
	"encoding/binary"
	"fmt"
	"math"
)

// batchVersion is the first byte of an encoded batch.
const batchVersion = 1

// Bounds of what an encoded batch says, checked before memory is taken for it.
const (
	maxBatchText    = 256
	maxBatchMethods = 64
	minExtract      = 1 + 1 + 5 + 32 + 1 // number, flags, five sizes, hash, number of sums
)

const (
	flagKept = 1 << iota
	flagAnew
)

// AppendBinary appends the batch as it travels: numbers as varints, hashes and sums of λ as they are, and no name
// of a file. That is 69 bytes a shard with one method, where gob takes 925 for a record.
func (b *Batch) AppendBinary(dst []byte) ([]byte, error) {
	num := func(n int64) { dst = binary.AppendUvarint(dst, uint64(n)) }
	text := func(s string) {
		num(int64(len(s)))
		dst = append(dst, s...)
	}
	dst = append(dst, batchVersion)
	num(int64(b.Replica))
	text(b.Fingerprint)
	num(int64(len(b.Totals)))
	for i := range b.Totals {
		m := &b.Totals[i]
		text(m.Method)
		for _, n := range m.counts() {
			num(*n)
		}
	}
	num(int64(len(b.Shards)))
	for i := range b.Shards {
		e := &b.Shards[i]
		num(e.Shard)
		flags := byte(0)
		if e.Kept {
			flags |= flagKept
		}
		if e.Anew {
			flags |= flagAnew
		}
		dst = append(dst, flags)
		for _, n := range []int64{e.Samples, e.Bytes, e.PayloadBytes, e.IndexBytes, e.PlanBytes} {
			num(n)
		}
		dst = append(dst, e.SHA256[:]...)
		num(int64(len(e.Sums)))
		for _, s := range e.Sums {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.Drawn))
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.Final))
		}
	}
	return dst, nil
}

// counts are the counts of a method, in the order in which they travel.
func (m *MethodStats) counts() []*int64 {
	all := []*int64{&m.Count, &m.Mixed, &m.Flat, &m.Empty, &m.SameClass, &m.Boxes, &m.BoxArea, &m.BoxWidth, &m.BoxHeight}
	for i := range m.Lam {
		all = append(all, &m.LamDrawn[i], &m.Lam[i])
	}
	return all
}

// ReadBatch reads what AppendBinary wrote. What it returns is valid.
func ReadBatch(data []byte) (*Batch, error) {
	d := batchReader{rest: data}
	b := d.batch()
	if d.err == nil && len(d.rest) > 0 {
		d.fail("%d bytes too many", len(d.rest))
	}
	if d.err == nil {
		d.err = b.AssertValid()
	}
	if d.err != nil {
		return nil, fmt.Errorf("dataset: a batch of %d bytes: %w", len(data), d.err)
	}
	return b, nil
}

// A batchReader takes values off the front of an encoded batch. After the first error it returns zeros.
type batchReader struct {
	rest []byte
	err  error
}

func (d *batchReader) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
	d.rest = nil
}

func (d *batchReader) take(n int) []byte {
	if n > len(d.rest) {
		d.fail("it ends early")
		return make([]byte, n)
	}
	p := d.rest[:n]
	d.rest = d.rest[n:]
	return p
}

func (d *batchReader) num(most int64) int64 {
	n, k := binary.Uvarint(d.rest)
	if k <= 0 || n > uint64(most) {
		d.fail("a number up to %d was expected", most)
		return 0
	}
	d.rest = d.rest[k:]
	return int64(n)
}

func (d *batchReader) text() string { return string(d.take(int(d.num(maxBatchText)))) }

func (d *batchReader) float() float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(d.take(8)))
}

func (d *batchReader) batch() *Batch {
	if version := d.take(1)[0]; version != batchVersion {
		d.fail("it has version %d, and %d was expected", version, batchVersion)
	}
	b := &Batch{Replica: int(d.num(math.MaxInt32)), Fingerprint: d.text()}
	b.Totals = make([]MethodStats, d.num(maxBatchMethods))
	for i := range b.Totals {
		b.Totals[i].Method = d.text()
		for _, n := range b.Totals[i].counts() {
			*n = d.num(math.MaxInt64)
		}
	}
	b.Shards = make([]Extract, d.num(int64(len(d.rest)/minExtract)))
	sums := make([]LamSums, 0, len(b.Shards)) // of most, together
	for i := range b.Shards {
		e := &b.Shards[i]
		e.Shard = d.num(maxShards)
		flags := d.take(1)[0]
		if flags > flagKept|flagAnew {
			d.fail("unknown flags %x", flags)
		}
		e.Kept, e.Anew = flags&flagKept != 0, flags&flagAnew != 0
		for _, n := range []*int64{&e.Samples, &e.Bytes, &e.PayloadBytes, &e.IndexBytes, &e.PlanBytes} {
			*n = d.num(math.MaxInt64)
		}
		e.SHA256 = [32]byte(d.take(32))
		n := int(d.num(int64(len(b.Totals))))
		if n > cap(sums)-len(sums) {
			sums = make([]LamSums, 0, max(n, min(len(b.Shards)-i, 1<<10)*n))
		}
		from := len(sums)
		for range n {
			sums = append(sums, LamSums{d.float(), d.float()})
		}
		e.Sums = sums[from:len(sums):len(sums)]
		if d.err != nil {
			return b
		}
	}
	return b
}
