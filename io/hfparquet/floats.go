package hfparquet

import (
	"bytes"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// floatPage is a page of a list of floats: the values of all its rows, of which nulls are left
// out, and the repetition levels, of which 0 begins a row.
type floatPage struct {
	values   []float32
	null     []bool // as long as the levels; nil if the page was taken whole
	repeated []byte
	at, next int // into the levels, into the values
}

// floats appends the values of the next row of a list to dst, as list does it with values of any
// kind. A dense label has a thousand of them, so they are taken a page at a time: one by one they
// would cost more than the image of the row. An error in a page is that of the first row in it.
func (c *cursor) floats(dst []float32) ([]float32, error) {
	p := &c.float
	for begun := false; ; begun = true {
		if p.at == len(p.repeated) {
			switch err := c.nextFloats(); {
			case err == io.EOF && begun:
				return dst, nil
			case err == io.EOF:
				return dst, formatError("column %s ends before the others", c.name)
			case err != nil:
				return dst, err
			}
		}
		end := p.at
		if !begun {
			end++ // whatever its level, a value begins the first row
		}
		if n := bytes.IndexByte(p.repeated[end:], 0); n >= 0 {
			end += n
		} else {
			end = len(p.repeated)
		}
		n := end - p.at
		if p.null != nil {
			for _, null := range p.null[p.at:end] {
				if null {
					n--
				}
			}
		}
		dst = append(dst, p.values[p.next:p.next+n]...)
		p.at, p.next = end, p.next+n
		if end < len(p.repeated) {
			return dst, nil
		}
	}
}

// nextFloats takes the next page that has values, or returns io.EOF after the last.
func (c *cursor) nextFloats() error {
	for {
		page, err := c.pages.ReadPage()
		if err != nil {
			return err
		}
		err = c.float.take(page)
		parquet.Release(page)
		if err != nil {
			return err
		}
		if len(c.float.repeated) > 0 {
			return nil
		}
	}
}

func (p *floatPage) take(page parquet.Page) error {
	p.values, p.repeated, p.null, p.at, p.next = p.values[:0], p.repeated[:0], nil, 0, 0
	if plain, ok := flatFloats(page, p.values); ok {
		p.values = plain
		p.repeated = append(p.repeated, page.RepetitionLevels()...)
		return nil
	}
	values := page.Values()
	var buf [64]parquet.Value
	for {
		n, err := values.ReadValues(buf[:])
		for i := range buf[:n] {
			v := &buf[i]
			p.repeated = append(p.repeated, byte(v.RepetitionLevel()))
			p.null = append(p.null, v.IsNull())
			switch {
			case v.IsNull():
			case v.Kind() == parquet.Float:
				p.values = append(p.values, v.Float())
			default:
				return fmt.Errorf("holds %v, want floats", v.Kind())
			}
		}
		switch {
		case err != nil && err != io.EOF:
			return err
		case n == 0:
			return nil
		}
	}
}

// flatFloats appends the values of a page that has as many as levels: no null and no empty list.
// It reports false if the page is not of that kind.
func flatFloats(page parquet.Page, dst []float32) ([]float32, bool) {
	n := len(page.RepetitionLevels())
	if n == 0 || len(page.DefinitionLevels()) != n || page.NumNulls() != 0 {
		return dst, false
	}
	data := page.Data()
	dict := page.Dictionary()
	if dict == nil {
		if page.Type().Kind() != parquet.Float || data.Size() != 4*int64(n) {
			return dst, false
		}
		return append(dst, data.Float()...), true
	}
	if dict.Type().Kind() != parquet.Float || data.Size() != 4*int64(n) {
		return dst, false
	}
	words := dict.Page().Data()
	table := words.Float()
	for _, pick := range data.Int32() {
		if uint(pick) >= uint(len(table)) {
			return dst[:0], false // the decoder says why
		}
		dst = append(dst, table[pick])
	}
	return dst, true
}
