package tarfile

import (
	"fmt"
	"io"

	"github.com/premix/premix"
)

// search looks for the next header behind a damage, which begins to take bytes at from, and returns the damage
// with what it took, or an error of the environment.
func (k *Walker) search(damage *Damage, from int64) error {
	if k.state = members; k.o.Strict {
		return damage
	}
	var err error
	if k.next > k.w.Pos {
		err = k.w.Skip(k.next - k.w.Pos)
	}
	for err == nil && (k.w.End < 0 || k.w.Pos < k.w.End) {
		var block []byte
		if block, err = k.w.Peek(Block); err != nil || len(block) < Block {
			break
		}
		if IsHeader(block) {
			k.next, damage.Lost = k.w.Pos, k.w.Pos-from
			return damage
		}
		err = k.w.Skip(Block)
	}
	k.next = k.w.Pos
	switch {
	case err == nil || k.w.Ended(err):
		k.state = done
	case premix.AsFault(err) == nil:
		return err
	} // else the next step meets the fault again
	if k.w.End >= 0 && k.w.Pos >= k.w.End {
		damage.Lost = k.w.End - from
	}
	return damage
}

// noHeader is the damage of a block that archive/tar refuses.
func (k *Walker) noHeader(from int64, cause error) error {
	k.next = k.align(max(k.w.Pos, from+1))
	what := "a broken header; what it stands for is lost"
	if k.count == 0 {
		what = "no tar header"
	} else if k.state == mark {
		what = "what follows the end mark is no archive"
	}
	k.count++
	damage := damagef(from, premix.Corrupt, cause, "%s", what)
	err := k.search(damage, from)
	if damage.Lost == Unknown && k.w.Max >= 0 {
		damage.Lost = k.w.Max - from // to its end, but they are there
	}
	return err
}

// inside is the result of a step that could not skip the contents of the last member. The walk goes on after the
// header of that member if it can.
func (k *Walker) inside(err error) error {
	what := fmt.Sprintf("the archive ends inside of a member, after %d of its %d bytes", k.w.Pos-k.last.Data, k.last.Size)
	if k.w.Pos >= k.last.Data+k.last.Size {
		what = "the archive ends in the padding of a member"
	}
	back := false
	if k.o.Rescue && k.w.Ended(err) {
		var failed error
		if back, failed = k.back(); failed != nil {
			return failed
		}
	}
	if back {
		err = k.search(damagef(k.last.Data, premix.Truncated, io.ErrUnexpectedEOF, "%s", what), k.last.Data)
	} else {
		err = k.broken(err, k.w.Pos, what)
	}
	if damage, ok := err.(*Damage); ok {
		damage.Inside = true
	}
	return err
}

// broken ends the walk at an error of the window: a *Damage if the archive is at fault.
func (k *Walker) broken(err error, offset int64, what string) error {
	return k.brokenAt(err, offset, "%s", what)
}

func (k *Walker) brokenAt(err error, offset int64, format string, args ...any) error {
	k.state, k.gap = done, Unknown
	if f := premix.AsFault(err); f != nil {
		damage := damagef(offset, f.Kind, err, "%s", f.Reason)
		if k.w.Lost != nil {
			damage.Lost = k.w.Lost()
		}
		k.gap = damage.Lost
		return damage
	}
	if k.w.Ended(err) {
		return damagef(offset, premix.Truncated, io.ErrUnexpectedEOF, format, args...)
	}
	return err
}

// back goes back to where the contents of the last member begin, when the archive ends inside of them:
// members may follow a header that states a wrong size. In an archive that was cut there are none.
func (k *Walker) back() (ok bool, err error) {
	if ok, err = k.w.Back(k.last.Data); ok {
		k.next = k.align(k.last.Data)
	}
	return ok, err
}

// Beyond reports whether a member is larger than what is left of the archive, and the walker can go
// on after its header.
func (k *Walker) Beyond(m Member) bool {
	return k.o.Rescue && !m.Sparse && k.w.Max >= 0 && m.Size > k.w.Max-k.w.Pos
}

// hole is the damage of the zeros before a position, where a header is, or the archive ends, if they are
// more than an end mark and what fills up the blocks of writers; nil if they are not.
func (k *Walker) hole(end int64, last bool) error {
	if k.state != mark || k.zeros < 0 || k.o.Strict {
		return nil
	}
	const length = 2 * Block
	from, n := k.zeros, end-k.zeros
	k.zeros = Unknown // it is told once
	fits := Padding(end-k.base, n, length)
	if last && n < 20*Block+length {
		fits = true // also if the file ends within the padding
	}
	if k.count == 0 { // an archive of nothing is one record
		fits = n <= 20*Block
	}
	if fits {
		return nil
	}
	kind, what := premix.Corrupt, "%d bytes of zeros: what they stand for is lost"
	if last {
		kind, what = premix.Truncated, "the rest of the file, %d bytes, is zeros, as of a download that did not finish"
	}
	damage := damagef(from, kind, nil, what, n)
	damage.Lost = n
	return damage
}
