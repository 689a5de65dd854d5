package webdataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// maxDepth bounds how deep the values of an object are nested, as encoding/json does.
const maxDepth = 10000

// Fields cuts a JSON object into its fields, as Python reads it: it may begin with a byte order mark and hold NaN,
// Infinity and −Infinity. Values are not looked into: whoever wants one parses it, so that no other can fail. Of
// two fields with one name the last counts.
func Fields(data []byte) (map[string]json.RawMessage, error) {
	c := cutter{rest: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))}
	switch c.space(); {
	case len(c.rest) == 0:
		return nil, errEnd
	case c.rest[0] != '{':
		return nil, errors.New("it is no object")
	}
	c.rest = c.rest[1:]
	fields := map[string]json.RawMessage{}
	for more := !c.is('}'); more; {
		name, err := c.name()
		if err != nil {
			return nil, err
		}
		value, err := c.value()
		if err != nil {
			return nil, err
		}
		fields[name] = value
		if more = c.is(','); !more && !c.is('}') {
			return nil, c.surprise("a comma or the end of the object")
		}
	}
	if c.space(); len(c.rest) > 0 {
		return nil, errors.New("something follows the object")
	}
	return fields, nil
}

var errEnd = errors.New("unexpected end of JSON input")

// A cutter is what is left of a text.
type cutter struct{ rest []byte }

func (c *cutter) space() { c.rest = bytes.TrimLeft(c.rest, " \t\r\n") }

// is takes a character, if it comes next.
func (c *cutter) is(b byte) bool {
	c.space()
	if len(c.rest) == 0 || c.rest[0] != b {
		return false
	}
	c.rest = c.rest[1:]
	return true
}

func (c *cutter) surprise(want string) error {
	if c.space(); len(c.rest) == 0 {
		return errEnd
	}
	return fmt.Errorf("%.20q where %s should be", c.rest, want)
}

// name takes the name of a field, and the colon behind it.
func (c *cutter) name() (name string, err error) {
	if c.space(); len(c.rest) == 0 || c.rest[0] != '"' {
		return "", c.surprise("the name of a field")
	}
	n := text(c.rest)
	if n < 0 {
		return "", errEnd
	}
	if err := json.Unmarshal(c.rest[:n], &name); err != nil {
		return "", fmt.Errorf("the name of a field: %w", err)
	}
	if c.rest = c.rest[n:]; !c.is(':') {
		return "", c.surprise("a colon")
	}
	return name, nil
}

// text is the length of the string that begins p; −1 if it does not end.
func text(p []byte) int {
	for i := 1; i < len(p); i++ {
		switch p[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}

// value takes a value, whatever is in it: to where its brackets are closed, or to the comma or bracket behind it.
func (c *cutter) value() (json.RawMessage, error) {
	c.space()
	var open []byte // the brackets that have to come
	for i := 0; i < len(c.rest); i++ {
		end := i + 1
		switch b := c.rest[i]; b {
		case '"':
			n := text(c.rest[i:])
			if n < 0 {
				return nil, errEnd
			}
			end = i + n
		case '{', '[':
			if open = append(open, b+2); len(open) > maxDepth {
				return nil, fmt.Errorf("values are nested more than %d deep", maxDepth)
			}
		case '}', ']', ',':
			switch {
			case len(open) > 0 && b == ',':
			case len(open) > 0 && b == open[len(open)-1]:
				open = open[:len(open)-1]
			case len(open) == 0 && i > 0 && b != ']':
				return c.take(i), nil
			default:
				return nil, fmt.Errorf("%.20q where a value should be", c.rest[i:])
			}
		case ' ', '\t', '\r', '\n', ':':
			if len(open) == 0 {
				return c.take(i), nil
			}
		}
		i = end - 1
		if len(open) == 0 && (c.rest[i] == '"' || c.rest[i] == '}' || c.rest[i] == ']') {
			return c.take(end), nil
		}
	}
	return nil, errEnd
}

func (c *cutter) take(n int) json.RawMessage {
	value := c.rest[:n]
	c.rest = c.rest[n:]
	return json.RawMessage(value)
}
