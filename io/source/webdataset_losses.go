package source

import (
	"github.com/premix/premix"
	"github.com/premix/premix/io/tarfile"
)

// A wait is where damage is that no row has told of yet.
type wait int8

const (
	nothing wait = iota // there is none
	ahead               // before the first member of the sample that is read, or comes next
	inside              // behind a member of the sample that is read
)

// losses is what damage took from the samples of a tar. If the sample before damage or the one behind it is not
// whole, that is what it took, and the row of the sample tells of it; otherwise it gets a row of its own, which
// counts as one lost sample.
//
//	state    meets                          goes to  and the damage
//	nothing  damage between samples         ahead    waits
//	nothing  damage in a sample             inside   waits
//	ahead    damage between samples         ahead    has a row; the new one waits
//	ahead    damage in a sample             inside   has a row; the new one waits
//	ahead    the end of a sample in pieces  nothing  is told of by the sample
//	ahead    the end of a sample            nothing  has a row, before the sample's
//	ahead    a member of no sample, or the  nothing  has a row
//	         end of the tar
//	inside   damage in a sample             inside   has a row; the new one waits
//	inside   the end of a sample in pieces  nothing  is told of by the sample
//	inside   the end of a sample            ahead    waits for the next sample
type losses struct {
	state  wait
	damage *tarfile.Damage // that waits
	any    bool            // the archive is not whole
	there  int64           // samples that are there, whatever became of them
	gone   int64           // rows of samples that damage took
}

// meet takes note of damage; open says that it is in a sample. It returns what waited and has a row now, or nil.
func (l *losses) meet(d *tarfile.Damage, open bool) (row *tarfile.Damage) {
	row = l.damage
	l.damage, l.any, l.state = d, true, ahead
	if open {
		l.state = inside
	}
	return row
}

// apart returns the damage that has a row now, since no sample is beside it any more; or nil.
func (l *losses) apart() (row *tarfile.Damage) {
	row = l.damage
	l.damage, l.state = nil, nothing
	return row
}

// sample ends a sample, which is in pieces or not. The damage is told of by its row, or has one before it; or
// neither.
func (l *losses) sample(pieces bool) (told, row *tarfile.Damage) {
	switch {
	case pieces:
		return l.apart(), nil
	case l.state == inside:
		l.state = ahead
		return nil, nil
	}
	return nil, l.apart()
}

func (r *sampleReader) damage(d *tarfile.Damage) error {
	return r.row(r.losses.meet(d, len(r.cur.exts) > 0))
}

func (r *sampleReader) apart() error { return r.row(r.losses.apart()) }

// row yields the row of damage, if there is any.
func (r *sampleReader) row(d *tarfile.Damage) error {
	if d == nil || d.Fault.Kind == premix.Empty && r.c.CountedBy != "" && r.c.Samples == 0 {
		return nil
	}
	r.losses.gone++
	e := fail(premix.Sample{Name: r.c.Name, Label: -1}, premix.StageScan, d.Fault)
	r.weigh(&e, d.Lost)
	return r.yield(e)
}

// weigh makes e stand for lost bytes. Where it is known how many samples there should be, each that lacks gets
// a row of its own.
func (r *sampleReader) weigh(e *Entry, bytes int64) {
	if r.c.CountedBy == "" || r.promised == 0 {
		e.weigh(bytes)
	}
}

// lost counts the sample that ends with the entry e, and returns what becomes of the entry if damage is beside it.
// Again says that its key was there before.
func (r *sampleReader) lost(e Entry, again bool) (Entry, error) {
	c, l, f := &r.cur, &r.losses, e.Sample.Fault
	told, row := l.sample(!again && l.damage != nil && c.brokenBy(f, l.state == inside && l.damage.Inside))
	switch {
	case told != nil:
		e = failf(e.Sample, premix.StageScan, told.Fault.Kind, "%s, and the sample %s is not whole", told.Fault.Reason, c.key)
		r.weigh(&e, told.Lost)
		l.gone++
		return e, nil
	case f != nil && c.gap != 0:
		r.weigh(&e, c.gap)
		l.gone++
	case !again || f != nil && f.Kind == premix.Duplicate:
		l.there++
	}
	e.at(c.place)
	return e, r.row(row)
}

// end yields what is left, and a failure for each sample that is not there, where it is known how many
// there should be.
func (r *sampleReader) end() error {
	l := &r.losses
	if l.damage == nil && len(r.cur.exts) > 0 && r.cur.name == "" && l.there+l.gone+1 < r.promised {
		whole := l.any
		l.meet(&tarfile.Damage{Fault: &premix.Fault{Kind: premix.Truncated, Reason: r.cur.place + "the archive ends"}, Lost: unknown}, true)
		l.any = whole
	}
	if err := r.flush(); err != nil {
		return err
	}
	if err := r.apart(); err != nil {
		return err
	}
	promised := r.promised
	switch by := r.c.CountedBy; {
	case by == "": // an index that counts nothing
		promised = 0
	case !l.any && by != byIndex && by != "_info.json" && by != "info.json":
		// wids also counts what is not a sample here: a README, a member whose sample is elsewhere. An
		// archive that is whole is believed.
		promised = 0
	}
	return yieldLost(l.there+l.gone, promised, r.yield, func(int64) Entry {
		s := premix.Sample{Name: r.c.Name, Label: -1}
		return failf(s, premix.StageScan, premix.Truncated, "a sample is lost: %s", r.c.shouldBe("samples"))
	})
}

// brokenBy reports whether damage beside a sample explains its fault f; inside says that its last member
// is cut.
func (c *sample) brokenBy(f *premix.Fault, inside bool) bool {
	switch {
	case c.name == "":
		return true
	case f == nil:
		return false
	}
	return inside || f.Kind == premix.Truncated || f.Kind == premix.NoLabel && !c.hasCls && !c.hasJS
}
