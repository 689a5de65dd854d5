package source

import (
	"strconv"

	"github.com/premix/premix"
)

// mostLost bounds how many rows damage may have in one chunk: counts in an input are only claims.
const mostLost = 1 << 17

// promised is how many entries a chunk should have: what a side file or the index that it was cut
// by says; 0 if nothing does. It counts what damage took, and nothing else depends on it.
func (ch Chunk) promised() int64 {
	c := ch.Container
	n, _ := strconv.ParseInt(c.Extra[extraSamples], 10, 64)
	if ch.Seq == 0 && ch.Offset == c.Offset && ch.End == c.Offset+c.Size {
		return n
	}
	if c.Layout == layoutRecord && ch.End == c.Size {
		return max(int64(ch.EstImages), n-ch.Base)
	}
	return int64(ch.EstImages)
}

// yieldLost yields a failure for each of the entries [from, until), so that what is lost weighs as
// much as it is. Above mostLost, one row stands for the rest.
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
