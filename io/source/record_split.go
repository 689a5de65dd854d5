package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/tfexample"
	"github.com/premix/premix/io/tfrecord"
)

// recordFile reads a TFRecord file of tf.train.Examples.
type recordFile struct{ baseLayout }

// recordName is the name of a record in its file.
func recordName(number int64) string { return fmt.Sprintf("%09d", number) }

func (recordFile) split(ctx context.Context, c Container, o Options) ([]Chunk, error) {
	data, err := c.readIndex(ctx)
	if err != nil {
		return nil, err
	}
	index := parseRecordIndex(data)
	if c.CountedBy == "" {
		if fits, err := index.fits(ctx, c); err != nil {
			return nil, err
		} else if fits {
			c.Samples, c.CountedBy = int64(index.records()), byIndex
		}
	}
	whole := c.whole(c.Samples)
	whole.First = recordName(0)
	if c.Compression != "" || c.CountedBy != "" && whole.EstImages <= 4*o.chunkImages()/3 {
		return []Chunk{whole}, nil
	}
	points, all, err := c.records(ctx, index, 4*o.chunkImages()/3)
	if n := len(points); n > 0 {
		whole.EstImages, whole.Guessed = extrapolate(n, points[n-1].offset, c.Size), false
	}
	if err != nil || !all {
		return []Chunk{whole}, err
	}
	whole.EstImages, whole.Guessed = len(points), false
	chunks, err := cutAt(whole, points, o, func(i int) (int64, error) {
		return c.recordAt(ctx, points[i].offset)
	}, func(ch *Chunk) string {
		return c.identity().num(ch.Offset).num(ch.End).num(ch.Base).String()
	})
	if chunks == nil {
		return []Chunk{whole}, err // the index is of another file
	}
	return chunks, nil
}

func (recordFile) identity(c Container, h *hasher) {
	k := c.Record
	if k == nil {
		h.field("compression", c.Compression).samples(c)
		return
	}
	by, offset := "", strconv.Itoa(k.Offset)
	if k.ByName {
		by = "name"
	}
	if k.Assumed {
		offset += " by custom" // the IDs of today have it
	}
	h.field("by", by).field("class-key", k.Class).field("compression", c.Compression).
		field("image-key", k.Image).field("label-key", k.Label).field("label-offset", offset).samples(c)
}

func (recordFile) first(_ context.Context, c Container) ([]Chunk, bool, error) {
	return firstOfFile(c), false, nil
}

func (l recordFile) place(s *premix.Sample) string {
	number, err := strconv.ParseInt(s.Key, 10, 64)
	switch at := l.baseLayout.place(s); {
	case err != nil:
		return at
	case at != "":
		return fmt.Sprintf("record %d, %s", number, at)
	}
	return fmt.Sprintf("record %d: ", number)
}

// records finds where the records begin: in a local file by going from length to length,
// at a store from DALI's index. It gives up, and all is false, where the file is better not cut: it has
// about as many records as one chunk may have, or something is wrong with it.
func (c Container) records(ctx context.Context, index recordIndex, most int) (points []point, all bool, err error) {
	if !blob.IsLocal(c.URI) {
		for i, offset := range index.covers(c.Size) {
			points = append(points, point{recordName(int64(i)), offset})
		}
		return points, len(points) > 0, nil
	}
	w, f, err := c.open(ctx, 0, c.Size)
	if err != nil {
		return nil, false, fmt.Errorf("source: %s: %w", c.Name, err)
	}
	defer f.Close()
	scan := tfrecord.Open(w, tfrecord.Options{MaxRecord: math.MaxInt64, Interrupted: ctx.Err})
	for {
		err := scan.Skip()
		var fault *tfrecord.Error
		switch {
		case err == io.EOF:
			return points, true, nil
		case errors.As(err, &fault) && fault.Kind == tfrecord.UnderlyingRead:
			return nil, false, fmt.Errorf("source: %s: %w", c.Name, fault.Err)
		case err != nil:
			return points, false, nil
		}
		points = append(points, point{recordName(scan.Record()), scan.Offset()})
		if len(points) == probe && scan.Offset()*int64(most) > c.Size*(probe-1) {
			return points, false, nil
		}
	}
}

// recordAt returns the offset if a record begins there, by the checksum of its length, or else −1.
func (c Container) recordAt(ctx context.Context, offset int64) (int64, error) {
	if offset > c.Size-12 {
		return -1, nil
	}
	if blob.IsLocal(c.URI) {
		return offset, nil // it stems from the file itself
	}
	head, err := c.readAt(ctx, offset, 12)
	if err != nil || !tfrecord.IsHead(head) {
		return -1, err
	}
	return offset, nil
}

func (recordFile) read(ctx context.Context, ch Chunk, o Options, maxBytes int64, yield func(Entry) error) error {
	c := ch.Container
	w, f, err := ch.open(ctx)
	if err != nil {
		return err
	}
	defer f.Close()
	scan := scanRecords(ctx, w, ch.Base, maxBytes+recordSlack, c.Layout == layoutArray)
	next := ch.Base // after the last record that has a row
	var ex tfexample.Example
	for {
		r, err := scan.record()
		name := recordName(r.number)
		s := premix.Sample{Key: name, Name: c.below(name), Label: -1}
		var e Entry
		var fault *recordFault
		switch {
		case err == io.EOF:
			if until := ch.Base + ch.promised(); next < until {
				return yieldLost(next, until, yield, func(n int64) Entry {
					s := premix.Sample{Name: c.below(recordName(n)), Label: -1}
					return failf(s, premix.StageScan, premix.Truncated, "record %d: lost: %s", n, c.shouldBe("records"))
				})
			}
			if next == 0 && c.CountedBy == "" {
				// A file of no records is what writers of many shards make of an empty one.
				return yield(Entry{Sample: premix.Sample{Name: c.Name, Label: -1}, Ignored: true})
			}
			return nil
		case errors.As(err, &fault):
			e = fail(s, premix.StageScan, fault.fault)
			if fault.lost != 0 && (c.CountedBy == "" || ch.promised() == 0) {
				e.weigh(fault.lost)
			}
		case err != nil:
			return fmt.Errorf("source: %s: %w", c.Name, err)
		default:
			if e, err = ch.exampleEntry(s, r, &ex, o, maxBytes); err != nil {
				return err
			}
		}
		next = r.number + 1
		if err := yield(e); err != nil {
			return err
		}
	}
}

// exampleEntry returns the entry of a record whose checksums hold. It parses the record into ex.
func (c *Chunk) exampleEntry(s premix.Sample, r record, ex *tfexample.Example, o Options, maxBytes int64) (Entry, error) {
	if err := ex.Parse(r.data); err != nil {
		return failf(s, premix.StageScan, premix.Corrupt, "%s%v", r.place(), err), nil
	}
	keys := c.Container.Record
	if keys == nil {
		keys = detectKeys(ex, o)
	}
	e, err := keys.entry(s, ex, maxBytes)
	if err != nil {
		return Entry{}, usagef("%s%v", r.place(), err)
	}
	e.at(r.place())
	e.Seekable = e.Data != nil && c.Seekable()
	e.Sample.Location.URI = c.Container.URI
	if e.Seekable {
		e.Sample.Location.Offset += r.offset + 12
	} else {
		e.Sample.Location.Offset = -1
	}
	return e, nil
}
