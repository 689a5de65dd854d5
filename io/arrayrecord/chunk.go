package arrayrecord

import (
	"fmt"
	"io"
)

// A chunk is one whose header is right.
type chunk struct {
	header
	begin, end int64
	full       bool
	most       uint64 // bytes that it may hold
	buf        []byte // memory
	data       []byte // without block headers
	fault      *Error // what is wrong with the data, if it is one of records
}

// read reads the next chunk. It returns io.EOF where a chunk could begin and the file, or the window, ends. Of chunks
// that are passed over anyway it reads the header alone.
func (r *Reader) read(c *chunk) error {
	c.full, c.data, c.fault = false, nil, nil
	if r.o.Interrupted != nil {
		if err := r.o.Interrupted(); err != nil {
			return r.medium(err)
		}
	}
	if r.w.End >= 0 && r.next >= r.w.End {
		return io.EOF
	}
	if n := r.next - r.w.Pos; n > 0 {
		if err := r.w.Skip(n); err != nil {
			return r.stop(err, "the file ends in the chunk before")
		}
	}
	c.begin = r.next
	head, block, err := r.peekHead(c.begin)
	if err != nil {
		return err
	}
	if !c.parse(head[:]) {
		return r.broken(c.begin, "the hash of a chunk's header does not match")
	}
	end, ok := chunkEnd(c.begin, &c.header)
	switch {
	case c.begin == 0 && string(head[:]) != signature[blockHeader:]:
		return r.broken(c.begin, "the file does not begin with a signature")
	case !ok:
		return r.broken(c.begin, "its chunk is larger than any file")
	case r.w.Max >= 0 && end > r.w.Max:
		return r.final(r.fault(Truncated, r.w.Max-c.begin, fmt.Sprintf("its chunk ends at byte %d, the file has %d", end, r.w.Max)))
	}
	c.end, r.next = end, end
	from := c.begin + chunkHeader + overhead(c.begin, chunkHeader)
	sound := block == nil || rightBlock(block, c.begin+distance(c.begin), c)
	if err := r.w.Skip(from - c.begin); err != nil {
		return r.medium(err)
	}
	if pass, err := r.tooLarge(c); pass || err != nil {
		return err
	}
	if c.buf, err = r.w.Fill(c.buf, end-from); err != nil {
		return r.stop(err, fmt.Sprintf("%d of the %d bytes of its chunk", len(c.buf), end-from))
	}
	if !c.compact(from) {
		sound = false
	}
	if sound && hashOf(c.data) == c.dataHash {
		return nil
	}
	what := "the hash of its data does not match"
	if !sound {
		what = "a block header in its chunk is damaged"
	}
	if c.kind == kindRecords {
		c.fault = &Error{Kind: BadData, detail: what}
		return nil
	}
	return r.final(r.fault(BadHead, unknown, "a chunk without records is damaged"))
}

// distance is how far the next block header, or one at pos, is from pos.
func distance(pos int64) int64 { return -pos & (blockSize - 1) }

// peekHead looks at the header of a chunk at pos, and at the block header in it or before it, if there is one: that is
// valid until the window moves.
func (r *Reader) peekHead(pos int64) (head [chunkHeader]byte, block []byte, err error) {
	size := int(chunkHeader + overhead(pos, chunkHeader))
	have, err := r.w.Peek(size)
	if err == nil && len(have) == 0 {
		return head, nil, io.EOF
	}
	r.offset = pos
	switch at := pos % blockSize; {
	case err != nil:
		return head, nil, r.stop(err, "the file ends early")
	case len(have) < size:
		return head, nil, r.final(r.fault(Truncated, unknown, fmt.Sprintf("%d of the %d bytes of a chunk's header", len(have), size)))
	case at > 0 && at <= blockHeader:
		return head, nil, r.broken(pos, "a chunk begins in a block header")
	}
	at := int(min(distance(pos), chunkHeader))
	n := copy(head[:], have[:at])
	if at < chunkHeader {
		block = have[at : at+blockHeader]
		copy(head[n:], have[at+blockHeader:])
	}
	return head, block, nil
}

// rightBlock reports whether the block header p, at pos, is that of a chunk.
func rightBlock(p []byte, pos int64, c *chunk) bool {
	previous, next, ok := parseBlock(p)
	return ok && previous == uint64(pos-c.begin) && next == uint64(c.end-pos)
}

// tooLarge reports whether the data of a chunk are not read, and what is wrong if it is one of records. The number of
// records has a limit whatever they hold, since a chunk is as long as it has records, by zeros if nothing else.
func (r *Reader) tooLarge(c *chunk) (pass bool, err error) {
	most := uint64(r.most)
	if c.records == 1 {
		most = uint64(r.o.MaxRecord)
	}
	c.most = most
	switch {
	case c.kind == kindTransposed:
		c.fault = &Error{Kind: Unsupported, detail: "it is in a transposed chunk, which is not read: write the file with transpose:false"}
		return true, nil
	case c.kind != kindRecords && r.o.Rescue: // nothing that is damaged there is a loss
		return true, nil
	case c.kind != kindRecords && max(c.size, c.records) > maxChunk:
		return true, r.final(r.fault(TooLong, unknown, fmt.Sprintf("a chunk without records has %d bytes, the limit is %d", max(c.size, c.records), maxChunk)))
	case c.kind != kindRecords:
		return false, nil
	case c.records > min(maxChunk, most):
		c.fault = &Error{Kind: TooLong, detail: fmt.Sprintf("its chunk states %d records, the limit is %d", c.records, min(maxChunk, most))}
		return true, nil
	case c.decoded > most || c.size > most+most/64+1024:
		c.fault = &Error{Kind: TooLong, detail: fmt.Sprintf("%d bytes, the limit is %d", max(c.decoded, c.size), most)}
		return true, nil
	}
	return false, nil
}

// compact removes the block headers from buf, which begins at the position from, and reports whether they are those
// of the chunk and what follows the data is zeros.
func (c *chunk) compact(from int64) bool {
	sound, to, pos := true, 0, from
	for i := 0; i < len(c.buf); {
		if pos%blockSize == 0 {
			if len(c.buf)-i < blockHeader {
				return false // chunkEnd does not let a chunk end there
			}
			sound = rightBlock(c.buf[i:i+blockHeader], pos, c) && sound
			i, pos = i+blockHeader, pos+blockHeader
		}
		n := min(len(c.buf)-i, int(blockSize-pos%blockSize))
		if to != i {
			copy(c.buf[to:], c.buf[i:i+n])
		}
		to, i, pos = to+n, i+n, pos+int64(n)
	}
	c.data = c.buf[:c.size]
	for _, b := range c.buf[c.size:to] {
		sound = sound && b == 0
	}
	return sound
}

// stop ends the reading with an error of the medium, or where the file ends too early.
func (r *Reader) stop(err error, what string) error {
	if r.w.Ended(err) {
		return r.final(r.fault(Truncated, unknown, what))
	}
	return r.medium(err)
}

// broken is the error of a chunk at begin whose end is not known. With Options.Rescue reading goes on after the
// chunk that a later block header is in.
func (r *Reader) broken(begin int64, what string) error {
	r.damaged = true
	if !r.o.Rescue {
		return r.final(r.fault(BadHead, unknown, what))
	}
	found, err := r.resync(begin)
	if err != nil {
		return r.medium(err)
	}
	if !found {
		return r.final(r.fault(BadHead, max(unknown, r.w.Max-begin), what+"; no later chunk is found"))
	}
	return r.fault(BadHead, r.next-begin, fmt.Sprintf("%s; the next %d bytes are lost", what, r.next-begin))
}

// resync sets r.next to where a chunk begins by a block header after begin.
func (r *Reader) resync(begin int64) (found bool, err error) {
	for at := begin + blockSize - begin%blockSize; r.w.End < 0 || at < r.w.End; at += blockSize {
		if r.o.Interrupted != nil {
			if err := r.o.Interrupted(); err != nil {
				return false, err
			}
		}
		if r.w.Max >= 0 && at > r.w.Max-blockHeader {
			return false, nil
		}
		if err := r.w.Skip(at - r.w.Pos); err != nil {
			if r.w.Ended(err) {
				err = nil
			}
			return false, err
		}
		p, err := r.w.Peek(blockHeader)
		if err != nil || len(p) < blockHeader {
			return false, err
		}
		previous, next, ok := parseBlock(p)
		if !ok || next > 1<<60 {
			continue
		}
		if r.next = at; previous > 0 {
			r.next += int64(next)
		}
		if r.w.Max < 0 || r.next <= r.w.Max {
			return true, nil
		}
	}
	return false, nil
}
