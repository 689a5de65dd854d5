package source

import (
	"context"
	"encoding/binary"
	"math"
	"sort"
	"strconv"
	"strings"

	"github.com/premix/premix/io/tfrecord"
)

// A recordIndex is DALI's index of a TFRecord file (tools/tfrecord2idx): a line a record, of its
// offset and its length with the framing. The last element is where the last record ends.
type recordIndex []int64

// parseRecordIndex reads an index; it is nil if there are no data, or records do not follow each other.
func parseRecordIndex(data []byte) recordIndex {
	if data == nil {
		return nil
	}
	index := recordIndex{0}
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) != 2 {
			return nil
		}
		at, err1 := strconv.ParseInt(f[0], 10, 64)
		n, err2 := strconv.ParseInt(f[1], 10, 64)
		if end := index[len(index)-1]; err1 != nil || err2 != nil || at != end || n < tfrecord.Overhead || n > math.MaxInt64-at {
			return nil
		}
		index = append(index, at+n)
	}
	return index
}

// records is how many records it lists.
func (x recordIndex) records() int { return len(x) - 1 }

// covers is where the records begin, if they fill a file of size bytes; or else nil.
func (x recordIndex) covers(size int64) []int64 {
	if len(x) < 2 || x[x.records()] != size {
		return nil
	}
	return x[:x.records()]
}

// fitTries is how many entries of an index are looked at before it counts as that of another file.
const fitTries = 8

// fits reports whether an index is that of a file, or of one of which the rest was cut off or is zeros:
// one of the last records that begin in the file is where the index says, and as long. It fits a file
// in which not even one begins.
func (x recordIndex) fits(ctx context.Context, c Container) (bool, error) {
	if x == nil || x[x.records()] < c.Size {
		return false, nil
	}
	there := sort.Search(x.records(), func(i int) bool { return x[i] > c.Size-12 })
	fits, _, err := fitsAt(there, x.records(), func(i int) ([]byte, error) {
		return c.readAt(ctx, x[i], 12)
	}, func(i int, head []byte) bool {
		return tfrecord.FindHead(head) == 0 && binary.LittleEndian.Uint64(head) == uint64(x[i+1]-x[i]-tfrecord.Overhead)
	})
	return fits, err
}
