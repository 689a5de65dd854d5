package peakfile

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/premix/premix"
	"github.com/premix/premix/io/blob"
)

// maxRows bounds a table.
const maxRows = 1 << 24

// A Table maps images to peaks. It is safe for concurrent use.
type Table struct {
	info  Info
	files []string // names of the files of a folder
	rows  []row    // by key
}

// A key names an image and a replica; −1 means every replica. Names are kept as 128-bit
// hashes.
type key struct {
	hi, lo  uint64
	replica int32
}

func (k key) compare(o key) int {
	return cmp.Or(cmp.Compare(k.hi, o.hi), cmp.Compare(k.lo, o.lo), cmp.Compare(k.replica, o.replica))
}

func keyOf(name string, replica int) key {
	h := xxh3.HashString128(name)
	return key{h.Hi, h.Lo, int32(replica)}
}

type row struct {
	key  key
	line uint32 // counted from 1
	file uint16
	flat bool
	peak [2]int32 // x and y, or none
	low  [2]int32
}

// missing is kept in a row for a value that is missing or not a number. Numbers that are out of range
// are kept as such.
const missing = math.MinInt32

// A Row is what a table says of an image.
type Row struct {
	// Place says where the row is, for messages; it does not name a file that is alone, since the
	// place of a file must not make a difference.
	Place string
	// Peak and Trough are pixels of the original image or of the crop, as Info says; Trough is
	// premix.NoPeak in a table that knows none.
	Peak, Trough premix.Peak
	// Flat says that the image has no peak; then Peak and Trough mean nothing.
	Flat bool
}

// Info says what the table is.
func (t *Table) Info() Info { return t.info }

// Find returns the row of an image in a replica. What is wrong with it is a *premix.Fault: there is
// none, or a value is not a number.
func (t *Table) Find(name string, replica int) (Row, error) {
	if !t.info.PerReplica {
		replica = -1
	}
	i, ok := slices.BinarySearchFunc(t.rows, keyOf(name, replica), func(r row, k key) int { return r.key.compare(k) })
	if !ok {
		if t.info.PerReplica {
			return Row{}, premix.Faultf(premix.BadPeak, "the file of peaks has no row for this image in replica %d", replica)
		}
		return Row{}, premix.Faultf(premix.BadPeak, "the file of peaks has no row for this image")
	}
	r := &t.rows[i]
	out := Row{Place: t.place(r), Flat: r.flat, Trough: premix.NoPeak}
	if r.flat {
		return out, nil
	}
	x, y := "peak_col", "peak_row"
	if t.info.Original {
		x, y = "peak_x", "peak_y"
	}
	for _, v := range []struct {
		name  string
		value int32
	}{{y, r.peak[1]}, {x, r.peak[0]}} {
		if v.value == missing {
			return Row{}, premix.Faultf(premix.BadPeak, "%s: %s is no number", out.Place, v.name)
		}
	}
	out.Peak = premix.Peak{X: int(r.peak[0]), Y: int(r.peak[1])}
	if t.info.Troughs {
		if r.low[0] == missing || r.low[1] == missing {
			return Row{}, premix.Faultf(premix.BadPeak, "%s: its trough is no number", out.Place)
		}
		out.Trough = premix.Peak{X: int(r.low[0]), Y: int(r.low[1])}
	}
	return out, nil
}

func (t *Table) place(r *row) string {
	if t.info.Folder {
		return fmt.Sprintf("line %d of %s", r.line, t.files[r.file])
	}
	return fmt.Sprintf("line %d of the file of peaks", r.line)
}

// A builder takes in the rows of a table.
type builder struct {
	uri   string // of the file at hand
	info  Info
	files []string
	rows  []row
	low   bool // a trough was seen
}

// file takes in a file.
func (b *builder) file(ctx context.Context, uri string) error {
	b.uri = uri
	b.files = append(b.files, blob.Base(uri))
	switch lower := strings.ToLower(uri); {
	case strings.HasSuffix(lower, ".csv"):
		return b.csv(ctx)
	case strings.HasSuffix(lower, ".parquet"):
		return b.parquet(ctx)
	}
	return errorf("%s: a file of peaks is called .csv or .parquet; gray maps are PNGs in a folder", uri)
}

// The columns that a table may have, and their places among the values of a line.
const (
	colName = iota
	colReplica
	colFlat
	colPeakX
	colPeakY
	colLowX
	colLowY
	columns
)

// choose finds the columns of a table among its names, −1 for one that is absent.
func (b *builder) choose(names []string) (at [columns]int, err error) {
	index := map[string]int{}
	for i, n := range names {
		if _, twice := index[n]; twice {
			return at, errorf("%s: there are two columns %s", b.uri, n)
		}
		index[n] = i
	}
	has := func(n string) bool { _, ok := index[n]; return ok }
	crop := []string{"name", "replica", "flat", "peak_col", "peak_row", "trough_col", "trough_row"}
	original := []string{"name", "replica", "flat", "peak_x", "peak_y", "trough_x", "trough_y"}
	words := crop
	switch {
	case (has("peak_row") || has("peak_col")) && (has("peak_x") || has("peak_y")):
		return at, errorf("%s: peaks are given twice, as peak_row and peak_col of the crop and as peak_x and peak_y of the original: keep one pair", b.uri)
	case has("peak_x") || has("peak_y"):
		words = original
	}
	for c, word := range words {
		i, ok := index[word]
		if !ok {
			i = -1
		}
		at[c] = i
	}
	for _, c := range []int{colName, colPeakX, colPeakY} {
		if at[c] < 0 {
			return at, errorf("%s: there is no column %s: give name and peak_row, peak_col (pixels of the crop), or name and peak_x, peak_y (of the original)", b.uri, words[c])
		}
	}
	if (at[colLowX] < 0) != (at[colLowY] < 0) {
		return at, errorf("%s: of %s and %s there is only one", b.uri, words[colLowY], words[colLowX])
	}
	info := b.info
	info.Original, info.Troughs, info.PerReplica = words[colPeakX] == "peak_x", at[colLowX] >= 0, at[colReplica] >= 0
	if len(b.files) > 1 && info != b.info {
		return at, errorf("%s has other columns than %s beside it: all files of a folder must have the same", b.uri, b.files[0])
	}
	b.info = info
	return at, nil
}

// add takes in a row whose numbers were read.
func (b *builder) add(line int64, name string, replica int, flat bool, x, y, lowX, lowY float64) error {
	if len(b.rows) == maxRows {
		return errorf("%s: more than %d rows", b.uri, maxRows)
	}
	if name == "" {
		return errorf("%s:%d: the name is empty", b.uri, line)
	}
	if !b.info.PerReplica {
		replica = -1
	} else if replica < 0 || replica > 999 {
		return errorf("%s:%d: replica %d: they count from 0 to 999", b.uri, line, replica)
	}
	b.info.Later = b.info.Later || replica > 0
	r := row{key: keyOf(name, replica), line: uint32(line), file: uint16(len(b.files) - 1), flat: flat, peak: [2]int32{pixel(x), pixel(y)}, low: [2]int32{pixel(lowX), pixel(lowY)}}
	b.low = b.low || r.low != [2]int32{-1, -1}
	b.rows = append(b.rows, r)
	return nil
}

// pixel is the pixel that a coordinate lies in; a number that no image has stays one.
func pixel(v float64) int32 {
	if math.IsNaN(v) {
		return missing
	}
	return int32(math.Floor(min(max(v, -1<<30), 1<<30)))
}

// finish sorts the rows and looks for two of one image.
func (b *builder) finish() (*Table, error) {
	if len(b.rows) == 0 {
		return nil, errorf("%s: no peaks", b.info.URI)
	}
	b.info.Troughs = b.info.Troughs && b.low
	slices.SortFunc(b.rows, func(x, y row) int { return cmp.Or(x.key.compare(y.key), x.before(y)) })
	b.rows = slices.CompactFunc(b.rows, row.repeats)
	b.info.Entries = int64(len(b.rows))
	first := -1
	for i := 1; i < len(b.rows); i++ {
		if b.rows[i].key == b.rows[i-1].key && (first < 0 || b.rows[i].before(b.rows[first]) < 0) {
			first = i
		}
	}
	t := &Table{info: b.info, files: b.files, rows: b.rows}
	if first >= 0 {
		again, where, help := &b.rows[first], b.info.URI, ""
		if t.info.Folder {
			where = blob.Join(where, t.files[again.file])
			help = " (a peaks cache has two peaks of an image that was changed: fill a new one by premix peaks --cache DIR)"
		}
		return nil, errorf("%s:%d: the image of %s again%s", where, again.line, t.place(&b.rows[first-1]), help)
	}
	return t, nil
}

// repeats says whether another file of the folder says the same of an image: files of the peaks cache may, since
// runs that share it do not wait for each other.
func (r row) repeats(o row) bool {
	return r.key == o.key && r.file != o.file && r.flat == o.flat && r.peak == o.peak && r.low == o.low
}

// before orders rows as they were read.
func (r row) before(o row) int {
	return cmp.Or(cmp.Compare(r.file, o.file), cmp.Compare(r.line, o.line))
}
