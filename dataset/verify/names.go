package verify

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"slices"
)

// Each image is target once and source once in a replica. premix pairs the images of a shard with each
// other, so the sources are compared with the targets shard by shard, and only the targets are compared
// over the whole replica. For that a hash of each name is kept, eight bytes: in memory while there are
// few, else in a temporary file.

// maxHashes bounds how many hashes are in memory at once.
var maxHashes = 1 << 20

// names has the targets of one replica, in the order of its records.
type names struct {
	first  []int64 // number of the first hash of each record that was added
	record []int   // of v.records
	total  int64
	sum    uint64   // of all hashes: that of another order is the same
	recent []uint64 // those that are not in the file
	file   *os.File // nil: recent has all of them
}

// add takes the hashes of a record's targets. It does not keep the slice.
func (n *names) add(record int, targets []uint64) error {
	n.first, n.record = append(n.first, n.total), append(n.record, record)
	n.total += int64(len(targets))
	for _, h := range targets {
		n.sum += h
	}
	n.recent = append(n.recent, targets...)
	if len(n.recent) < maxHashes {
		return nil
	}
	return n.spill()
}

// spill moves the hashes from memory to the file.
func (n *names) spill() (err error) {
	if n.file == nil {
		if n.file, err = os.CreateTemp("", "premix-verify-*"); err != nil {
			return fmt.Errorf("verify: no temporary file for the hashes of names: %w; set TMPDIR to a folder that can be written", err)
		}
		os.Remove(n.file.Name()) // where that is possible, a process that is killed leaves nothing
	}
	data := make([]byte, 0, 8*len(n.recent))
	for _, h := range n.recent {
		data = binary.LittleEndian.AppendUint64(data, h)
	}
	n.recent = n.recent[:0]
	if _, err := n.file.Write(data); err != nil {
		return fmt.Errorf("verify: the temporary file for the hashes of names: %w; set TMPDIR to a folder with more space", err)
	}
	return nil
}

// close removes the file.
func (n *names) close() error {
	if n.file == nil {
		return nil
	}
	err := n.file.Close()
	os.Remove(n.file.Name()) // perhaps once more
	return err
}

// A place is where a name was seen.
type place struct {
	hash uint64
	at   int64 // number of the hash
}

// doubles calls report for each target that was seen before, with its number and that of the first one.
// Each pass over the hashes looks at a range of them that fits into memory.
func (n *names) doubles(report func(first, again int64)) error {
	passes := uint64(n.total)/uint64(maxHashes) + 1
	for pass := range passes {
		var list []place
		full := 2 * maxHashes
		err := n.each(func(p place) {
			if hi, _ := bits.Mul64(p.hash, passes); hi != pass {
				return
			}
			if list = append(list, p); len(list) >= full { // the same name over and over, or nearly
				list = distinct(list, report)
				full = len(list) + 2*maxHashes
			}
		})
		if err != nil {
			return err
		}
		distinct(list, report)
	}
	return nil
}

// distinct reports the places whose hash is not the first of its kind, and returns the others.
func distinct(list []place, report func(first, again int64)) []place {
	slices.SortFunc(list, func(a, b place) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.at, b.at)) })
	kept := list[:0]
	for _, p := range list {
		if len(kept) > 0 && kept[len(kept)-1].hash == p.hash {
			report(kept[len(kept)-1].at, p.at)
		} else {
			kept = append(kept, p)
		}
	}
	return kept
}

// each calls yield with all hashes in their order.
func (n *names) each(yield func(place)) error {
	at := int64(0)
	if n.file != nil {
		if _, err := n.file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		buf := make([]byte, 1<<16) // a multiple of eight
		for {
			k, err := io.ReadFull(n.file, buf)
			for i := 0; i+8 <= k; i += 8 {
				yield(place{binary.LittleEndian.Uint64(buf[i:]), at})
				at++
			}
			if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("verify: %w", err)
			}
		}
	}
	for _, h := range n.recent {
		yield(place{h, at})
		at++
	}
	return nil
}

// report names every sample whose target was seen before.
func (n *names) report(v *verifier) error {
	where := func(at int64) (path string, sample int64) {
		i, found := slices.BinarySearch(n.first, at)
		if !found {
			i--
		}
		for i+1 < len(n.first) && n.first[i+1] == at { // records without a sample
			i++
		}
		return v.records[n.record[i]].Path, at - n.first[i]
	}
	return n.doubles(func(first, again int64) {
		path, sample := where(again)
		before, i := where(first)
		v.found.add(path, "", "sample %d has the same target as sample %d of %s: each image is target once in a replica", sample, i, before)
	})
}

// pairs compares the sources of a whole shard with its targets. A source is 0 where a sample has no
// second image.
func (c *checker) pairs() {
	targets := slices.Clone(c.targets)
	slices.Sort(targets)
	seen := make(map[uint64]int, len(c.sources))
	for i, h := range c.sources {
		if h == 0 {
			continue
		}
		if first, ok := seen[h]; ok {
			c.bad("", "sample %d has the same source as sample %d: each image is source once in a replica", i, first)
			continue
		}
		seen[h] = i
		if _, ok := slices.BinarySearch(targets, h); !ok {
			c.bad("", "sample %d: an image is source and not target of its shard", i)
		}
	}
}
