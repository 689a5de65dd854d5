package jpeg

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
)

// The ways to damage a file, each of which a damager does somewhere at random.
var damages = []struct {
	name string
	do   func(d *damager, data []byte) []byte
}{
	{"ff", func(d *damager, data []byte) []byte { return d.overwrite(data, []byte{0xff}) }},
	{"random", func(d *damager, data []byte) []byte { return d.overwrite(data, d.bytes(1+d.r.IntN(16))) }},
	{"zeros512", func(d *damager, data []byte) []byte { return d.overwrite(data, make([]byte, 512)) }},
	{"zeros4096", func(d *damager, data []byte) []byte { return d.overwrite(data, make([]byte, 4096)) }},
	{"cut", func(d *damager, data []byte) []byte { return data[:d.place(data)] }},
	{"lost", (*damager).lose},
	{"marker", (*damager).marker},
	{"inserted", func(d *damager, data []byte) []byte { return d.insert(data, d.bytes(1+d.r.IntN(40))) }},
	{"doubled", (*damager).double},
	{"swapped", (*damager).swap},
	{"gone", (*damager).drop},
}

// A damager damages files, always in the same way for the same seed.
type damager struct{ r *rand.Rand }

// damaged is data with the damage of a name and a number. That of "marker" is marker number&255 in the
// coded data. The result is nil where the damage is not possible: it wants restart markers.
func damaged(data []byte, name string, number int) []byte {
	i := slices.IndexFunc(damages, func(x struct {
		name string
		do   func(*damager, []byte) []byte
	}) bool {
		return x.name == name
	})
	d := damager{rand.New(rand.NewPCG(uint64(number), uint64(i)))}
	if name == "marker" {
		return d.put(data, d.coded(data), []byte{0xff, byte(number)})
	}
	return damages[i].do(&d, data)
}

func (d *damager) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(d.r.Uint32())
	}
	return b
}

// place draws a place: most often in coded data, and sometimes anywhere.
func (d *damager) place(data []byte) int {
	if d.r.IntN(5) == 0 {
		return 2 + d.r.IntN(len(data)-2)
	}
	return d.coded(data)
}

// coded draws a place between the first scan and the end.
func (d *damager) coded(data []byte) int {
	from := bytes.Index(data, []byte{0xff, mSOS})
	from += 2 + int(data[from+3])
	return from + d.r.IntN(len(data)-from-2)
}

func (d *damager) put(data []byte, at int, b []byte) []byte {
	out := bytes.Clone(data)
	copy(out[at:], b)
	return out
}

func (d *damager) overwrite(data, b []byte) []byte { return d.put(data, d.place(data), b) }

func (d *damager) insert(data, b []byte) []byte {
	at := d.place(data)
	return slices.Concat(data[:at], b, data[at:])
}

func (d *damager) lose(data []byte) []byte {
	at := d.place(data)
	return slices.Concat(data[:at], data[min(at+1+d.r.IntN(2000), len(data)):])
}

func (d *damager) marker(data []byte) []byte {
	return d.put(data, d.coded(data), []byte{0xff, byte(1 + d.r.IntN(254))})
}

// interval draws an interval that begins with a restart marker, as the places of its begin and end.
func (d *damager) interval(data []byte) (from, to int) {
	var starts []int
	for i := bytes.Index(data, []byte{0xff, mSOS}); i+1 < len(data); i++ {
		if data[i] == 0xff && data[i+1]&^7 == mRST0 {
			starts = append(starts, i)
		}
	}
	if len(starts) < 3 {
		return 0, 0
	}
	i := d.r.IntN(len(starts) - 2)
	return starts[i], starts[i+1]
}

func (d *damager) double(data []byte) []byte {
	from, to := d.interval(data)
	if to == 0 {
		return nil
	}
	return slices.Concat(data[:to], data[from:to], data[to:])
}

// swap swaps two neighbours, or two others of the same length.
func (d *damager) swap(data []byte) []byte {
	a, b := d.interval(data)
	c, e := d.interval(data)
	if a > c {
		a, b, c, e = c, e, a, b
	}
	if b == 0 || a == c {
		return nil
	}
	if d.r.IntN(2) == 0 { // the markers stay
		a, c = a+2, c+2
	}
	return slices.Concat(data[:a], data[c:e], data[b:c], data[a:b], data[e:])
}

func (d *damager) drop(data []byte) []byte {
	from, to := d.interval(data)
	if to == 0 {
		return nil
	}
	return slices.Concat(data[:from], data[to:])
}

// A case is a damaged file.
type damageCase struct {
	base, damage string
	number       int
}

func (c damageCase) String() string { return fmt.Sprintf("%s %s %d", c.base, c.damage, c.number) }

// damageCases lists damaged files of the bases: n rounds of each damage, from number first on, and some
// markers more.
func damageCases(bases []string, first, n, markers int) []damageCase {
	var cases []damageCase
	for i := range n {
		for _, d := range damages {
			for _, base := range bases {
				if d.name != "marker" {
					cases = append(cases, damageCase{base, d.name, first + i})
				}
			}
		}
	}
	for i := range markers {
		for j, base := range bases {
			m := first*markers/n + i // all markers in turn, each at another place
			cases = append(cases, damageCase{base, "marker", (m+j)/254<<8 + 1 + (m+j)%254})
		}
	}
	return cases
}
