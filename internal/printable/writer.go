package printable

import (
	"io"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// A Writer passes on a text with its characters escaped as by [Text], or, of JSON, as JSON does. It may be
// used by several goroutines. A character may be split over several calls of Write; Flush writes what is
// left of one.
type Writer struct {
	w       io.Writer
	json    bool
	mu      sync.Mutex
	pending []byte // the beginning of a character
}

// NewWriter returns a writer of text for people.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// NewJSONWriter returns a writer of JSON. What it changes reads back as the same values.
func NewJSONWriter(w io.Writer) *Writer { return &Writer{w: w, json: true} }

func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := append(w.pending, p...)
	whole := len(text)
	for i := 1; i < utf8.UTFMax && i <= len(text); i++ {
		if last := text[len(text)-i:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				whole -= i
			}
			break
		}
	}
	w.pending = append([]byte(nil), text[whole:]...)
	if err := w.pass(string(text[:whole])); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes the bytes of a character that was not completed.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := string(w.pending)
	w.pending = nil
	return w.pass(text)
}

func (w *Writer) pass(s string) error {
	if s == "" {
		return nil
	}
	if w.json {
		s = JSON(s)
	} else {
		s = Text(s)
	}
	_, err := io.WriteString(w.w, s)
	return err
}

// JSON returns JSON with escapes for the characters that encoding/json leaves as they are. The values stay
// the same.
func JSON(s string) string {
	if isPlain(s, true) {
		return s
	}
	var b []byte
	for _, r := range s {
		switch {
		case !isOdd(r, true) || r == '\t': // a tab can only stand between values
			b = utf8.AppendRune(b, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = appendHex(appendHex(b, high), low)
		default:
			b = appendHex(b, r)
		}
	}
	return string(b)
}

func appendHex(b []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}
