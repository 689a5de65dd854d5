package printable

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// Shell is a command line that a POSIX shell takes apart into these words. What [Line] would escape is written as
// $'\012', which bash, zsh, ksh and POSIX of 2024 read, so that nothing of it changes on its way to a terminal.
func Shell(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		switch {
		case plainWord.MatchString(w):
		case isPlain(w, false):
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		default:
			w = dollarQuoted(w)
		}
		quoted[i] = w
	}
	return strings.Join(quoted, " ")
}

// dollarQuoted is a word in $'…'. Escapes are octal, of three digits, since shells differ in how many digits of \x
// they read.
func dollarQuoted(w string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := 0; i < len(w); {
		r, size := utf8.DecodeRuneInString(w[i:])
		switch {
		case r == '\'' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == utf8.RuneError && size == 1, isOdd(r, false):
			for _, c := range []byte(w[i : i+size]) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		default:
			b.WriteString(w[i : i+size])
		}
		i += size
	}
	return b.String() + "'"
}
