package main

import (
	"strings"
	"sync"
)

// A vt is what a terminal makes of bytes, as far as premix needs one: it wraps lines, and wraps them anew when its
// width changes, as most terminals do; the cursor stays with its character.
type vt struct {
	sync.Mutex
	width    int
	lines    [][]rune // not wrapped
	row, col int      // of the cursor in lines
	behind   bool     // the last column was taken: the next character begins another row
	noWrap   bool
	hidden   bool // the cursor
	frames   int  // lines of progress that were drawn
	escape   string
	unknown  []string // sequences that this terminal does not know
}

func newVT(width int) *vt { return &vt{width: width, lines: [][]rune{nil}} }

// Write implements io.Writer.
func (v *vt) Write(p []byte) (int, error) {
	v.Lock()
	defer v.Unlock()
	for _, r := range string(p) { // what is printed here is ASCII, but for the text between
		switch {
		case v.escape != "":
			v.escape += string(r)
			if r != '[' && (r >= '@' && r <= '~' || len(v.escape) == 2) {
				v.obey(v.escape)
				v.escape = ""
			}
		case r == '\x1b':
			v.escape = string(r)
		case r == '\r':
			v.stay()
			v.col -= v.col % v.width
		case r == '\n':
			v.lineFeed()
		case r >= ' ':
			v.put(r)
		default:
			v.unknown = append(v.unknown, string(r))
		}
	}
	return len(p), nil
}

func (v *vt) put(r rune) {
	if v.noWrap {
		v.stay()
	}
	v.behind = false
	line := v.lines[v.row]
	for len(line) <= v.col {
		line = append(line, ' ')
	}
	line[v.col] = r
	v.lines[v.row] = line
	v.col++
	v.behind = v.col%v.width == 0
}

// stay keeps the cursor in its row where it is behind the last column.
func (v *vt) stay() {
	if v.behind {
		v.col--
	}
	v.behind = false
}

func (v *vt) lineFeed() {
	v.stay()
	at := v.col % v.width
	if v.col+v.width-at < len(v.lines[v.row]) {
		v.col += v.width // into the next row of a wrapped line
		return
	}
	v.row, v.col = v.row+1, at
	if v.row == len(v.lines) {
		v.lines = append(v.lines, nil)
	}
}

func (v *vt) obey(sequence string) {
	switch sequence {
	case "\x1b[J":
		v.lines = v.lines[:v.row+1]
		v.lines[v.row] = v.lines[v.row][:min(v.col, len(v.lines[v.row]))]
	case "\x1b[?7l":
		v.noWrap = true
	case "\x1b[?7h":
		v.noWrap = false
		v.frames++
	case "\x1b[?25l":
		v.hidden = true
	case "\x1b[?25h":
		v.hidden = false
	default:
		v.unknown = append(v.unknown, sequence)
	}
}

// resize changes the width.
func (v *vt) resize(width int) {
	v.Lock()
	defer v.Unlock()
	v.width = width
}

// text returns the lines that are not empty, and the one with the cursor.
func (v *vt) text() (lines []string, current string) {
	v.Lock()
	defer v.Unlock()
	for _, l := range v.lines {
		if s := strings.TrimRight(string(l), " "); s != "" {
			lines = append(lines, s)
		}
	}
	return lines, strings.TrimRight(string(v.lines[v.row]), " ")
}

// drawn is the number of lines of progress so far.
func (v *vt) drawn() int {
	v.Lock()
	defer v.Unlock()
	return v.frames
}
