// Package printable makes names from outside safe in messages: names of files, classes, members of archives
// and keys, and texts that quote them. A terminal obeys control characters, and those that reorder or
// hide a text mislead its reader.
//
// [Name] is for one name, [Sprintf] and [Errorf] for a message with names in it, and [Text] for a message
// that somebody else made. [Writer] is the last line of defence: all that the command prints passes
// through one.
package printable

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longest is how many bytes of a name a message shows. maxArg is that of an argument of Sprintf, which may
// be a list of names.
const (
	longest = 500
	maxArg  = 2 * longest
)

// Name returns a name as a message shows it. Control characters, line breaks, characters that are not seen
// or that change the direction of the text, and bytes that are not UTF-8 become escapes as in Go (\x1b, \n,
// \u202e, \x9b). A name of more than 500 bytes is cut in the middle, with its length. All other names are
// returned as they are.
func Name(s string) string { return shorten(s, longest) }

// Line is Name for a text of any length.
func Line(s string) string { return escape(s, false) }

// Text is Line for a text whose line breaks stay.
func Text(s string) string { return escape(s, true) }

func shorten(s string, most int) string {
	if len(s) <= most {
		return escape(s, false)
	}
	head, tail := cut(s, most)
	return fmt.Sprintf("%s…%s (%d bytes)", escape(head, false), escape(tail, false), len(s))
}

// cut returns the beginning and the end of a string, most bytes together, without breaking a character.
func cut(s string, most int) (head, tail string) {
	from, to := most/2, len(s)-most/2
	for from > most/2-utf8.UTFMax && !utf8.RuneStart(s[from]) {
		from--
	}
	for to < len(s)-most/2+utf8.UTFMax && !utf8.RuneStart(s[to]) {
		to++
	}
	return s[:from], s[to:]
}

func escape(s string, lines bool) string {
	if isPlain(s, lines) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case isOdd(r, lines):
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// isPlain reports whether nothing in s has to be escaped.
func isPlain(s string, lines bool) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return isOdd(r, lines) })
}

// isOdd reports whether a character is escaped: those of the categories control and format, and the
// separators of lines and paragraphs. A few of the category format are seen, as the Arabic number sign is.
func isOdd(r rune, lines bool) bool {
	if r >= ' ' && r <= '~' || r == '\n' && lines {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}
