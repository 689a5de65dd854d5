package jpeg

import (
	"bytes"
	"fmt"

	"github.com/premix/premix"
)

// maxLeft is how many bytes may be left over of coded data, or stand between the segments that
// follow it, without a fault. Encoders that pad exist; what damage leaves behind is longer.
const maxLeft = 16

// A harm is damage that libjpeg warns of, and for which it invents pixels.
type harm struct {
	cut  bool   // the file ends early
	text string // what else is wrong, or empty
}

// note keeps the first harm.
func (d *Decoder) note(format string, args ...any) {
	if d.harm == (harm{}) && !d.mild {
		d.harm.text = fmt.Sprintf(format, args...)
	}
}

// harmed returns the fault of the harm that was met by row `row` of `rows` rows of MCUs, if there
// is any and it is not accepted.
func (d *Decoder) harmed(row, rows int) error {
	if d.r.bad {
		d.note("a code that its Huffman table does not have")
	}
	if d.arith.bad {
		d.note("an arithmetic code that cannot be")
	}
	switch {
	case d.harm.cut:
		return d.truncated(row, rows)
	case d.harm.text == "":
		return nil
	case d.scans > 1 || d.p.progressive:
		return corrupt("damaged in MCU row %d of %d of scan %d: %s", row+1, rows, d.scans, d.harm.text)
	}
	return corrupt("damaged in MCU row %d of %d: %s", row+1, rows, d.harm.text)
}

// ranOut is called after an MCU for which bytes after the end of the segment may have been read. It
// returns true where that is damage, and not accepted. Behind a marker Huffman-coded data is damaged;
// arithmetic coding leaves out trailing zeros.
func (d *Decoder) ranOut() bool {
	if d.scan.gray || !d.r.overrun() {
		return false
	}
	d.scan.gray = !d.p.arith
	switch {
	case d.accept:
		return false
	case d.r.eof:
		d.harm.cut = d.harm.text == ""
		return true
	case d.p.arith || d.mild:
		return false
	}
	d.note("the coded data ends at marker 0x%02x", d.p.marker)
	return true
}

// endSegment is called where the last MCU of a scan or of a restart interval has been decoded.
func (d *Decoder) endSegment() {
	if d.mild {
		return
	}
	if d.arith.bad { // which the next segment resets
		d.note("an arithmetic code that cannot be")
	}
	if n := d.left(); n > maxLeft {
		d.note("%d bytes are left over at its end", n)
	}
}

// left is how many bytes of the segment were not read.
func (d *Decoder) left() int {
	r, used := &d.r, d.r.pos
	if !d.p.arith {
		used = (8*r.pos - int(r.n) + 7) / 8
	}
	if used >= r.end {
		return 0
	}
	rest := r.buf[used:r.end]
	if len(rest) > maxLeft {
		return len(rest)
	}
	return len(rest) + bytes.Count(rest, []byte{0xff}) // stuffed zeros count, too
}

// nextScan reads the segments that follow a scan, and returns true if there is another one. The data may
// end there: then missing is set, unless the EOI marker is there.
func (d *Decoder) nextScan() (found, missing bool, err error) {
	p := &d.p
	if d.r.eof && p.marker == mEOI {
		return false, true, nil
	}
	p.skipped = 0
	found, err = p.segments()
	missing = err == errShort || err == nil && !found && p.marker != mEOI
	switch m := p.marker; {
	case err == errShort && !d.mild && m < mAPP0 && m != mDNL: // tables or a scan were to come
		n, unit := size(len(p.data))
		return false, true, premix.Faultf(premix.Truncated, "jpeg: truncated after %d %s, in segment 0x%02x after scan %d", n, unit, m, d.scans)
	case err == errShort:
		err, found = nil, false
	case err != nil:
		return false, false, err
	}
	if n := p.skipped; n > maxLeft && !d.mild {
		return false, false, corrupt("damaged: %d bytes after scan %d that belong to no segment", n, d.scans)
	}
	return found, missing, nil
}

// truncated is the fault of an image whose data ends in row `row` of `rows` rows of MCUs.
func (d *Decoder) truncated(row, rows int) error {
	n, unit := size(len(d.p.data))
	if d.scans > 1 || d.p.progressive {
		return premix.Faultf(premix.Truncated, "jpeg: truncated after %d %s, %d of %d MCU rows of scan %d decoded", n, unit, row, rows, d.scans)
	}
	return premix.Faultf(premix.Truncated, "jpeg: truncated after %d %s, %d of %d MCU rows decoded", n, unit, row, rows)
}
