package dataset

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/premix/premix/io/blob"
	"github.com/premix/premix/io/shard"
)

// A Float prints as the shortest decimal that reads back, always with a point.
type Float float64

// MarshalJSON implements [json.Marshaler]. NaN and the infinities are errors.
func (f Float) MarshalJSON() ([]byte, error) {
	if f != f || f-f != 0 {
		return nil, fmt.Errorf("dataset: %v is not a JSON number", float64(f))
	}
	return shard.AppendFloat(nil, float64(f)), nil
}

// Encode formats all JSON files of an output. Keys are in the order of the struct, those of a map are
// sorted, and nothing is escaped for HTML. The layout is indented; a list of plain values, or a short
// object of them inside a list, takes one line.
func Encode(v any) ([]byte, error) {
	text, err := appendLaidOut(nil, v, 0, false)
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

// appendLaidOut appends a value as Encode lays it out at some depth of a file.
func appendLaidOut(dst []byte, v any, depth int, inList bool) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, b.Bytes()); err != nil { // a RawMessage keeps its spaces
		return nil, fmt.Errorf("dataset: %w", err)
	}
	l := layout{src: compact.Bytes(), dst: dst}
	l.value(depth, inList)
	return l.dst, nil
}

// layout lays out compact JSON.
type layout struct {
	src, dst []byte
	at       int
}

// oneLine is the greatest length of an object of plain values that stays on one line in a list.
const oneLine = 240

func (l *layout) value(depth int, inList bool) {
	open := l.src[l.at]
	if open != '{' && open != '[' {
		end := l.scalarEnd(l.at)
		l.dst = append(l.dst, l.src[l.at:end]...)
		l.at = end
		return
	}
	end, plain := l.plainEnd()
	broken := !plain || open == '{' && (!inList || end-l.at > oneLine)
	if l.src[l.at+1] == open+2 {
		broken = false
	}
	l.at++
	l.dst = append(l.dst, open)
	for l.src[l.at] != open+2 { // in ASCII the closing bracket is the opening one plus two
		if broken {
			l.newline(depth + 1)
		}
		if open == '{' {
			key := l.scalarEnd(l.at)
			l.dst = append(append(l.dst, l.src[l.at:key]...), ": "...)
			l.at = key + 1
		}
		l.value(depth+1, open == '[')
		if l.src[l.at] == ',' {
			l.at++
			l.dst = append(l.dst, ',')
			if !broken {
				l.dst = append(l.dst, ' ')
			}
		}
	}
	l.at++
	if broken {
		l.newline(depth)
	}
	l.dst = append(l.dst, open+2)
}

func (l *layout) newline(depth int) {
	l.dst = append(l.dst, '\n')
	for range depth {
		l.dst = append(l.dst, ' ', ' ')
	}
}

// scalarEnd returns the end of the string, number or word at i.
func (l *layout) scalarEnd(i int) int {
	if l.src[i] != '"' {
		for i < len(l.src) && bytes.IndexByte([]byte(",]}"), l.src[i]) < 0 {
			i++
		}
		return i
	}
	for i++; l.src[i] != '"'; i++ {
		if l.src[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// plainEnd returns the end of the list or object at l.at, and whether it contains no other.
func (l *layout) plainEnd() (end int, plain bool) {
	for i := l.at + 1; i < len(l.src); {
		switch l.src[i] {
		case '{', '[':
			return 0, false
		case '}', ']':
			return i + 1, true
		case ',', ':':
			i++
		case '"':
			i = l.scalarEnd(i)
		default:
			for bytes.IndexByte([]byte(",:]}"), l.src[i]) < 0 {
				i++
			}
		}
	}
	return len(l.src), true
}

// readJSON reads a JSON file of the output into v, and checks its schema, a field of v. It ignores
// unknown fields.
func readJSON(ctx context.Context, uri string, limit int64, v any, schema *int) error {
	data, err := blob.ReadAll(ctx, uri, limit)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("dataset: %s: %w", uri, err)
	}
	return checkSchema(uri, *schema)
}
