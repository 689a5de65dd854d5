package source

import (
	"fmt"
	"strconv"

	"github.com/premix/premix"
)

// lossOffset marks a row for lost bytes of a container, rather than for one entry. The length of the row is the
// number of bytes, or −1 if the file does not give it: it was cut off, or a page of a web server has replaced it.
// If the container gives the number of lost images, the offset is lower by that number.
const lossOffset = -2

// unknown is the number of lost bytes if nothing gives it.
const unknown = -1

// weigh turns a failed entry into a row for lost bytes of its container.
func (e *Entry) weigh(bytes int64) {
	e.Sample.Location.Offset, e.Sample.Location.Length = lossOffset, max(bytes, unknown)
}

// loss turns s into a failed row for lost bytes of its container.
func loss(s premix.Sample, fault error, bytes int64) Entry {
	e := fail(s, premix.StageScan, fault)
	e.weigh(bytes)
	return e
}

// lossOf is like loss, for a known number of images.
func lossOf(s premix.Sample, fault error, bytes, images int64) Entry {
	e := loss(s, fault, bytes)
	e.Sample.Location.Offset -= images
	return e
}

// LostBytes returns the number of lost bytes of its container that a row counts for, or −1 if it is unknown. ok
// is false for a row of one entry.
func LostBytes(s *premix.Sample) (bytes int64, ok bool) {
	if s.Fault == nil || s.Location.Offset > lossOffset {
		return 0, false
	}
	return s.Location.Length, true
}

// LostImages returns the number of images that a row of [LostBytes] counts for, or 0 if the container does not
// give it.
func LostImages(s *premix.Sample) int64 {
	if _, ok := LostBytes(s); !ok {
		return 0
	}
	return lossOffset - s.Location.Offset
}

// Unweighed reports whether a row of a cache comes from a version that did not record the number of lost bytes.
// Such a chunk is read again, so that the weight of a loss does not depend on the cache.
func Unweighed(s *premix.Sample) bool {
	return s.Fault != nil && s.FaultStage == premix.StageScan && s.Location.Offset == 0 && s.Location.Length == 0
}

// placed gives a row without a place an offset, so that it differs from one of [Unweighed].
func placed(e Entry) Entry {
	if Unweighed(&e.Sample) {
		e.Sample.Location.Offset = -1
	}
	return e
}

// mostLost bounds how many rows damage may have in one chunk: counts in an input are only claims.
const mostLost = 1 << 17

// shouldBe says how many entries are promised. The text does not depend on the division into chunks.
func (c Container) shouldBe(what string) string {
	if c.CountedBy == "" {
		return "there should be more " + what
	}
	return fmt.Sprintf("there should be %d %s by %s", c.Samples, what, c.CountedBy)
}

// promised is the number of entries that a chunk should have, by a side file or by the index that it was cut
// with; 0 if neither gives it. Only the count of losses depends on it.
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

// yieldLost yields a failure for each of the entries [from, until), so that a loss weighs as many images as it
// has. After mostLost rows, the last one counts for the rest.
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

// Reader is the version of Read. It grows when containers, members or labels that were failures can be read, or
// fail in another way, so that the failures of an earlier reader in a cache are computed again. It is not part
// of the IDs of chunks: what was read correctly stays.
const Reader = 2

// Refused reports whether a failure at a stage is one of Read, and not of the image.
func Refused(s premix.Stage) bool { return s == premix.StageScan || s == premix.StageLabel }
