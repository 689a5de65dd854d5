package tarfile

import (
	"archive/tar"
	"context"
	"errors"
	"io"

	"github.com/premix/premix"
	"github.com/premix/premix/io/window"
)

// Options say what a walker does where a tar is not as it should be.
type Options struct {
	// Strict ends the walk at the first damage. Then another archive behind the end mark is damage as well,
	// zeros behind it are none, and the walker keeps what [Walker.Between] returns.
	Strict bool

	// Rescue goes back to the header of a member that is larger than the archive: the size may be wrong, and
	// members may follow.
	Rescue bool

	// First looks at the beginning of an archive that has no header there: what it returns, if anything,
	// is the only damage of the file.
	First func(block []byte) *Damage
}

// A state is what a walker has behind it.
type state int8

const (
	members state = iota // members, or nothing
	mark                 // zeros: an end mark, or a hole
	sparse               // the header of a sparse member, where archive/tar alone knows what follows
	done                 // all
)

// A Walker goes through the members of a tar, and survives what is wrong with it: after a broken header it
// looks for the next good one, after the end mark for another archive.
//
//	state    meets                 goes to  and returns
//	members  a header              members  the member
//	members  that of a sparse one  sparse   the member
//	members  zeros                 mark
//	members  anything else         search   damage
//	members  the end inside of a   search   damage, with Rescue
//	         member                done     damage, without
//	members  the end               done     damage: no end mark, or nothing at all
//	members  the end of the chunk  done     io.EOF
//	mark     zeros                 mark
//	mark     a header              members  the member, if the zeros can be an end mark: else damage before it
//	mark     anything else         search   damage
//	mark     the end               done     io.EOF, if the zeros can be an end mark: else damage before it
//	sparse   a header              members  the member, or sparse
//	sparse   zeros                 mark
//	sparse   anything else         search   damage
//	done     –                     done     io.EOF
//
// A search ends at the next header, in members, or at the end of the file, in done: what the damage took may be
// the end mark. An error of the stream leads to done from everywhere. If the walk is strict, damage does, and a
// header after a mark is damage.
type Walker struct {
	o      Options
	w      *window.Window
	base   int64 // where the archive begins: blocks are aligned to it
	state  state
	next   int64       // where the next header is; of no use in sparse
	tr     *tar.Reader // in sparse
	reader tar.Reader
	last   Member
	zeros  int64  // where those of a mark begin; Unknown when they have been told of
	tail   int64  // zeros at the end of the archive
	gap    int64  // bytes that are lost with the member that could not be read, or Unknown
	count  int    // of headers, good and broken
	above  []byte // if the walk is strict: pad bytes of padding before the member, and a block of its headers
	pad    int
}

// New walks from the window's position, which is a header of the archive that begins at base.
func New(w *window.Window, base int64, o Options) *Walker {
	return &Walker{o: o, w: w, base: base, next: w.Pos}
}

// Next moves to the next member. Its errors are io.EOF at the end, a *[Damage], or one of the
// environment.
func (k *Walker) Next(ctx context.Context) (Member, error) {
	for {
		if err := ctx.Err(); err != nil {
			return Member{}, err
		}
		if k.state != sparse && k.state != done && k.w.End >= 0 && k.next >= k.w.End {
			damage := k.hole(k.w.End, false)
			k.state = done
			if damage != nil {
				return Member{}, damage
			}
		}
		if k.state == done {
			return Member{}, io.EOF
		}
		m, again, err := k.step()
		if !again {
			if err != nil && k.o.Strict {
				k.state = done
			}
			return m, err
		}
	}
}

// step looks at one block, or goes over a sparse member. Again says that it has found neither a member
// nor anything to tell.
func (k *Walker) step() (m Member, again bool, err error) {
	if k.state == sparse {
		tr := k.tr
		k.tr, k.state = nil, members
		if m, err = k.parse(tr, Unknown); err == io.EOF {
			if k.w.EOF { // archive/tar minds no end mark
				return m, false, k.end()
			}
			k.state, k.zeros = mark, k.w.Pos-2*Block
			k.next = k.align(k.w.Pos)
			k.last = Member{Data: k.w.Pos} // all of it is behind
			return m, true, nil
		}
		return m, false, err
	}
	if k.next > k.w.Pos || k.o.Strict {
		if err := k.skip(); err != nil {
			return m, false, k.inside(err)
		}
	}
	block, err := k.w.Peek(Block)
	if k.o.First != nil && k.count == 0 && k.w.Pos == k.base && err == nil && !IsHeader(block) {
		if damage := k.o.First(block); damage != nil {
			k.state = done
			return m, false, damage
		}
	}
	switch {
	case err != nil:
		return m, false, k.broken(err, k.w.Pos, "the archive ends early")
	case len(block) == 0:
		return m, false, k.end()
	case IsZero(block):
		if k.state != mark {
			k.state, k.zeros = mark, k.w.Pos
		}
		k.next = k.w.Pos + int64(len(block))
		return m, true, nil
	case k.state == mark && k.o.Strict:
		return m, false, damagef(k.w.Pos, premix.Corrupt, ErrTrailing, "%v", ErrTrailing)
	case len(block) < Block:
		k.state = done
		return m, false, damagef(k.w.Pos, premix.Truncated, io.ErrUnexpectedEOF, "%d bytes where a header should be", len(block))
	}
	if damage := k.hole(k.w.Pos, false); damage != nil {
		return m, false, damage
	}
	if h, ok := plain(block); ok {
		pos := k.w.Pos
		if err := k.w.Skip(Block); err != nil {
			return m, false, k.inside(err)
		}
		m, err = k.member(h.member(pos, k.w.Pos), pos)
		return m, false, err
	}
	k.reader = *tar.NewReader(k.w) // in place: one for each header would be most of what a walk allocates
	m, err = k.parse(&k.reader, k.w.Pos)
	return m, false, err
}

// skip goes to where the next header should be. If the walk is strict, it keeps the padding and the
// first block behind it.
func (k *Walker) skip() error {
	if !k.o.Strict {
		return k.w.Skip(k.next - k.w.Pos)
	}
	if n := k.last.Data + k.last.Size - k.w.Pos; n > 0 {
		if err := k.w.Skip(n); err != nil {
			return err
		}
	}
	k.pad = int(k.next - k.w.Pos)
	above, err := k.w.Peek(k.pad + Block)
	k.above = append(k.above[:0], above...)
	if err != nil {
		return err
	}
	return k.w.Skip(int64(k.pad))
}

// end is the result at the end of the file.
func (k *Walker) end() error {
	before := k.state
	damage := k.hole(k.w.Pos, true)
	k.state = done
	switch {
	case damage != nil:
		return damage
	case before == mark && (!k.o.Strict || k.w.Pos-k.zeros >= Block):
		k.tail = k.w.Pos - k.zeros
		return io.EOF
	case k.count == 0 && !k.o.Strict:
		return damagef(k.w.Pos, premix.Empty, ErrNoEnd, "no tar archive: nothing in it")
	}
	return damagef(k.w.Pos, premix.Truncated, ErrNoEnd, "the archive ends without its end mark: members may be missing")
}

// parse reads one header, with the extended ones before it, through tr. At the end mark behind a sparse member
// the error is io.EOF.
func (k *Walker) parse(tr *tar.Reader, header int64) (Member, error) {
	from := k.w.Pos
	h, err := tr.Next()
	if errors.Is(err, tar.ErrInsecurePath) {
		err = nil // names are labels here
	}
	switch {
	case err == nil:
	case k.w.Failed != nil:
		return Member{}, k.broken(k.w.Failed, from, "the archive ends inside of a header")
	case err == io.EOF && header < 0:
		return Member{}, io.EOF
	case k.w.EOF:
		return Member{}, k.broken(io.ErrUnexpectedEOF, from, "the archive ends inside of a header")
	default:
		return Member{}, k.noHeader(from, err)
	}
	m := memberOf(h, header, k.w.Pos)
	if m.Sparse {
		k.count++
		k.last, k.tr, k.state = m, tr, sparse
		return m, nil
	}
	return k.member(m, from)
}

// member moves to a member without holes, whose headers begin at from.
func (k *Walker) member(m Member, from int64) (Member, error) {
	k.count++
	k.last, k.state = m, members
	if k.next = k.align(m.Data + m.Size); m.Size < 0 || k.next < m.Data {
		damage := damagef(from, premix.Corrupt, tar.ErrHeader, "a member of %d bytes", m.Size)
		k.next = k.align(m.Data)
		return Member{}, k.search(damage, m.Data)
	}
	return m, nil
}

// align is the first block boundary at or after pos.
func (k *Walker) align(pos int64) int64 {
	return pos + (Block-(pos-k.base)%Block)%Block
}

// Read returns the contents of the member at the walker, in dst's memory if that suffices. The error is a fault
// if the archive ends inside of them, or one of the environment.
func (k *Walker) Read(dst []byte, m Member) ([]byte, error) {
	if left := k.w.Max - k.w.Pos; k.Beyond(m) {
		if ok, err := k.back(); err != nil {
			return dst[:0], err
		} else if ok {
			damage := damagef(m.Data, premix.Truncated, io.ErrUnexpectedEOF, "the archive ends after %d of the member's %d bytes", left, m.Size)
			if err := k.search(damage, m.Data); err != damage {
				return dst[:0], err
			}
			k.gap = damage.Lost
			return dst[:0], damage.Fault
		}
	}
	data, err := k.w.Fill(dst, m.Size)
	if err == nil {
		return data, nil
	}
	err = k.brokenAt(err, m.Data, "the archive ends after %d of the member's %d bytes", len(data), m.Size)
	if damage, ok := err.(*Damage); ok {
		return data, damage.Fault
	}
	return data, err
}

// Peek returns up to n bytes of the contents of the member at the walker.
func (k *Walker) Peek(m Member, n int) ([]byte, error) {
	if m.Sparse || m.Size < 1 {
		return nil, nil
	}
	head, err := k.w.Peek(int(min(m.Size, int64(n))))
	if err != nil && !k.w.Ended(err) && premix.AsFault(err) == nil {
		return nil, err
	}
	return head, nil
}

// Gap is how many bytes are lost with the member that Read could not read, or Unknown.
func (k *Walker) Gap() int64 { return k.gap }

// Tail is how many zeros end the archive, when Next has returned io.EOF.
func (k *Walker) Tail() int64 { return k.tail }

// Offset is how far the walker has come.
func (k *Walker) Offset() int64 { return k.w.Pos }

// Between returns, of a strict walk, the padding before the member at the walker, and the first block of its
// headers; nil after a sparse member.
func (k *Walker) Between() (padding, header []byte) {
	if len(k.above) < k.pad+Block {
		return nil, nil
	}
	return k.above[:k.pad], k.above[k.pad:][:Block]
}
