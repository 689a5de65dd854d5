package source

import (
	"fmt"
	"strconv"

	"github.com/premix/premix"
)

// lossOffset is the offset of a row that stands for lost bytes of a container, and not for one entry. Its
// length is how many bytes, or −1 where the file does not say: it was cut off, or is a page of a web server in
// the place of the file. Where the container says how many images were in them, the offset is lower by these.
const lossOffset = -2

// unknown is how many bytes are lost where nobody knows.
const unknown = -1

// weigh makes a failed entry a row that stands for lost bytes of its container.
func (e *Entry) weigh(bytes int64) {
	e.Sample.Location.Offset, e.Sample.Location.Length = lossOffset, max(bytes, unknown)
}

// loss makes s a failed row that stands for lost bytes of its container.
func loss(s premix.Sample, fault error, bytes int64) Entry {
	e := fail(s, premix.StageScan, fault)
	e.weigh(bytes)
	return e
}

// lossOf is loss of what the container says to be so many images.
func lossOf(s premix.Sample, fault error, bytes, images int64) Entry {
	e := loss(s, fault, bytes)
	e.Sample.Location.Offset -= images
	return e
}

// LostBytes returns how many bytes of its container a row stands for; −1 says that the file does not say. ok
// is false for a row of one entry.
func LostBytes(s *premix.Sample) (bytes int64, ok bool) {
	if s.Fault == nil || s.Location.Offset > lossOffset {
		return 0, false
	}
	return s.Location.Length, true
}

// LostImages returns how many images a row of [LostBytes] stands for, where the container says so, and 0
// where it does not.
func LostImages(s *premix.Sample) int64 {
	if _, ok := LostBytes(s); !ok {
		return 0
	}
	return lossOffset - s.Location.Offset
}

// Unweighed reports whether a row of a cache is of a version that did not say how many bytes are lost. Such a
// chunk is read again, so that what a loss weighs does not depend on the cache.
func Unweighed(s *premix.Sample) bool {
	return s.Fault != nil && s.FaultStage == premix.StageScan && s.Location.Offset == 0 && s.Location.Length == 0
}

// placed gives a row without a place an offset that tells it from one of [Unweighed].
func placed(e Entry) Entry {
	if Unweighed(&e.Sample) {
		e.Sample.Location.Offset = -1
	}
	return e
}

// mostLost bounds how many rows damage may have in one chunk: counts in an input are only claims.
const mostLost = 1 << 17

// shouldBe says how many entries are promised; the text does not depend on how the container is cut into chunks.
func (c Container) shouldBe(what string) string {
	if c.CountedBy == "" {
		return "there should be more " + what
	}
	return fmt.Sprintf("there should be %d %s by %s", c.Samples, what, c.CountedBy)
}

// promised is how many entries a chunk should have: what a side file or the index that it was cut
// by says; 0 if nothing does. It counts what is lost, and nothing else depends on it.
func (ch Chunk) promised() int64 {
	c := ch.Container
	switch {
	case ch.End != c.Offset+c.Size:
		return int64(ch.EstImages)
	case ch.Seq == 0 && ch.Offset == c.Offset:
		return c.Samples
	}
	return max(int64(ch.EstImages), c.Samples-ch.Base)
}

// yieldLost yields a failure for each of the entries [from, until), so that what is lost weighs as
// much as it is. After mostLost rows, the last one counts for the rest.
func yieldLost(from, until int64, yield func(Entry) error, entry func(number int64) Entry) error {
	for n := from; n < until; n++ {
		e := entry(n)
		if n-from >= mostLost {
			e.Sample.Fault = &premix.Fault{Kind: e.Sample.Fault.Kind, Reason: e.Sample.Fault.Reason + ", and so are the " + strconv.FormatInt(until-n-1, 10) + " behind it"}
			return yield(e)
		}
		if err := yield(e); err != nil {
			return err
		}
	}
	return nil
}

// Reader is the number of what Read can read. It grows where containers, members or labels are read that were
// failures, or fail in another way, so that failures which a cache has of an earlier reader are made anew.
// It takes no part in the IDs of chunks: what was read right stays.
const Reader = 2

// Refused reports whether a failure at a stage is one of Read, and not of the image.
func Refused(s premix.Stage) bool { return s == premix.StageScan || s == premix.StageLabel }
