package main

import (
	"bytes"
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/premix/premix/internal/osfile"
)

// A screen is a terminal with messages, and below them the line of progress.
//
// The cursor waits at the beginning of that line. When a window gets narrower, terminals break what is in it
// into several rows, and the cursor stays with the first character; so erasing from there to the end of the
// screen removes the line in any case. Libraries leave the cursor after the line or below it, and what was
// broken stays.
type screen struct {
	mu   sync.Mutex
	to   *os.File
	line bool // a line of progress is there
	open bool // the last message lacks its end
	over bool // no line comes any more
}

// newScreen returns the screen that a file is, nil if it is none.
func newScreen(f *os.File) *screen {
	if !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" || !osfile.Escapes(f) {
		return nil
	}
	return &screen{to: f}
}

// erase removes what is on the screen from the row of the cursor on.
const erase = "\r\x1b[J"

// A line that has become too long, because the window got narrower just now, is cut and takes no second row.
const wrapOff, wrapOn = "\x1b[?7l", "\x1b[?7h"

// Write writes a message. The line of progress comes back with its next frame.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.clear(); err != nil || len(p) == 0 {
		return 0, err
	}
	s.open = p[len(p)-1] != '\n'
	return s.to.Write(p)
}

// close removes the line of progress, for good.
func (s *screen) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.clear()
}

func (s *screen) clear() error {
	if !s.line {
		return nil
	}
	s.line = false
	_, err := io.WriteString(s.to, erase)
	return err
}

// draw replaces the line of progress.
func (s *screen) draw(line string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open || s.over {
		return nil
	}
	if line == "" {
		return s.clear()
	}
	before := "\r"
	if s.line {
		before = erase
	}
	s.line = true
	_, err := io.WriteString(s.to, before+wrapOff+line+wrapOn+"\r")
	return err
}

// frames is the screen as mpb writes to it: pieces of a frame, then Flush.
type frames struct {
	bytes.Buffer
	screen *screen
}

// IsTerminal lets mpb draw.
func (f *frames) IsTerminal() bool { return true }

// GetTermSize is asked before each frame. The last column stays free: some terminals begin another row as soon as
// it is taken.
func (f *frames) GetTermSize() (width, height int, err error) {
	width, height, err = term.GetSize(int(f.screen.to.Fd()))
	if err != nil || width < 2 || height < 1 {
		return 79, 24, nil // a terminal that does not say
	}
	return width - 1, height, nil
}

// Flush ends a frame of one line, or of none.
func (f *frames) Flush(int) error {
	line := string(bytes.TrimRight(f.Bytes(), "\n"))
	f.Reset()
	return f.screen.draw(line)
}
