package webdataset

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/premix/premix/io/npy"
	"github.com/premix/premix/io/shard"
	"github.com/premix/premix/io/tarfile"
)

// A lint reports where a tar differs from what the writer of this package would have written.
type lint struct {
	report func(shard.Deviation)
	keys   map[string]bool
	form   string // members of the first record, and the width of its vector
}

// maxKeys bounds the memory for the keys of a hostile shard; premix's have some thousand.
const maxKeys = 1 << 20

func (l *lint) say(record, offset int64, key, format string, args ...any) {
	l.report(shard.Deviation{Record: record, Offset: offset, Key: key, What: fmt.Sprintf(format, args...)})
}

// fields are those of a ustar header that have one right value, or follow from name and size.
var fields = [...]struct {
	name     string
	from, to int
}{
	{"name", 0, 100}, {"mode", 100, 108}, {"uid", 108, 116}, {"gid", 116, 124}, {"size", 124, 136},
	{"mtime", 136, 148}, {"checksum", 148, 156}, {"type", 156, 157}, {"link name", 157, 257},
	{"magic and version", 257, 265}, {"user name", 265, 297}, {"group name", 297, 329},
	{"device", 329, 345}, {"prefix", 345, 500}, {"filler", 500, 512},
}

// member looks at the header of the member that the scanner has just reached, and at the padding
// before it.
func (l *lint) member(walk *tarfile.Walker, m tarfile.Member, record int64) {
	at := m.Data - block
	if _, _, ok := SplitName(m.Name); !ok || m.Type != tar.TypeReg || m.Sparse {
		kind := m.Type
		if m.Sparse {
			kind = tar.TypeGNUSparse
		}
		l.say(record, at, "", "member %q of type %q belongs to no sample", m.Name, kind)
		return
	}
	if m.Header < 0 { // behind a sparse member, which was told
		return
	}
	if n := m.Data - m.Header; n != block {
		l.say(record, at, "", "%s has %d bytes of headers, want one block: PAX, GNU or a sparse file", m.Name, n)
		return
	}
	padding, have := walk.Between()
	if !tarfile.IsZero(padding) {
		l.say(record, at, "", "the padding before %s is not zero", m.Name)
	}
	var buf [block]byte
	want, err := appendHeader(buf[:0], m.Name, m.Size)
	if err != nil {
		l.say(record, at, "", "%s: %v", m.Name, err)
		return
	}
	if bytes.Equal(have, want) {
		return
	}
	for _, f := range fields {
		if h, w := have[f.from:f.to], want[f.from:f.to]; !bytes.Equal(h, w) && f.name != "checksum" {
			l.say(record, at, "", "%s: header field %s is %q, want %q", m.Name, f.name, trim(h), trim(w))
		}
	}
}

func trim(b []byte) string { return strings.TrimRight(string(b), "\x00") }

// end looks at the end mark.
func (l *lint) end(walk *tarfile.Walker) {
	if n := walk.Tail(); n != 2*block {
		l.say(-1, walk.Offset(), "", "the archive ends with %d zero bytes, want %d", n, 2*block)
	}
}

// record looks at the members of a whole record. Width is that of the values of its vector.
func (l *lint) record(t *reader, rec *shard.Record, width int) {
	say := func(format string, args ...any) { l.say(t.number, t.offset, rec.Key, format, args...) }
	g := &t.group
	if l.keys[rec.Key] {
		say("the key occurred before: members of a sample must be adjacent")
	}
	if len(l.keys) < maxKeys {
		l.keys[rec.Key] = true
	}
	want := " cls " + rec.ImageFormat + " json"
	if len(rec.Soft) > 0 {
		want += " soft.npy"
	}
	if string(g.exts) != want {
		say("members are%.200s, want%s in this order", g.exts, want)
		return
	}
	form := fmt.Sprintf("%s, %d values of %d bytes", want, len(rec.Soft), width)
	if l.form == "" {
		l.form = form
	} else if form != l.form {
		say("members%s, the first record has%s", form, l.form)
	}
	if w := strconv.Itoa(rec.Label); string(g.cls) != w {
		say("cls is %.40q, want %q", g.cls, w)
	}
	if w := appendJSON(nil, rec); !bytes.Equal(g.json, w) {
		i := 0
		for i < min(len(w), len(g.json)) && w[i] == g.json[i] {
			i++
		}
		say("json differs at character %d: %.60q, want %.60q", i, g.json[i:], w[i:])
	}
	soft := npy.AppendFloat32
	if width == 2 {
		soft = npy.AppendFloat16
	}
	if len(g.soft) > 0 && !bytes.Equal(g.soft, soft(nil, rec.Soft)) {
		say("soft.npy differs from what NumPy would write")
	}
}
