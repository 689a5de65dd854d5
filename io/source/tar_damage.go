package source

import (
	"github.com/premix/premix"
)

// seek looks for the next header, from where the scanner goes on, and returns how many bytes lie between from
// and it; unknown if the archive ends before.
func (s *tarScanner) seek(from int64) (lost int64, err error) {
	for s.next > s.w.Pos && err == nil {
		err = s.w.Skip(s.next - s.w.Pos)
	}
	for err == nil && (s.w.End < 0 || s.w.Pos < s.w.End) {
		var block []byte
		if block, err = s.w.Peek(tarBlock); err != nil || len(block) < tarBlock {
			break
		}
		if headerBlock(block) {
			return s.w.Pos - from, nil
		}
		err = s.w.Skip(tarBlock)
		s.next = s.w.Pos
	}
	switch {
	case err != nil && !s.w.Ended(err) && premix.AsFault(err) == nil:
		return 0, err
	case s.w.End >= 0 && s.w.Pos >= s.w.End:
		return s.w.End - from, nil
	}
	return unknown, nil
}

// hole is the damage of the zeros before a position, where a header is, or the archive ends, if they are
// more than an end mark and what fills up the blocks of writers; nil if they are not.
func (s *tarScanner) hole(end int64, last bool) error {
	if !s.marked || s.zeros < 0 {
		return nil
	}
	const mark = 2 * tarBlock
	from, n := s.zeros, end-s.zeros
	s.zeros = -1 // it is told once
	fits := padding(end-s.base, n, mark)
	if last && n < 20*tarBlock+mark {
		fits = true // also if the file ends within the padding
	}
	if s.members == 0 { // an archive of nothing is one record
		fits = n <= 20*tarBlock
	}
	if fits {
		return nil
	}
	kind, what := premix.Corrupt, "%d bytes of zeros: what they stand for is lost"
	if last {
		kind, what = premix.Truncated, "the rest of the file, %d bytes, is zeros, as of a download that did not finish"
	}
	damage := damagef(from, kind, what, n)
	damage.lost = n
	return damage
}
