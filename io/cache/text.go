package cache

import (
	"strings"
	"unicode/utf8"
)

// The runes that stand for single bytes 0x80 … 0xff.
const (
	byteRune  = 0xef00
	firstRune = byteRune + 0x80
	lastRune  = byteRune + 0xff
)

// toText returns bytes as valid UTF-8, so that fromText gives them back: each byte that is not
// UTF-8 becomes a rune, and so does each byte of what looks like such a rune.
func toText(s string) string {
	if utf8.ValidString(s) && !hasByteRune(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || firstRune <= r && r <= lastRune {
			for _, c := range []byte(s[i : i+n]) {
				b.WriteRune(byteRune + rune(c))
			}
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// fromText is the inverse of toText.
func fromText(s string) string {
	if !hasByteRune(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if firstRune <= r && r <= lastRune {
			b.WriteByte(byte(r - byteRune))
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

func hasByteRune(s string) bool {
	// All of them start with the bytes EE BE or EE BF, U+EF80 … U+EFFF.
	for i := strings.IndexByte(s, 0xee); i >= 0 && i+1 < len(s); {
		if c := s[i+1]; c == 0xbe || c == 0xbf {
			return true
		}
		next := strings.IndexByte(s[i+1:], 0xee)
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}
