package source

import (
	"fmt"
	"strconv"

	"github.com/premix/premix"
)

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
